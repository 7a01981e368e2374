"""A reader's ML-BOM and SPDX document: software of another hand accepts them, and nothing in them is invented."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

import drystone
from drystone.catalog.papers import PaperForm
from drystone.errors import UsageError


def made(reader: Path, form: PaperForm, *, bare: bool) -> tuple[Any, set[str]]:
    if bare:
        (reader / "training.json").unlink()
        (reader / "README.md").write_text("---\npipeline_tag: question-answering\n---\n")
        (reader / "config.json").write_text("{}")
    paper = drystone.make_paper(reader, form)
    return json.loads(paper.text), {one.field for one in paper.left_open}


@pytest.mark.parametrize("bare", [False, True])
def test_the_schema_of_cyclonedx_accepts_it(reader: Path, bare: bool) -> None:
    validation = pytest.importorskip("cyclonedx.validation.json", reason="a dev extra")
    schema = pytest.importorskip("cyclonedx.schema")
    found, left = made(reader, "cyclonedx", bare=bare)
    assert validation.JsonStrictValidator(schema.SchemaVersion.V1_6).validate_str(json.dumps(found)) is None
    component = found["metadata"]["component"]
    assert ("licenses" in component) is not bare
    assert ("licenses" in left) is bare
    card = component["modelCard"]
    assert {"authors, manufacturer, supplier", "modelCard.considerations.users"} <= left
    if bare:
        assert "modelArchitecture" not in card["modelParameters"]
        assert {"components (what it was made from)", "modelCard.modelParameters.datasets"} <= left
        assert not found.get("components")
    else:
        assert card["modelParameters"]["modelArchitecture"] == "bert"
        assert [one["value"] for one in card["quantitativeAnalysis"]["performanceMetrics"]] == ["81.2%"]
        licenses = {one["name"]: one.get("licenses") for one in found["components"]}
        assert licenses == {
            "base": None,
            "squad": [{"expression": "CC-BY-SA-4.0"}],
            "own": [{"license": {"name": "see its makers"}}],
        }


@pytest.mark.parametrize("bare", [False, True])
def test_the_model_of_spdx_accepts_it(reader: Path, bare: bool) -> None:
    model = pytest.importorskip("spdx_python_model", reason="a dev extra").v3_0_1
    graph, left = made(reader, "spdx", bare=bare)
    found = model.SHACLObjectSet()
    model.JSONLDDeserializer().read(io.BytesIO(json.dumps(graph).encode()), found)
    assert not found.missing_ids
    model.JSONLDSerializer().write(found, io.BytesIO())  # what must be there and is not raises
    every = graph["@graph"]
    (package,) = (one for one in every if one["type"] == "ai_AIPackage" and one["name"] == reader.name)
    related = {one["relationshipType"] for one in every if one.get("from") == package["spdxId"]}
    assert ("trainedOn" in related) is not bare
    assert ("informationAboutTraining" in left) is bare
    assert {"energyConsumption", "suppliedBy, originatedBy"} <= left
    assert package["ai_useSensitivePersonalInformation"] == "noAssertion"


def test_what_describes_datasets_is_made_of_none(reader: Path) -> None:
    with pytest.raises(UsageError, match=r"eu describes datasets; of a reader there are: spdx, cyclonedx, card"):
        drystone.make_paper(reader, "eu")
    assert drystone.make_paper(reader, "card").text == (reader / "README.md").read_text()
