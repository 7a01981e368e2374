from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.release.canonical import json_bytes, json_rows
from drystone.release.schema import DATA, LEDGER
from tests.release.sample import data_row, ledger_row, sample_rows, table

EPOCH = datetime(1970, 1, 1)
TEXT = st.none() | st.text('a:é"\\/,{}]\n\t\x00\x1f\x7f\u2028\ufeff\U0001f600', max_size=8)


def plain(value: Any) -> Any:
    """The same rule, written a second time without Arrow."""
    if isinstance(value, datetime):
        delta = value - EPOCH
        return (delta.days * 86400 + delta.seconds) * 1_000_000 + delta.microseconds
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return value


def expected(rows: list[dict[str, Any]]) -> list[bytes]:
    return [orjson.dumps(plain(row), option=orjson.OPT_SORT_KEYS) for row in rows]


def encoded(data: pa.Table | pa.RecordBatch) -> list[bytes]:
    return [text.encode() for text in json_rows(data).to_pylist()]


def test_rows_of_a_release_are_as_orjson_writes_them() -> None:
    rows = sample_rows()
    for schema, values in (
        (DATA, [data_row(r) for r in rows if r.dropped is None]),
        (LEDGER, [ledger_row(r, None) | {"path_raw": b"\xff\x00"} for r in rows]),
    ):
        data = table(values, schema)
        assert encoded(data) == expected(data.to_pylist())


@given(st.lists(st.fixed_dictionaries({"b": TEXT, 'a"': st.none() | st.integers(-(2**63), 2**63 - 1)}), max_size=6))
def test_any_text_and_number(rows: list[dict[str, Any]]) -> None:
    data = pa.Table.from_pylist(rows, pa.schema([("b", pa.string()), ('a"', pa.int64())]))
    assert encoded(data) == expected(rows)


def test_a_quotation_mark_and_comma_beside_a_control_character() -> None:
    """Once parted a value in two: `",` followed by another value looks like the end of one."""
    rows = [{"v": '",'}, {"v": "\x1f"}, {"v": '\0",\t'}, {"v": None}, {"v": "\n"}]
    assert encoded(pa.table({"v": [row["v"] for row in rows]})) == expected(rows)


@given(st.lists(st.none() | st.lists(st.fixed_dictionaries({"y": TEXT, "x": st.none() | st.booleans()}), max_size=3)))
def test_lists_of_structs(values: list[Any]) -> None:
    kind = pa.list_(pa.struct([("y", pa.string()), ("x", pa.bool_())]))
    data = pa.table({"v": pa.array(values, kind)})
    assert encoded(data) == expected([{"v": v} for v in values])
    assert encoded(data.slice(1)) == encoded(data)[1:]


@given(st.lists(st.none() | st.floats(width=32), min_size=1))
def test_floats_have_the_shortest_form_of_their_double(values: list[float | None]) -> None:
    data = pa.table({"v": pa.array(values, pa.float32())})
    assert encoded(data) == expected(data.to_pylist())


def test_python_reads_it_back_and_writes_the_same() -> None:
    row = {"z": 'q"\\\n\x1f\u2028é', "a": [1, None], "n": None, "t": True}
    data = pa.Table.from_pylist([row])
    (text,) = encoded(data)
    assert json.loads(text) == row
    assert json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode() == text


@pytest.mark.parametrize("kind", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())])
def test_the_width_and_encoding_of_strings_do_not_matter(kind: pa.DataType) -> None:
    values = ["a", None, 'b"', "a"]
    assert encoded(pa.table({"v": pa.array(values).cast(kind)})) == encoded(pa.table({"v": values}))


def test_units_of_time_do_not_matter() -> None:
    at = datetime(1969, 12, 31, 23, 59, 59, 1000)
    for unit in ("ms", "us", "ns"):
        assert encoded(pa.table({"v": pa.array([at, None], pa.timestamp(unit))}))[0] == b'{"v":-999000}'


def test_empty_tables_and_columns() -> None:
    assert encoded(DATA.empty_table()) == []
    assert encoded(pa.table({"v": pa.array([None, None], pa.list_(pa.int8()))})) == [b'{"v":null}'] * 2
    assert encoded(pa.table({"v": pa.chunked_array([["x"], ["y"]])})) == [b'{"v":"x"}', b'{"v":"y"}']


def test_plain_values() -> None:
    assert json_bytes({"b": [1, 2.5], "a": None}) == b'{"a":null,"b":[1,2.5]}'


def test_a_type_without_a_rule_is_refused() -> None:
    with pytest.raises(TypeError, match="no canonical form"):
        json_rows(pa.table({"v": pa.array([[(1, 2)]], pa.map_(pa.int8(), pa.int8()))}))
