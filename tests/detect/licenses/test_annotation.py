"""An annotation as plain data."""

from __future__ import annotations

import json

import pytest

from drystone.detect.licenses import Evidence, LicenseAnnotation, LicenseState, detect_file
from drystone.detect.licenses.matching.references import facts


def test_annotation_survives_json() -> None:
    found = detect_file(facts()["Apache-2.0"]["text"].encode() + b"\nCopyright 2020 Zo\xc3\xab", "LICENSE")
    assert LicenseAnnotation.from_json(found.to_json()) == found
    assert json.loads(found.evidence_json())[0]["expression"] == "Apache-2.0"
    for wrong in ("", "[]", "{}", '{"x": 1}', "null"):
        with pytest.raises(ValueError, match="not a licence annotation"):
            LicenseAnnotation.from_json(wrong)


def test_the_four_states_survive_json() -> None:
    why = Evidence("", 3, 4, "denied:no redistribution", 0.9)
    states = {
        LicenseState.GRANTED: LicenseAnnotation("MIT", "text"),
        LicenseState.DENIED: LicenseAnnotation(None, "text", (why,), denied=True),
        LicenseState.NOT_UNDERSTOOD: LicenseAnnotation(None, "text", unanswered=True),
        LicenseState.ABSENT: LicenseAnnotation(None, "text"),
    }
    for state, annotation in states.items():
        assert annotation.state is state
        assert LicenseAnnotation.from_json(annotation.to_json()) == annotation
    denied = states[LicenseState.DENIED]
    assert denied.grounds == (why,)
    assert denied.cause == "denied"
    assert json.loads(denied.evidence_json())[0]["expression"] is None
