"""Ranges of ids: together they hold every row once, and only the row groups that may hold one are read."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pytest

from drystone.work import ranges
from drystone.work.ranges import Range, bounds, id_range, range_count, read
from drystone.work.store import write_table

SCHEMA = pa.schema([("id", pa.binary()), ("n", pa.int64()), ("word", pa.string())])


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    chance = random.Random(3)
    rows = [{"id": chance.randbytes(20), "n": n, "word": f"word {n % 7}"} for n in range(2000)]
    rows.append({"id": b"", "n": 2000, "word": None})
    paths = [tmp_path / f"{number}.parquet" for number in range(3)]
    for number, path in enumerate(paths):
        write_table(path, pa.Table.from_pylist(rows[number::3], SCHEMA).sort_by("id"), row_group=64)
    return paths


@pytest.mark.parametrize("count", [1, 2, 3, 7, 256])
def test_every_row_lies_in_one_range(files: list[Path], count: int) -> None:
    found = [read(files, SCHEMA, ("n",), id_range(index, count)) for index in range(count)]
    assert sorted(n for table in found for n in table["n"].to_pylist()) == list(range(2001))
    ends = [bounds(index, count) for index in range(count)]
    assert [low for low, _ in ends[1:]] == [high for _, high in ends[:-1]]
    assert (ends[0][0], ends[-1][1]) == (b"", None)


def test_ranges_over_several_columns_hold_together(files: list[Path]) -> None:
    found = read(files, SCHEMA, ("n", "word"), Range("word", "word 3", "word 3\0"), Range("n", 1000, None))
    assert sorted(found["n"].to_pylist()) == [n for n in range(1000, 2000) if n % 7 == 3]
    assert found.schema == pa.schema([("n", pa.int64()), ("word", pa.string())])
    assert read([], SCHEMA).num_rows == 0


def test_row_groups_of_other_ranges_are_not_read(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    real = ranges.within
    monkeypatch.setattr(ranges, "within", lambda table, *given: (seen.append(table.num_rows), real(table, *given))[1])
    found = read(files, SCHEMA, ("id",), id_range(5, 20))
    assert 60 < found.num_rows < 140
    assert sum(seen) <= found.num_rows + 3 * 2 * 64


@pytest.mark.parametrize(("rows", "count"), [(0, 1), (5000, 2), (16_384, 2), (40_000, 3), (10_000_000, 153)])
def test_ranges_stay_small_and_few(rows: int, count: int) -> None:
    assert range_count(rows) == count
