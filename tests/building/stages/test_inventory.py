"""What an inventory lists: every entry once, in order, with where its bytes lie; and what is out stays unread."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from drystone.building.settings import sources_from_arguments
from drystone.building.stages import inventory
from drystone.building.stages.snapshots import save
from drystone.building.stages.tables import DIRECTORIES, OCCURRENCES
from drystone.registry import OptOuts
from drystone.sources.base import Limits, Readable
from drystone.work.store import Stage
from tests.building.stages.conftest import Line, rows_of


def test_every_entry_is_listed_in_the_order_of_ids(line: Line) -> None:
    for at, file in enumerate(line.listed):
        rows = rows_of(file)
        keys = [(row["id"], row["repository"], row["path"], row["entry"]) for row in rows]
        assert keys == sorted(keys)
        assert list(rows[0]) == OCCURRENCES.names
        assert len(rows) == line.summaries["inventory"][at]["occurrences"]
    walls = {row["path"]: row for row in rows_of(line.listed[0])}
    assert walls[b"link.py"]["kind"] == "symlink"
    assert not walls[b"link.py"]["readable"]
    assert {row["kind"] for path, row in walls.items() if path != b"link.py"} == {"file"}


def test_bytes_are_packed_once_and_git_is_read_in_place(line: Line) -> None:
    assert {row["offset"] for row in rows_of(line.listed[0])} == {-1}
    for file in line.listed[1:]:
        rows = [row for row in rows_of(file) if row["readable"]]
        extents = {row["id"]: (row["offset"], row["size"]) for row in rows}
        assert file.with_suffix(".pack").stat().st_size == sum(size for _, size in extents.values())
        assert all(extents[row["id"]] == (row["offset"], row["size"]) for row in rows)


def test_directories_are_told_where_the_source_knows_them(line: Line) -> None:
    told = rows_of(line.listed[0].with_suffix(".directories.parquet"))
    assert {row["path"] for row in told} == {b"", b"walls", b"data"}
    assert list(told[0]) == DIRECTORIES.names


def test_repositories_say_where_they_come_from_and_what_was_counted(line: Line) -> None:
    walls, fences, gates, moats = line.repositories()
    assert [each["kind"] for each in (walls, fences, gates, moats)] == ["git", "folder", "archive", "archive"]
    assert walls["revision_date"] is not None
    assert walls["revision_date"].tzinfo is None
    for described, file in zip(line.repositories(), line.listed, strict=True):
        rows = rows_of(file)
        assert described["status"] == "read"
        assert described["occurrences"] == len(rows)
        assert described["bytes"] == sum(row["size"] for row in rows if row["kind"] == "file")


def read(source: Path) -> Readable:
    (found,) = sources_from_arguments((str(source),))
    assert isinstance(found, Readable)
    return found


def test_a_repository_that_is_out_is_named_and_not_read(sources: list[Path], tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    place = inventory.load_repositories  # the origin is known from an inventory without opt-outs
    inventory.run(stage, "before", read(sources[1]), tmp_path, Limits())
    origin = place(stage, "before")[0]["origin"]
    snapshot = save(stage, OptOuts(repositories={origin: "request-1"}))
    summary = inventory.run(stage, "after", read(sources[1]), tmp_path, Limits(), snapshot)
    (described,) = inventory.load_repositories(stage, "after")
    assert summary == {"occurrences": 0, "bytes": 0, "packed": 0, "lost": None}
    assert (described["status"], described["origin"]) == (inventory.OPTED_OUT, origin)
    assert rows_of(stage.file("after.parquet")) == []


def test_a_damaged_source_stays_with_the_reason(tmp_path: Path) -> None:
    broken = tmp_path / "broken.tar.gz"
    with tarfile.open(broken, "w:gz") as tar:
        tar.add(__file__, arcname="a.py")
    broken.write_bytes(broken.read_bytes()[:40])
    inventory.run(Stage(tmp_path), "b", read(broken), tmp_path, Limits())
    (described,) = inventory.load_repositories(Stage(tmp_path), "b")
    assert described["status"] == "unreadable"
    assert described["problem"]


@pytest.mark.parametrize("limit", [10, 10_000])
def test_a_large_file_is_listed_and_not_packed(tmp_path: Path, limit: int) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"x" * 100)
    inventory.run(Stage(tmp_path), "f", read(folder), tmp_path, Limits(max_file_bytes=limit))
    (row,) = rows_of(tmp_path / "f.parquet")
    assert (row["readable"], row["size"]) == (limit > 100, 100)
    assert (tmp_path / "f.pack").stat().st_size == (100 if limit > 100 else 0)
