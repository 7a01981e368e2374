"""Rows of a table as canonical JSON, column by column, so that a row's bytes do not depend on who wrote the file.

Knows Arrow types and nothing of releases. The rule, which docs/release-format.md repeats: one JSON object per row, keys
in byte order, no white space, strings as UTF-8 with only `"`, `\\` and U+0000 to U+001F escaped, timestamps as integer
microseconds since 1970, binary as lower-case hex, floats as the shortest decimal of their value as a double (NaN and
the infinities as null), missing values as null.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

_TEXT = pa.large_string()


def json_rows(table: pa.Table | pa.RecordBatch, *, without: Iterable[str] = (), prefix: str = "") -> pa.Array:
    """Return a large_string array: for each row `prefix` and its columns, less those in `without`, as canonical JSON.

    Raises `TypeError` for a column type that has no canonical form here.
    """
    left_out = frozenset(without)
    columns = {name: _whole(table.column(name)) for name in table.schema.names if name not in left_out}
    return _objects(columns, table.num_rows, prefix)


def json_bytes(value: Any) -> bytes:
    """Return a plain value (dicts, lists, strings, numbers, None) as canonical JSON."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    if isinstance(column, pa.ChunkedArray):
        return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [_none(column.type)])
    return column


def _none(type_: pa.DataType) -> pa.Array:
    return pa.array([], type_)


def _objects(columns: dict[str, pa.Array], rows: int, prefix: str = "") -> pa.Array:
    """Join encoded columns to objects. Literals between two columns are joined beforehand: fewer pieces per row."""
    pieces: list[Any] = []
    literal = prefix + "{"
    for number, name in enumerate(sorted(columns, key=lambda n: n.encode())):
        literal += ("," if number else "") + orjson.dumps(name).decode() + ":"
        text, quoted = _encode(columns[name])
        if not isinstance(text, str) and _constant(text):
            text = text[0].as_py()
        if isinstance(text, str):  # one value for all rows
            literal += f'"{text}"' if quoted else text
            continue
        literal += '"' if quoted else ""
        pieces += [pa.scalar(literal, _TEXT), text]
        literal = '"' if quoted else ""
    pieces.append(pa.scalar(literal + "}", _TEXT))
    if len(pieces) == 1:
        return pa.repeat(pieces[0], rows)
    return pc.binary_join_element_wise(*pieces, pa.scalar("", _TEXT))


def _constant(text: pa.Array) -> bool:
    """Whether all values are the same: then they need no piece of their own."""
    return len(text) > 1 and text[0] == text[-1] and pc.all(pc.equal(text, text[0])).as_py()


def _encode(array: pa.Array) -> tuple[pa.Array | str, bool]:
    """Return JSON texts without nulls, and whether each still lacks its quotation marks.

    A column that is null in every row gives one str instead.
    """
    kind = array.type
    if array.null_count == len(array):
        return "null", False
    if pa.types.is_dictionary(kind):
        return _encode(array.dictionary_decode())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        escaped = _escape(array if kind == _TEXT else array.cast(_TEXT))
        return (escaped, True) if not array.null_count else (_quote(escaped), False)
    return pc.fill_null(_plain(array), pa.scalar("null", _TEXT)), False


def _plain(array: pa.Array) -> pa.Array:
    kind = array.type
    if pa.types.is_boolean(kind):
        return pc.if_else(array, pa.scalar("true", _TEXT), pa.scalar("false", _TEXT))
    if pa.types.is_integer(kind):
        return array.cast(_TEXT)
    if pa.types.is_floating(kind):
        return _floats(array.cast(pa.float64()))
    if pa.types.is_timestamp(kind):
        return array.cast(pa.timestamp("us", kind.tz)).cast(pa.int64()).cast(_TEXT)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return pa.array([None if v is None else f'"{v.hex()}"' for v in array.to_pylist()], _TEXT)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _lists(array)
    if pa.types.is_struct(kind):
        fields = {kind.field(i).name: child for i, child in enumerate(array.flatten())}
        objects = _objects(fields, len(array))
        return pc.if_else(array.is_valid(), objects, pa.scalar(None, _TEXT)) if array.null_count else objects
    raise TypeError(f"no canonical form for columns of type {kind}")


def _quote(texts: pa.Array) -> pa.Array:
    mark = pa.scalar('"', _TEXT)
    return pc.fill_null(pc.binary_join_element_wise(mark, texts, mark, pa.scalar("", _TEXT)), pa.scalar("null", _TEXT))


def _escape(texts: pa.Array) -> pa.Array:
    _, _, data = texts.buffers()
    if data is None:
        return texts
    offsets = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
    used = np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]]
    if not len(used):
        return texts
    control = np.unique(used[used < 0x20]) if used.min() < 0x20 else ()
    if (used == 0x5C).any():
        texts = pc.replace_substring(texts, "\\", "\\\\")
    if (used == 0x22).any():
        texts = pc.replace_substring(texts, '"', '\\"')
    for code in control:
        character = chr(code)
        texts = pc.replace_substring(texts, character, orjson.dumps(character).decode()[1:-1])
    return texts


def _floats(array: pa.Array) -> pa.Array:
    values = array.to_pylist() if array.null_count else np.ascontiguousarray(array.to_numpy())
    parts = orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",")
    return pa.array(parts, pa.large_binary()).cast(_TEXT)


def _lists(array: pa.Array) -> pa.Array:
    lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
    offsets = np.zeros(len(array) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    values = array.flatten()
    text, quoted = _encode(values)
    if isinstance(text, str):
        text = pa.repeat(pa.scalar(text, _TEXT), len(values))
    if quoted:
        text = _quote(text)
    joined = pc.binary_join(pa.LargeListArray.from_arrays(pa.array(offsets), text), pa.scalar(",", _TEXT))
    empty = pa.scalar("", _TEXT)
    framed = pc.binary_join_element_wise(pa.scalar("[", _TEXT), joined, pa.scalar("]", _TEXT), empty)
    return pc.if_else(array.is_valid(), framed, pa.scalar(None, _TEXT)) if array.null_count else framed
