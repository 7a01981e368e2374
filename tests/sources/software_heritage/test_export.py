"""Tables of an export: found in every layout, read alike in both formats, and named where something is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from drystone.errors import MissingExtraError, SourceError, UsageError
from drystone.sources.software_heritage.export import GraphExport, _dates
from tests.sources.software_heritage.world import World


@pytest.fixture
def world() -> World:
    made = World()
    for number in range(5):
        made.repository(f"https://example.org/{number}", {f"f{number}": f"x = {number}\n"})
    return made


def rows(export: GraphExport, table: str, columns: list[str]) -> list[dict[str, object]]:
    found = [
        row
        for file in export.files(table)
        for piece in export.batches(table, file, columns)
        for row in piece.to_pylist()
    ]
    return sorted(found, key=repr)


def test_both_formats_give_the_same_rows(world: World, tmp_path: Path) -> None:
    orc = GraphExport.open(str(world.write(tmp_path / "a", "orc")))
    parquet = GraphExport.open(str(world.write(tmp_path / "b", "parquet")))
    assert orc.tables.keys() == parquet.tables.keys()
    for table, columns in (("revision", ["id", "date", "directory"]), ("directory_entry", ["name", "perms", "target"])):
        assert rows(orc, table, columns) == rows(parquet, table, columns)
        assert len(rows(orc, table, columns)) == 5


def test_tables_lie_below_a_format_or_at_once(world: World, tmp_path: Path) -> None:
    folder = world.write(tmp_path / "a", "orc")
    inner = GraphExport.open(str(folder / "orc"))
    assert inner.tables.keys() == GraphExport.open(str(folder)).tables.keys()
    assert inner.fingerprint == GraphExport.open(str(folder)).fingerprint
    assert inner.size == sum(file.stat().st_size for file in folder.rglob("*.orc"))


def test_the_fingerprint_changes_with_the_files(world: World, tmp_path: Path) -> None:
    folder = world.write(tmp_path / "a")
    before = GraphExport.open(str(folder)).fingerprint
    assert GraphExport.open(str(folder)).fingerprint == before
    next(folder.rglob("revision-1.orc")).unlink()
    assert GraphExport.open(str(folder)).fingerprint != before


def test_what_is_missing_is_named(world: World, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="no graph export is here"):
        GraphExport.open(str(tmp_path / "empty"))
    with pytest.raises(SourceError, match="there is no such folder"):
        GraphExport.open(str(tmp_path / "nowhere"))
    with pytest.raises(UsageError, match="from a folder or from s3://"):
        GraphExport.open("https://example.org/export")
    export = GraphExport.open(str(world.write(tmp_path / "a")))
    with pytest.raises(SourceError, match="the table walls is missing"):
        export.files("walls")
    with pytest.raises(SourceError, match="the table revision has no column mortar"):
        rows(export, "revision", ["mortar"])
    assert export.has_column("revision", "date")
    assert not export.has_column("revision", "mortar")
    assert not export.has_column("walls", "date")


def test_a_damaged_file_is_named(world: World, tmp_path: Path) -> None:
    folder = world.write(tmp_path / "a")
    for file in folder.rglob("revision-*.orc"):
        file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(SourceError, match=r"revision-\d\.orc: cannot be read"):
        rows(GraphExport.open(str(folder)), "revision", ["id"])


def test_dates_that_do_not_fit_need_pyorc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyorc", None)
    with pytest.raises(MissingExtraError, match="software-heritage"):
        _dates(None, "file", 0, ["date"])
