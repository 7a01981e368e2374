"""Schemas held: bringing what engines give to a release's columns, and reading what other writers made of them.

Knows Arrow and Parquet; knows nothing of what the columns mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from drystone.errors import ReleaseError
from drystone.release.layout import shown
from drystone.release.schema import Expected
from drystone.work.remote.mirror import opened

#: What Arrow raises for a file that is damaged, in its pages or in what it says of them.
DAMAGE: Final = (pa.ArrowException, OSError, UnicodeDecodeError)
_BATCH_ROWS: Final = 2048
_BATCH_BYTES: Final = 16 * 1024**2


def conform(batch: pa.Table | pa.RecordBatch, schema: pa.Schema, where: str) -> pa.Table:
    """Return `batch` with exactly the columns and types of `schema`.

    Engines give large_string for string and the like; any cast that loses nothing is done. Raises `ReleaseError`
    naming `where` and the columns that are missing, unknown or of another type.
    """
    given, wanted = set(batch.schema.names), set(schema.names)
    if given != wanted or len(batch.schema.names) != len(schema.names):
        missing, unknown = sorted(wanted - given), sorted(given - wanted)
        parts = [f"{word} {', '.join(names)}" for word, names in (("missing", missing), ("unknown", unknown)) if names]
        raise ReleaseError(f"{where}: wrong columns: {'; '.join(parts) or 'a column occurs twice'}")
    table = pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch
    table = table.select(schema.names)
    if table.schema.equals(schema):
        return table.replace_schema_metadata(None)
    try:
        return table.replace_schema_metadata(None).cast(schema)
    except _UNLIKE:
        wrong = "; ".join(_lossy(table, schema))
        raise ReleaseError(f"{where}: {wrong}") from None


#: What Arrow raises for a cast that it does not know, or that would lose something.
_UNLIKE: Final = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError)


def _lossy(table: pa.Table, schema: pa.Schema) -> Iterator[str]:
    """Say of each column why it cannot be brought to its type."""
    for field in schema:
        column = table.column(field.name)
        try:
            column.cast(field.type)
        except _UNLIKE as error:
            kind = shown(str(column.type))[:80]
            yield f"{field.name} is {kind}, not {field.type} ({first_line(error)[:200]})"


def open_parquet(path: Path, expected: Expected) -> pq.ParquetFile:
    """Open a Parquet file and check its columns; other writers' spellings of a type are accepted.

    Pages that are read from it are checked against their checksums, where they have some.
    Raises `ReleaseError` where the file is missing, is not Parquet, or has other columns.
    """
    name = shown(str(path))
    try:
        file = opened(
            path, partial(pq.ParquetFile, memory_map=False, pre_buffer=False, page_checksum_verification=True)
        )
        found = file.schema_arrow
    except FileNotFoundError:
        raise ReleaseError(f"{name} is missing. Fetch the release again") from None
    except DAMAGE as error:
        raise ReleaseError(f"{name} is not a readable Parquet file: {first_line(error)}") from None
    if problem := _problem(expected, found.names):
        raise ReleaseError(f"{name} has other columns than this format: {problem}")
    if not found.equals(expected.schema) and (wrong := _wrong_types(found, expected.schema)):
        raise ReleaseError(f"{name}: {wrong}")
    return file


def schema_of(path: Path, expected: Expected) -> pa.Schema:
    """Return the columns of a file as they are, known ones under their types. Raises as `open_parquet` does."""
    with open_parquet(path, expected) as file:
        known = expected.schema
        return pa.schema([known.field(f.name) if f.name in known.names else f for f in file.schema_arrow])


def batches(path: Path, expected: Expected, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """Yield a file as tables of at most 2,048 rows and about 16 MiB (or one row), under its schema or `columns` of it.

    Columns that the file lacks are null. Raises `ReleaseError` as `open_parquet` does, and for damage found while
    reading.
    """
    with open_parquet(path, expected) as file:
        wanted = _wanted(expected, columns)
        present = _present(file, wanted.names)
        rows = 0
        try:
            for group in range(file.num_row_groups):
                size = _batch_rows(file.metadata.row_group(group))
                for batch in file.iter_batches(size, row_groups=[group], columns=present, use_threads=False):
                    table = completed(pa.Table.from_batches([batch]), wanted)
                    yield table
                    rows += table.num_rows
        except DAMAGE as error:
            raise ReleaseError(f"{shown(str(path))}, after row {rows:,}: {first_line(error)}") from None


def rows_equal(
    path: Path, expected: Expected, equal: Mapping[str, str], columns: Sequence[str] | None = None
) -> Iterator[pa.Table]:
    """Yield a file's rows in which each column of `equal` has its value, under its schema or `columns` of it.

    Row groups that cannot hold such rows, by their statistics, are not read. Raises `ReleaseError` as `batches` does.
    """
    wanted = _wanted(expected, columns)
    read = [*wanted.names, *(name for name in equal if name not in wanted.names)]
    with open_parquet(path, expected) as file:
        present = _present(file, read)
        try:
            for group in range(file.num_row_groups):
                if not may_hold(file.metadata.row_group(group), equal):
                    continue
                table = file.read_row_group(group, columns=present, use_threads=False)
                for name, value in equal.items():
                    table = table.filter(pc.equal(table.column(name), _string(value)))
                if table.num_rows:
                    yield completed(table, wanted)
        except DAMAGE as error:
            raise ReleaseError(f"{shown(str(path))}: {first_line(error)}") from None


def completed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return a table's columns under `schema`, in its order; those that it lacks are null."""
    table = table.replace_schema_metadata(None)
    for field in schema:
        if field.name not in table.schema.names:
            table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    table = table.select(schema.names)
    return table if table.schema.equals(schema) else table.cast(schema)


