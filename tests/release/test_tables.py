"""Columns and types as other engines give them are brought to a release's own, or refused with what is wrong."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drystone.errors import ReleaseError
from drystone.release.schema import LEDGER, LEDGER_KEY, Expected
from drystone.release.tables import batches, conform, keys_of, may_hold, open_parquet, rows_equal

SCHEMA = pa.schema([("name", pa.string()), ("size", pa.int64()), ("when", pa.timestamp("us"))])
WHOLE = Expected(SCHEMA, frozenset(SCHEMA.names))


def table(**columns: object) -> pa.Table:
    return pa.table({"name": ["a", "b"], "size": [1, 2], "when": pa.array([0, 1000], pa.timestamp("ns"))} | columns)


def test_other_spellings_of_a_type_are_brought_to_ours() -> None:
    given = table(name=pa.array(["a", "b"], pa.large_string()), size=pa.array([1, 2], pa.int32()))
    assert conform(given, SCHEMA, "x").schema.equals(SCHEMA)
    assert conform(given.select(["when", "size", "name"]), SCHEMA, "x").column_names == SCHEMA.names


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (table().drop_columns(["size"]), "missing size"),
        (table(extra=[1, 2]), "unknown extra"),
        (table(size=["one", "two"]), "size is string, not int64"),
        (table(when=pa.array([0, 1], pa.timestamp("ns"))), r"^the table: when is timestamp\[ns\], not timestamp\[us\]"),
        (pa.Table.from_arrays([pa.array(["a"])] * 2, names=["name", "name"]), "wrong columns"),
    ],
)
def test_what_cannot_be_brought_to_ours_is_said(given: pa.Table, said: str) -> None:
    with pytest.raises(ReleaseError, match=said):
        conform(given, SCHEMA, "the table")


def test_files_of_other_writers_are_read_under_our_types(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(table(name=pa.array(["a", "b"], pa.large_string())), path)
    (found,) = batches(path, WHOLE, ["size", "name"])
    assert found.schema.equals(pa.schema([SCHEMA.field("size"), SCHEMA.field("name")]))
    assert found.to_pylist() == [{"size": 1, "name": "a"}, {"size": 2, "name": "b"}]


def test_a_file_that_is_not_there_not_parquet_or_another_table_is_said(tmp_path: Path) -> None:
    (tmp_path / "b.parquet").write_bytes(b"no parquet")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "c.parquet")
    for name, said in (("a", "is missing"), ("b", "not a readable Parquet file"), ("c", "missing name")):
        with pytest.raises(ReleaseError, match=said):
            open_parquet(tmp_path / f"{name}.parquet", WHOLE)


def test_rows_are_found_by_value_and_other_row_groups_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    rows = pa.Table.from_pylist([{"name": f"{n:03}", "size": n} for n in range(100)], SCHEMA)
    pq.write_table(rows, path, row_group_size=10)
    (found,) = rows_equal(path, WHOLE, {"name": "042"})
    assert found.column("size").to_pylist() == [42]
    assert list(rows_equal(path, WHOLE, {"name": "4"})) == []
    metadata = pq.read_metadata(path)
    holding = [g for g in range(metadata.num_row_groups) if may_hold(metadata.row_group(g), {"name": "042"})]
    assert holding == [4]


def test_columns_that_may_be_missing_are_null_and_others_are_refused_or_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"name": ["a", "b"], "new": [1, 2]}), path)
    least = frozenset({"name"})
    with pytest.raises(ReleaseError, match="unknown new"):
        open_parquet(path, Expected(SCHEMA, least))
    with pytest.raises(ReleaseError, match="missing size"):
        open_parquet(path, Expected(SCHEMA, least, ("name", "size", "new")))
    with pytest.raises(ReleaseError, match="missing size"):
        open_parquet(path, Expected(SCHEMA, frozenset({"name", "size"}), ("name", "new")))
    for expected in (Expected(SCHEMA, least, ("name", "new")), Expected(SCHEMA, least, others=True)):
        (found,) = batches(path, expected)
        assert found.schema.equals(SCHEMA)
        assert found.to_pylist() == [{"name": name, "size": None, "when": None} for name in "ab"]
        (found,) = batches(path, expected, ["size"])
        assert found.to_pylist() == [{"size": None}] * 2
        (found,) = rows_equal(path, expected, {"name": "b"}, ["size"])
        assert found.to_pylist() == [{"size": None}]


def test_keys_are_the_values_of_some_columns() -> None:
    row = dict.fromkeys(LEDGER.names) | {"repository_id": "r", "path": "/a", "entry": 1}
    assert keys_of(pa.Table.from_pylist([row], LEDGER), LEDGER_KEY) == [("r", "/a", 1)]
