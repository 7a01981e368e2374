from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from drystone.errors import MissingExtraError, ReleaseError
from drystone.release.read import open_release
from drystone.release.schema import DATA, LEDGER, REPOSITORIES
from tests.release.sample import SPECIAL, sample_rows


def test_rows_come_back_as_they_were_given(sample_release: Path) -> None:
    release = open_release(str(sample_release))
    expected = {row.swhid: row.text for row in sample_rows() if row.dropped is None}
    assert {row["swhid"]: row["content"] for row in release.files()} == expected
    assert expected["swh:1:cnt:" + next(r.sha1 for r in sample_rows() if "emoji " in r.path)] == (
        SPECIAL["/emoji \U0001f600.py"].decode()
    )
    assert release.languages == ["C++", "F*", "Markdown", "Python", "TOML", "Text"]
    assert all(table.schema == DATA for table in release.data())
    assert all(table.schema == LEDGER for table in release.ledger())
    assert all(table.schema == REPOSITORIES for table in release.repositories())
    assert sum(table.num_rows for table in release.ledger()) == release.manifest.counts.occurrences
    assert len(release.root) == 64


def test_languages_and_columns(sample_release: Path) -> None:
    release = open_release(sample_release)
    (table,) = release.data("F*", columns=["content", "path"])
    assert table.schema.names == ["content", "path"]
    assert sorted(table["path"].to_pylist()) == ["/other.m", "/star.m"]
    for call in (release.data, release.dataset, release.daft):
        with pytest.raises(
            ReleaseError, match=r"no files of language 'Pyton' in this release; did you mean 'Python'\?"
        ):
            call("Pyton")
        with pytest.raises(ReleaseError, match=r"no files of language 'Cobol\\x1b' .* languages: C\+\+, F\*"):
            call("Cobol\x1b")
    with pytest.raises(ReleaseError, match="no column nothing; columns: blob_id"):
        release.data(columns=["nothing"])
    with pytest.raises(ReleaseError, match="no column content"):
        release.ledger(columns=["content"])


def test_a_dataset_filters(sample_release: Path) -> None:
    release = open_release(sample_release)
    found = release.dataset("Python").to_table(columns=["path"], filter=pc.field("is_test"))
    assert all("test" in path for path in found["path"].to_pylist())
    assert release.dataset().count_rows() == release.manifest.counts.kept


def test_a_daft_frame(sample_release: Path) -> None:
    release = open_release(sample_release)
    frame = release.daft("Python").select("swhid", "content")
    expected = {row["swhid"]: row["content"] for row in release.files("Python", ["swhid", "content"])}
    rows = frame.to_pydict()
    assert dict(zip(rows["swhid"], rows["content"], strict=True)) == expected


def test_a_frame_without_daft_names_the_extra(sample_release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "daft", None)
    with pytest.raises(MissingExtraError, match=r"drystone\[frames\]"):
        open_release(sample_release).daft()


def test_damage_is_a_clear_error(release_copy: Path) -> None:
    release = open_release(release_copy)
    entry = release.manifest.languages["TOML"][0]
    path = release_copy / entry.path
    raw = bytearray(path.read_bytes())
    raw[10 : len(raw) // 3] = b"\x00" * (len(raw) // 3 - 10)
    path.write_bytes(raw)
    with pytest.raises(ReleaseError, match="after row 0"):
        list(release.data("TOML"))
    path.write_bytes(b"no parquet")
    with pytest.raises(ReleaseError, match="is not a readable Parquet file"):
        list(release.data("TOML"))
    pq.write_table(pa.table({"x": [1]}), path)
    with pytest.raises(ReleaseError, match="has other columns than this format: missing blob_id"):
        list(release.data("TOML"))
    with pytest.raises(ReleaseError, match="other columns"):
        release.dataset("TOML")
    path.unlink()
    with pytest.raises(ReleaseError, match=r"is missing\. Fetch the release again"):
        list(release.data("TOML"))


def test_reading_holds_a_part_at_a_time(sample_release: Path) -> None:
    first = next(iter(open_release(sample_release).data("Python")))
    assert first.num_rows < 2049


def test_a_release_that_another_program_wrote_again_is_read(release_copy: Path) -> None:
    polars = pytest.importorskip("polars", reason="polars is a dev extra")
    release = open_release(release_copy)
    before = list(release.files())
    for entry in release.manifest.files:
        polars.read_parquet(release_copy / entry.path).write_parquet(release_copy / entry.path)
    assert list(release.files()) == before


def test_a_step_goes_before_every_table_and_can_end_the_reading(sample_release: Path) -> None:
    class EnoughError(Exception):
        pass

    taken: list[int] = []

    def step() -> None:
        taken.append(1)
        if len(taken) == 2:
            raise EnoughError

    release = replace(open_release(sample_release), step=step)
    assert release == open_release(sample_release)
    tables = release.data()
    next(tables)
    with pytest.raises(EnoughError):
        list(tables)
