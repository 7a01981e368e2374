"""Annotations: one for each blob, and why there is none of a text; one row for each of its names."""

from __future__ import annotations

from pathlib import Path

from drystone.building.stages import annotate
from drystone.building.stages.contents import Contents
from drystone.building.stages.tables import ANNOTATIONS, NAMES
from drystone.work.ranges import id_range
from drystone.work.store import Stage
from tests.building.stages.conftest import METHOD, SCREENS, SECRETS, Line, rows_of


def by_name(line: Line) -> dict[str, dict[str, object]]:
    names = {row["id"]: name for row in rows_of(*line.blobs) for name in row["names"]}
    return {names[row["id"]]: row for row in rows_of(*line.annotations)}


def test_every_blob_has_one_annotation_and_every_name_one_row(line: Line) -> None:
    blobs = rows_of(*line.blobs)
    found = rows_of(*line.annotations)
    assert sorted(row["id"] for row in found) == sorted(row["id"] for row in blobs)
    assert list(found[0]) == ANNOTATIONS.names
    texts = {row["id"] for row in found if row["excluded"] is None}
    named = rows_of(*line.names)
    assert {(row["id"], row["name"]) for row in named} == {
        (row["id"], name) for row in blobs if row["id"] in texts for name in row["names"]
    }
    assert list(named[0]) == NAMES.names


def test_what_is_no_text_says_why_and_nothing_else(line: Line) -> None:
    for name in ("blob.bin", "nul.c"):
        row = by_name(line)[name]
        assert row["excluded"] == "binary"
        assert row["excluded_evidence"]
        assert row["num_lines"] is None
        assert row["signature"] is None


def test_encodings_notebooks_and_secrets_are_found(line: Line) -> None:
    found = by_name(line)
    assert found["wide.py"]["encoding"] == "UTF-16LE" or str(found["wide.py"]["encoding"]).startswith("UTF-16")
    assert found["sketch.ipynb"]["notebook"]
    spans = found["contact.py"]["secrets"]
    assert isinstance(spans, list)
    assert [span["kind"] for span in spans] == ["email"]
    assert found["stack.py"]["secrets"] is None
    assert found["empty.py"]["num_lines"] == 0


def test_licences_are_read_in_files_of_the_tree_and_in_heads_of_files(line: Line) -> None:
    found = by_name(line)
    assert '"MIT"' in str(found["LICENSE"]["license"])
    assert "GPL-3.0-or-later" in str(found["copyleft.py"]["header"])
    assert found["stack.py"]["license"] is None


def test_batches_do_not_show(line: Line, tmp_path: Path, monkeypatch: object) -> None:
    assert hasattr(monkeypatch, "setattr")
    monkeypatch.setattr(annotate, "_BATCH_BLOBS", 2)
    annotate.run(Stage(tmp_path), "a", line.blobs, line.contents, 0, id_range(0, 1), SECRETS, METHOD, False, SCREENS)
    assert rows_of(tmp_path / "a.parquet") == rows_of(line.annotations[0])
    assert rows_of(tmp_path / "a.names.parquet") == rows_of(line.names[0])


def test_a_blob_that_cannot_be_read_is_damaged_and_does_not_hide_its_neighbours(line: Line, tmp_path: Path) -> None:
    """The repository is gone: nothing of it can be read any more, and each blob says so."""
    import pyarrow.parquet as pq

    from drystone.building.stages.tables import BLOBS

    blobs = pq.read_table(line.blobs[0])
    table = blobs.filter([row["partition"] == 0 for row in blobs.to_pylist()])
    ids = table.column("id").to_pylist()
    lost = table.set_column(0, BLOBS.field("id"), [[bytes(20), *ids[1:]]])
    pq.write_table(lost, tmp_path / "blobs.parquet")
    contents = Contents(line.contents.packs, line.contents.sources, line.contents.cache, line.contents.limits)
    where = id_range(0, 1)
    annotate.run(
        Stage(tmp_path), "a", [tmp_path / "blobs.parquet"], contents, 0, where, SECRETS, METHOD, False, SCREENS
    )
    found = {row["id"]: row["excluded"] for row in rows_of(tmp_path / "a.parquet")}
    assert found[bytes(20)] == "damaged"
    assert [id_ for id_, excluded in found.items() if excluded == "damaged"] == [bytes(20)]
