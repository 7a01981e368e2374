"""croissant.json says of every column what the table of columns says."""

from __future__ import annotations

import json
from pathlib import Path

from drystone.release import columns
from drystone.release.documents.croissant import croissant
from drystone.release.inspection.stats import stats
from drystone.release.read import open_release


def test_every_column_is_described_by_its_meaning(sample_release: Path) -> None:
    described = json.loads((sample_release / "croissant.json").read_text())
    meanings = {column.name: column for column in columns.DATA}
    (records,) = described["recordSet"]  # once for all languages
    fields = {field["name"]: field["description"] for field in records["field"]}
    assert set(meanings) - set(fields) == {"license_evidence", "redactions"}  # structs have no field in Croissant
    for name, description in fields.items():
        assert description.startswith(meanings[name].meaning)
        assert ("The Stack v2" in description.removeprefix(meanings[name].meaning)) == meanings[name].stack_v2


def test_it_follows_from_manifest_and_counts_alone(sample_release: Path) -> None:
    release = open_release(sample_release)
    text = "".join(croissant(release.manifest, stats(release)))
    assert text == (sample_release / "croissant.json").read_text()
    files = {each["contentUrl"]: each["sha256"] for each in json.loads(text)["distribution"] if "contentUrl" in each}
    assert files == {entry.place: entry.sha256 for entry in release.manifest.files}