def _wanted(expected: Expected, columns: Sequence[str] | None) -> pa.Schema:
    return expected.schema if columns is None else pa.schema([expected.schema.field(name) for name in columns])


def _present(file: pq.ParquetFile, names: Sequence[str]) -> list[str]:
    """Return those of the columns that a file has; one of its own where it has none of them, which gives the rows."""
    found = file.schema_arrow.names
    return [name for name in names if name in found] or found[:1]


def _string(value: str) -> pa.StringScalar:
    """Return a string of Arrow's. (`pa.scalar` imports pandas where it is installed: a quarter of a second.)"""
    data = value.encode()
    ends = np.array([0, len(data)], np.int32)
    return pa.StringArray.from_buffers(1, pa.py_buffer(ends), pa.py_buffer(data))[0]


def may_hold(group: pq.RowGroupMetaData, equal: Mapping[str, str]) -> bool:
    """Whether rows with these values may be in a row group: False only where its statistics leave them out."""
    for number in range(group.num_columns):
        column = group.column(number)
        value = equal.get(column.path_in_schema)
        known = column.statistics if value is not None and column.is_stats_set else None
        if known is not None and known.has_min_max and not known.min <= value <= known.max:
            return False
    return True


def keys_of(table: pa.Table, names: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return each row's values of some columns."""
    return list(zip(*(table.column(name).to_pylist() for name in names), strict=True))


def _batch_rows(group: pq.RowGroupMetaData) -> int:
    """Return how many rows of a group to hold at once: other writers make groups of any size."""
    size: int = max(1, min(_BATCH_ROWS, _BATCH_BYTES * group.num_rows // max(group.total_byte_size, 1)))
    return size


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text, safe to show."""
    return shown((str(error).splitlines() or [type(error).__name__])[0])


def _problem(expected: Expected, found: list[str]) -> str | None:
    """Return what is wrong with the names of a file's columns; None where nothing is."""
    lacking = [name for name in expected.schema.names if name in expected.least and name not in found]
    wanted = [name for name in expected.schema.names if name in found or name in lacking]
    if expected.names is not None:
        wanted = [*expected.names, *(name for name in lacking if name not in expected.names)]
    elif expected.others:
        wanted = [*found, *lacking]
    if found == wanted and len(set(found)) == len(found):
        return None
    return _differ(found, wanted) if len(set(found)) == len(found) else "a column occurs twice"


def _differ(found: list[str], wanted: list[str]) -> str:
    missing = [n for n in wanted if n not in found]
    unknown = [n for n in found if n not in wanted]
    parts = [f"{w} {shown(', '.join(n[:5]))}" for w, n in (("missing", missing), ("unknown", unknown)) if n]
    return "; ".join(parts) or "their order differs"


def _wrong_types(found: pa.Schema, wanted: pa.Schema) -> str:
    wrong = [
        f"{field.name} is {shown(str(found.field(field.name).type))[:80]}, not {field.type}"
        for field in wanted
        if field.name in found.names and not _same(found.field(field.name).type, field.type)
    ]
    return "; ".join(wrong[:5])


def _same(a: pa.DataType, b: pa.DataType) -> bool:
    """Whether two types say the same: widths of offsets, names of list items, nullability and units of time aside."""
    for test in (_is_text, _is_bytes, pa.types.is_timestamp):
        if test(a) and test(b):
            return True
    if _is_list(a) and _is_list(b):
        return _same(a.value_type, b.value_type)
    if pa.types.is_struct(a) and pa.types.is_struct(b):
        return [f.name for f in a] == [f.name for f in b] and all(
            _same(x.type, y.type) for x, y in zip(a, b, strict=True)
        )
    return bool(a == b)


def _is_text(t: Any) -> bool:
    if pa.types.is_dictionary(t):
        return _is_text(t.value_type)
    return bool(pa.types.is_string(t) or pa.types.is_large_string(t) or pa.types.is_string_view(t))


def _is_bytes(t: Any) -> bool:
    return bool(pa.types.is_binary(t) or pa.types.is_large_binary(t) or pa.types.is_binary_view(t))


def _is_list(t: Any) -> bool:
    return bool(pa.types.is_list(t) or pa.types.is_large_list(t))
