"""20-byte ids as numpy arrays that sort and compare byte by byte, and back; row numbers as such ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import NDArray

ID = pa.binary(20)


def to_numpy(column: pa.Array | pa.ChunkedArray) -> NDArray[np.bytes_]:
    """Return ids without nulls as "S20"; every value has all its 20 bytes, so numpy's padding rule changes nothing."""
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], ID)
    if len(column) == 0:
        return np.empty(0, "S20")
    return np.frombuffer(column.buffers()[1], "S20")[column.offset : column.offset + len(column)]


def to_arrow(ids: NDArray[np.bytes_], valid: NDArray[np.bool_] | None = None) -> pa.Array:
    """Return "S20" ids as fixed-size binary, null where `valid` is false."""
    bitmap = None if valid is None else pa.py_buffer(np.packbits(valid, bitorder="little"))
    return pa.FixedSizeBinaryArray.from_buffers(ID, len(ids), [bitmap, pa.py_buffer(ids.tobytes())])


def from_rows(first: int, count: int) -> pa.Array:
    """Return the ids of rows `first` to `first + count - 1`: twelve zero bytes and the big-endian row number."""
    data = np.zeros((count, 20), np.uint8)
    data[:, 12:] = np.arange(first, first + count, dtype=">u8").view(np.uint8).reshape(-1, 8)
    return pa.FixedSizeBinaryArray.from_buffers(ID, count, [None, pa.py_buffer(data)])


def to_rows(column: pa.Array | pa.ChunkedArray) -> NDArray[np.int64]:
    """Return the row numbers behind such ids; -1 for null."""
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], ID)
    if len(column) == 0:
        return np.empty(0, np.int64)
    data = np.frombuffer(column.buffers()[1], np.uint8)[20 * column.offset : 20 * (column.offset + len(column))]
    rows: NDArray[Any] = np.ascontiguousarray(data.reshape(-1, 20)[:, 12:]).view(">i8").reshape(-1).astype(np.int64)
    if column.null_count:
        rows = np.where(column.is_valid().to_numpy(zero_copy_only=False), rows, -1)
    return rows
