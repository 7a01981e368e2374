"""The ML-BOM: its schema accepts it, and it counts what the release counts."""

from __future__ import annotations

import json

import pytest

from drystone.catalog.papers.making import make_paper
from drystone.release.read import Release


@pytest.mark.parametrize("which", ["told", "bare"])
def test_the_schema_of_cyclonedx_accepts_it(which: str, request: pytest.FixtureRequest) -> None:
    validation = pytest.importorskip("cyclonedx.validation.json", reason="a dev extra")
    schema = pytest.importorskip("cyclonedx.schema")
    text = make_paper(request.getfixturevalue(which), "cyclonedx", "2026-11-30").text
    assert validation.JsonStrictValidator(schema.SchemaVersion.V1_6).validate_str(text) is None


def test_the_ml_bom_counts_what_the_release_counts(told: Release) -> None:
    bom = json.loads(make_paper(told, "cyclonedx", "2026-11-30").text)
    component = bom["metadata"]["component"]
    said = {one["name"]: one["value"] for one in component["properties"]}
    assert said["drystone:files"] == str(told.manifest.counts.kept)
    assert said["drystone:repositoriesOptedOut"] == "2"
    assert component["hashes"] == [{"alg": "SHA-256", "content": told.root}]
    assert (component["group"], component["supplier"]["name"]) == ("stones", "stones")
    assert any(one.startswith("key: 1 ") for one in component["data"][0]["sensitiveData"])
    assert [one["name"] for one in bom["components"]] == ["own/special"]
