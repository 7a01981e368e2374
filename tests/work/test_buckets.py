"""Buckets: every row is in one, rows of one key in the same one of any two tables, in memory or on disk."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from drystone.work.buckets import Buckets, Parted, read_part

SCHEMA = pa.schema([("key", pa.string()), ("n", pa.int64())])


def rows(start: int, stop: int) -> pa.Table:
    ids = [hashlib.sha1(str(n).encode()).hexdigest() for n in range(start, stop)]
    keys = [f"id:{id_}" if n % 50 else None for n, id_ in enumerate(ids, start)]
    return pa.table([keys, list(range(start, stop))], schema=SCHEMA)


@pytest.mark.parametrize("kind", [pa.Table.from_batches, lambda batches: batches[0]])
def test_rows_go_to_the_file_of_their_number_in_their_order(tmp_path: Path, kind: Any) -> None:
    paths = [tmp_path / f"{number}.arrow" for number in range(3)]
    given = kind(rows(0, 8).combine_chunks().to_batches())
    with Parted(SCHEMA, paths) as parted:
        parted.add(given, np.array([2, 0, -1, 2, 0, 0, -1, 2]))
        parted.add(given, np.array([0, 0, 0, 0, 2, 2, 2, 2]))
        parted.add(given, np.array([-1] * 8))
    found = [read_part(path)["n"].to_pylist() for path in paths]
    assert found == [[1, 4, 5, 0, 1, 2, 3], [], [0, 3, 7, 4, 5, 6, 7]]


@pytest.mark.parametrize("count", [1, 2, 7, 4096, 9999])
def test_every_row_is_in_the_bucket_of_its_key(tmp_path: Path, count: int) -> None:
    with Buckets(SCHEMA, count, tmp_path, "a") as a, Buckets(SCHEMA, count, tmp_path, "b") as b:
        a.add(rows(0, 300), "key")
        a.add(rows(300, 700), "key")
        b.add(rows(100, 400), "key")
        seen = []
        for number in range(a.count):
            here, there = a.read(number), b.read(number)
            assert set(there["n"].to_pylist()) <= set(here["n"].to_pylist())
            seen += here["n"].to_pylist()
        assert sorted(seen) == list(range(700))
    assert not list(tmp_path.iterdir()), "a bucket that was read is gone"
