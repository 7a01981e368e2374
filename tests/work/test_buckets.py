"""Buckets: every row is in one, rows of one key in the same one of any two tables, in memory or on disk."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow as pa
import pytest

from drystone.work.buckets import Buckets

SCHEMA = pa.schema([("key", pa.string()), ("n", pa.int64())])


def rows(start: int, stop: int) -> pa.Table:
    ids = [hashlib.sha1(str(n).encode()).hexdigest() for n in range(start, stop)]
    keys = [f"id:{id_}" if n % 50 else None for n, id_ in enumerate(ids, start)]
    return pa.table([keys, list(range(start, stop))], schema=SCHEMA)


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
