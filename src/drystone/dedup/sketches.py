"""Arrow texts in, sketches and signatures out; the work is the kernel's. Knows nothing of candidates or files."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from drystone.dedup import _kernel
from drystone.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from drystone.dedup.method import Method


@lru_cache(maxsize=8)
def sketcher(method: Method, variant: str = "") -> Any:
    """Return the kernel's sketcher for a method; safe to share between threads."""
    bands, rows = method.banding
    return _kernel.Sketcher(method.sketch == "oph", method.size, bands, rows, method.seed, variant)


def buffers(texts: pa.Array) -> tuple[NDArray[np.uint8], NDArray[Any], NDArray[np.bool_]]:
    """Return the bytes of a text array, its n + 1 offsets, and which are valid (empty: all); copies nothing.

    Raises `UsageError` for any other type.
    """
    kind = texts.type
    if pa.types.is_dictionary(kind):
        texts = texts.dictionary_decode()
        kind = texts.type
    if kind in (pa.binary_view(), pa.string_view()) or pa.types.is_fixed_size_binary(kind):
        texts = texts.cast(pa.large_binary())
        kind = texts.type
    if pa.types.is_null(kind):
        texts = texts.cast(pa.binary())
        kind = texts.type
    if pa.types.is_binary(kind) or pa.types.is_string(kind):
        width: type[np.signedinteger[Any]] = np.int32
    elif pa.types.is_large_binary(kind) or pa.types.is_large_string(kind):
        width = np.int64
    else:
        raise UsageError(f"texts are of type {kind}; they must be string or binary")
    _, offsets, data = texts.buffers()
    count = len(texts)
    if count == 0 or offsets is None:
        return np.empty(0, np.uint8), np.zeros(1, np.int64), np.empty(0, np.bool_)
    ends = np.frombuffer(offsets, width)[texts.offset : texts.offset + count + 1]
    ends = np.require(ends, requirements="A")  # a reader of Arrow files may leave them unaligned
    valid = texts.is_valid().to_numpy(zero_copy_only=False) if texts.null_count else np.empty(0, np.bool_)
    return np.frombuffer(data, np.uint8) if data is not None and data.size else np.empty(0, np.uint8), ends, valid


def dressed(texts: pa.Array, method: Method) -> pa.Array:
    """Return the texts as the method compares them: themselves, or their code in another dress, one word a token.

    What it gives is compared word by word. Null stays null. Raises `UsageError` where they are not string or binary.
    """
    if method.tokens == "words":
        return texts
    data, ends = _kernel.code_words(*buffers(texts))
    bitmap = None
    if texts.null_count:
        valid = texts.is_valid().to_numpy(zero_copy_only=False)
        bitmap = pa.py_buffer(np.packbits(valid, bitorder="little"))
    return pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(texts), [bitmap, pa.py_buffer(ends), pa.py_buffer(data)]
    )


@dataclass(frozen=True)
class Spans:
    """Texts as spans of a few buffers: text i is `lengths[i]` bytes of `buffers[which[i]]` from `starts[i]`."""

    buffers: list[NDArray[np.uint8]]
    which: NDArray[np.int64]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, texts: pa.ChunkedArray) -> Spans:
        """Return the texts of string or binary arrays; null is empty. Copies no text."""
        parts = [buffers(chunk) for chunk in texts.chunks]
        starts = np.concatenate([np.empty(0, np.int64), *(offsets[:-1] for _, offsets, _ in parts)]).astype(np.int64)
        ends = np.concatenate([np.empty(0, np.int64), *(offsets[1:] for _, offsets, _ in parts)]).astype(np.int64)
        which = np.repeat(np.arange(len(parts)), [len(offsets) - 1 for _, offsets, _ in parts])
        return cls([data for data, _, _ in parts], which, starts, ends - starts)

    def dressed(self, method: Method) -> Spans:
        """Return the texts as the method compares them."""
        if method.tokens == "words":
            return self
        places = zip(self.which.tolist(), self.starts.tolist(), self.lengths.tolist(), strict=True)
        texts = [self.buffers[at][start : start + length].tobytes() for at, start, length in places]
        return Spans.of(pa.chunked_array([dressed(pa.array(texts, pa.large_binary()), method)]))

    def take(self, rows: NDArray[np.int64]) -> Spans:
        """Return the texts of these rows, in their order."""
        return Spans(self.buffers, self.which[rows], self.starts[rows], self.lengths[rows])

    def __len__(self) -> int:
        return len(self.which)


def signature_type(method: Method) -> pa.DataType:
    """Return the type of a signature: a fixed-size binary of 4 * (1 + bands) bytes."""
    return pa.binary(4 * (1 + method.banding[0]))


def signatures(texts: pa.Array | pa.ChunkedArray, method: Method, variant: str = "") -> pa.Array:
    """Return each text's signature, null for null and for fewer than 5 tokens.

    A signature is little-endian uint32 words: the number of shingles (repetitions included, at most 2^32 - 1), then one
    key a band. The texts' buffers are read in place, without the GIL. Raises `UsageError` where they are not string
    or binary.
    """
    if isinstance(texts, pa.ChunkedArray):
        parts = [signatures(chunk, method, variant) for chunk in texts.chunks]
        return pa.concat_arrays(parts) if parts else pa.array([], signature_type(method))
    words = sketcher(method, variant).signatures(*buffers(dressed(texts, method)))
    missing = words[:, 0] == 0
    bitmap = pa.py_buffer(np.packbits(~missing, bitorder="little")) if missing.any() else None
    return pa.FixedSizeBinaryArray.from_buffers(signature_type(method), len(words), [bitmap, pa.py_buffer(words)])


def words(column: pa.Array, method: Method) -> NDArray[np.uint32]:
    """Return signatures (fixed-size or plain binary) as (n, 1 + bands) uint32; zeros for null.

    Raises `UsageError` where their width is another method's.
    """
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        with contextlib.suppress(pa.ArrowInvalid):  # other lengths
            column = column.cast(signature_type(method))
    if column.type != signature_type(method):
        raise UsageError(
            f"signatures are of type {column.type}, but this method makes {signature_type(method)}; "
            "sketch the texts again with this method"
        )
    width = 1 + method.banding[0]
    if len(column) == 0:
        return np.empty((0, width), np.uint32)
    data = np.frombuffer(column.buffers()[1], np.uint32)
    rows = data[column.offset * width : (column.offset + len(column)) * width].reshape(-1, width)
    if column.null_count:
        rows = np.where(column.is_valid().to_numpy(zero_copy_only=False)[:, None], rows, np.uint32(0))
    return rows


def sketch(texts: pa.Array | pa.ChunkedArray, method: Method, variant: str = "") -> pa.Array:
    """Return each text's sketch as a fixed-size list of `method.size` uint32, null for fewer than 5 tokens.

    The share of equal values in two sketches estimates the Jaccard similarity of their shingle sets, with standard
    deviation sqrt(s (1 - s) / size). Raises `UsageError` where the texts are not string or binary.
    """
    if isinstance(texts, pa.ChunkedArray):
        kind = pa.list_(pa.uint32(), method.size)
        parts = [sketch(chunk, method, variant) for chunk in texts.chunks]
        return pa.concat_arrays(parts) if parts else pa.array([], kind)
    values, counts = sketcher(method, variant).sketches(*buffers(dressed(texts, method)))
    return pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), method.size, mask=pa.array(counts == 0))
