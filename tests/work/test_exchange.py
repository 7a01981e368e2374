"""Routed rows: every reader finds all of its rows, in order, in few files, however many wrote them."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.work import exchange
from drystone.work.exchange import Files, Lined, Numbered, Readers, blocks, route
from drystone.work.ranges import Between, Range, read
from drystone.work.store import Stage, write_table
from drystone.work.tasks import Task, run_here

SCHEMA = pa.schema([("group", pa.int64()), ("id", pa.binary()), ("writer", pa.dictionary(pa.int32(), pa.string()))])
TOLD = f"{__name__}:SCHEMA"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Merge so few files and rows at a time that a handful takes several levels."""
    for name, value in (("DIRECT", 2), ("FAN", 3), ("ROWS", 20), ("_GROUP", 4)):
        monkeypatch.setattr(exchange, name, value)


def written(folder: Path, files: int, rows: int) -> Numbered:
    """Write files of rows, each row of a group and with an id that no other has."""
    for file in range(files):
        numbers = [(file * rows + row) * 37 % (files * rows) for row in range(rows)]
        columns = [[n // 50 for n in numbers], [b"%06d" % n for n in numbers], [f"w{file}"] * rows]
        arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
        write_table(folder / f"{file:05d}.parquet", pa.table(arrays, schema=SCHEMA).sort_by("id"))
    return Numbered(folder, files)


def opened(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count files as they are opened."""
    found: Counter[str] = Counter()

    class Counting(pq.ParquetFile):  # type: ignore[misc, unused-ignore]
        def __init__(self, source: Any, **named: Any) -> None:
            found[Path(source).name] += 1
            super().__init__(source, **named)

    monkeypatch.setattr(pq, "ParquetFile", Counting)
    return found


@pytest.mark.parametrize("files", [1, 2, 5, 40])
@pytest.mark.parametrize("readers", [1, 7, 30])
@pytest.mark.usefixtures("small")
def test_each_reader_finds_all_its_rows(files: int, readers: int, tmp_path: Path) -> None:
    given, count = written(tmp_path, files, 11), files * 11
    lows = [reader * count // readers for reader in range(readers)]
    by = Readers(("group", "id"), readers, lambda reader: (lows[reader] // 50, b"%06d" % lows[reader]))
    stage = Stage(tmp_path / "routed")
    stage.folder.mkdir()
    routed = route(run_here, "rows", stage, given, [11] * files, TOLD, by)
    seen: list[bytes] = []
    for reader in range(readers):
        rows = read(routed.of(reader), SCHEMA, (), by.between(reader, readers)).to_pydict()
        assert len(routed.of(reader)) <= 2
        seen += sorted(rows["id"])
    assert seen == [b"%06d" % n for n in range(count)]


@pytest.mark.usefixtures("small")
def test_opens_and_words_grow_with_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opens, told = [], []
    for files in (20, 160):
        folder = tmp_path / str(files)
        (folder / "routed").mkdir(parents=True)
        given, found, tasks = written(folder, files, 11), opened(monkeypatch), list[Task]()

        def run(name: str, stage: Stage, these: Sequence[Task], seen: list[Task] = tasks) -> list[Any]:
            seen.extend(these)
            return run_here(name, stage, these)

        readers = Readers(("id",), files, lambda reader: (b"%06d" % (reader * 11),))
        routed = route(run, "rows", Stage(folder / "routed"), given, [11] * files, TOLD, readers)
        for reader in range(files):
            read(routed.of(reader), SCHEMA, (), readers.between(reader, files))
        opens.append(found.total())
        told.append(max(len(pickle.dumps(task)) for task in tasks))
    # Eight times the files take a level or two more; without the levels it would be 64 times as many opens.
    assert opens[1] <= 8 * 2 * opens[0]
    assert told[1] <= told[0] + 64
    assert told[1] < 1000


@pytest.mark.usefixtures("small")
def test_equal_rows_keep_the_order_of_the_files(tmp_path: Path) -> None:
    for file in range(9):
        arrays = [pa.array([0] * 4), pa.array([b"same"] * 4), pa.array([f"w{file}"] * 4).dictionary_encode()]
        write_table(tmp_path / f"{file:05d}.parquet", pa.table(arrays, schema=SCHEMA))
    (tmp_path / "routed").mkdir()
    readers = Readers(("id",), 1, lambda reader: (b"",))
    given = Numbered(tmp_path, 9)
    routed = route(run_here, "rows", Stage(tmp_path / "routed"), given, [4] * 9, TOLD, readers)
    found = read(routed.of(0), SCHEMA)["writer"].to_pylist()
    assert found == [f"w{file}" for file in range(9) for _ in range(4)]


def test_few_files_are_read_as_they_are(tmp_path: Path) -> None:
    readers = Readers(("id",), 1, lambda reader: (b"",))
    given = Numbered(tmp_path, exchange.DIRECT)

    def run(name: str, stage: Stage, tasks: Sequence[Task]) -> list[Any]:
        raise AssertionError("nothing has to be merged")

    assert route(run, "rows", Stage(tmp_path), given, [1] * len(given), TOLD, readers).of(0) is given


def test_blocks_hold_about_as_many_rows() -> None:
    assert blocks([5, 5, 5, 5, 5], 10) == [0, 2, 4, 5]
    assert blocks([100, 1, 1, 100], 10) == [0, 1, 4]
    assert blocks([0, 0, 0], 10) == [0, 3]
    assert blocks([], 10) == [0]
    assert blocks([0, 0, 0], 0) == [0, 3], "of a build that keeps nothing"


@given(st.lists(st.sampled_from([0, 0, 1, 7, 100]), max_size=30), st.integers(0, 50))
def test_blocks_end_one_after_the_other(rows: list[int], size: int) -> None:
    cuts = blocks(rows, size)
    assert (cuts[0], cuts[-1]) == (0, len(rows))
    assert all(before < after for before, after in pairwise(cuts))


def _files(tmp_path: Path) -> Iterator[Files]:
    paths = [tmp_path / name for name in ("a/x.parquet", "b/longer.parquet", "a/z.parquet")]
    yield Lined.of(paths, tmp_path, tmp_path / "lines")
    yield Numbered(tmp_path, 3)


def test_files_are_a_sequence_and_short(tmp_path: Path) -> None:
    listed, numbered = _files(tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in listed] == [
        "a/x.parquet",
        "b/longer.parquet",
        "a/z.parquet",
    ]
    assert [path.name for path in listed.beside(".names.parquet")[1:]] == ["longer.names.parquet", "z.names.parquet"]
    assert [path.name for path in numbered[1:]] == ["00001.parquet", "00002.parquet"]
    for files in (listed, numbered):
        assert len(files) == 3
        assert files[2] == files[-1] == list(files)[2]
        assert len(pickle.dumps(files)) < 600
        with pytest.raises(IndexError):
            files[3]


def test_a_between_is_an_order_over_several_columns(tmp_path: Path) -> None:
    given = written(tmp_path, 4, 50)
    rows = read(given, SCHEMA, ("group", "id"), Between(("group", "id"), (1, b"000060"), (2, b"000110"))).to_pylist()
    assert sorted(int(row["id"]) for row in rows) == list(range(60, 110))
    open_ended = read(given, SCHEMA, ("id",), Between(("group", "id"), (3,), None), Range("group", 0, 9))
    assert sorted(int(id_) for id_ in open_ended["id"].to_pylist()) == list(range(150, 200))


def test_files_of_which_rows_are_not_known_are_not_left_out(tmp_path: Path) -> None:
    by = Readers(("id",), 1, lambda reader: ())
    with pytest.raises(ValueError, match="rows of 1 files are known, and there are 2"):
        route(run_here, "rows", Stage(tmp_path), Numbered(tmp_path, 2), [1], TOLD, by)
