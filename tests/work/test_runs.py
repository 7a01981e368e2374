"""Sorted runs: what was written is read again by range, by row, by group, also with equal and hostile keys."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from drystone.work import runs
from drystone.work.ranges import bounds

SCHEMA = pa.schema([("key", runs.KEY), ("n", pa.int64())])


def table(count: int, distinct: int = 10**9) -> pa.Table:
    chance = random.Random(count)
    keys = [hashlib.sha1(str(chance.randrange(distinct)).encode()).digest() for _ in range(count)]
    return pa.table([pa.array(keys, runs.KEY), pa.array(range(count))], schema=SCHEMA)


def pairs(found: pa.Table) -> list[tuple[bytes, int]]:
    return list(zip(found["key"].to_pylist(), found["n"].to_pylist(), strict=True))


@pytest.mark.parametrize("count", [0, 1, 4096, 10_000])
def test_ranges_of_a_run_are_its_rows_in_order(tmp_path: Path, count: int) -> None:
    given = table(count, distinct=count // 3 + 1)
    order = runs.write_sorted(tmp_path / "a.run", given)
    expected = sorted(pairs(given))  # equal keys as they came, and `n` counts up
    assert pairs(runs.read_range([tmp_path / "a.run"], SCHEMA)) == expected
    for ranges in (1, 3, 50):
        parts = [runs.read_range([tmp_path / "a.run"], SCHEMA, *bounds(i, ranges)) for i in range(ranges)]
        assert [row for part in parts for row in pairs(part)] == expected
    distinct = sorted({key for key, _ in expected})
    assert [distinct[number] for number in order.numbers.tolist()] == [key for key, _ in expected]
    some = runs.read_rows(tmp_path / "a.run", SCHEMA, count // 4, count // 2)
    assert pairs(some) == expected[count // 4 : count // 2]


def test_keys_are_found_again_also_where_they_begin_alike(tmp_path: Path) -> None:
    keys = sorted({bytes(8) + hashlib.sha1(bytes([n])).digest()[:12] for n in range(200)})
    index = runs.Keys.of(pa.array(keys, runs.KEY))
    absent = bytes(8) + b"\xff" * 12
    assert index.find(pa.array([*keys, absent], runs.KEY)).tolist() == [*range(200), -1]
    ordered = runs.Sorted(pa.array(keys[::-1], runs.KEY))
    assert ordered.order.tolist() == list(range(199, -1, -1))


def test_a_group_is_read_alone_from_many_files(tmp_path: Path) -> None:
    expected: dict[int, list[tuple[bytes, int]]] = {}
    for number in range(3):
        given = table(500 + number)
        groups = np.sort(np.random.default_rng(number).integers(0, 9, given.num_rows) * 2)
        for group, row in zip(groups.tolist(), pairs(given), strict=True):
            expected.setdefault(group, []).append(row)
        runs.write_groups(tmp_path / f"{number}.groups", given, groups)
    files = runs.runs(tmp_path, "groups")
    for group in range(18):
        assert pairs(runs.read_group(files, SCHEMA, group)) == expected.get(group, [])


def test_hex_that_is_none_is_refused() -> None:
    assert runs.keys_of_hex(pa.array(["00ff" * 10])).to_pylist() == [bytes.fromhex("00ff" * 10)]
    for wrong in ["0" * 39, "0" * 39 + "G", "0" * 39 + "F", None]:
        with pytest.raises(ValueError, match="an identifier"):
            runs.keys_of_hex(pa.array([wrong], pa.string()))
    assert runs.keys_or_null(pa.array([None, "00" * 20], pa.string())).to_pylist() == [None, bytes(20)]
