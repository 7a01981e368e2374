"""An annotation as plain data."""

from __future__ import annotations

import json

import pytest

from drystone.detect.licenses import LicenseAnnotation, detect_file
from drystone.detect.licenses.matching.references import facts


def test_annotation_survives_json() -> None:
    found = detect_file(facts()["Apache-2.0"]["text"].encode() + b"\nCopyright 2020 Zo\xc3\xab", "LICENSE")
    assert LicenseAnnotation.from_json(found.to_json()) == found
    assert json.loads(found.evidence_json())[0]["expression"] == "Apache-2.0"
    for wrong in ("", "[]", "{}", '{"x": 1}', "null"):
        with pytest.raises(ValueError, match="not a licence annotation"):
            LicenseAnnotation.from_json(wrong)
