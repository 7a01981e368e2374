"""SPDX 3: its model accepts it, and it says what the release says."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from drystone.catalog.papers.making import make_paper
from drystone.release.read import Release
from tests.catalog.papers.conftest import URL


def spdx(release: Release) -> list[dict[str, Any]]:
    return list(json.loads(make_paper(release, "spdx", "2026-11-30").text)["@graph"])


@pytest.mark.parametrize("which", ["told", "bare"])
def test_the_model_of_spdx_accepts_it(which: str, request: pytest.FixtureRequest) -> None:
    model = pytest.importorskip("spdx_python_model", reason="a dev extra").v3_0_1
    release = request.getfixturevalue(which)
    found = model.SHACLObjectSet()
    text = make_paper(release, "spdx", "2026-11-30").text.encode()
    model.JSONLDDeserializer().read(io.BytesIO(text), found)  # unknown types, properties and values raise
    assert not found.missing_ids
    model.JSONLDSerializer().write(found, io.BytesIO())  # what must be there and is not raises
    (package,) = found.foreach_type("dataset_DatasetPackage")
    assert package.name == "Sample stones"


def test_spdx_names_licences_files_and_repositories(told: Release) -> None:
    graph = spdx(told)
    (package,) = (one for one in graph if one["type"] == "dataset_DatasetPackage")
    assert package["software_downloadLocation"] == URL
    assert package["dataset_datasetSize"] == told.manifest.counts.kept
    expressions = {one["spdxId"]: one["simplelicensing_licenseExpression"] for one in graph if "License" in one["type"]}
    of_release = {
        one["relationshipType"]: one["to"] for one in graph if one.get("from") == package["spdxId"] and "to" in one
    }
    assert [expressions[one] for one in of_release["hasDeclaredLicense"]] == [told.manifest.facts.license]
    # A kept file has no licence: nobody concludes one for the whole.
    assert of_release["hasConcludedLicense"] == ["expandedlicensing_NoAssertionLicense"]
    files = {one["name"]: one["verifiedUsing"][0]["hashValue"] for one in graph if one["type"] == "software_File"}
    assert files == {entry.place: entry.sha256 for entry in told.manifest.files}
    assert len(of_release["descendantOf"]) == told.manifest.counts.repositories
