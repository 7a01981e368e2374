"""Where the text of each file lies in a shard: pages of its Parquet, so that one file is read without the others.

A page is 128 KiB of text or a few files more, compressed by itself. Pages are found by their headers (Thrift's compact
protocol, parquet.thrift `PageHeader`); a column chunk laid out otherwise than the writer of releases does it (another
encoding or compression, nulls) is read whole through Arrow instead, as one page. Knows nothing of postings.
"""

from __future__ import annotations

import mmap
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from isal import isal_zlib

from drystone.errors import ReleaseError
from drystone.release.layout import shown
from drystone.search import _kernel
from drystone.work.remote.mirror import opened

Ints = npt.NDArray[np.int64]
_COLUMN: Final = "content"
#: The kind of a page whose place is a row group to be read through Arrow.
ROW_GROUP: Final = 1
_DATA_PAGE, _PLAIN, _RLE = 0, 0, 3


class Page(NamedTuple):
    """One page: `kind` 0 with its byte offset, or `ROW_GROUP` with its number; bytes compressed and not; CRC-32."""

    kind: int
    place: int
    compressed: int
    size: int
    crc: int


class Read(NamedTuple):
    """A page that was read: its bytes, and where the value of each of its rows begins and how long it is (-1: null)."""

    page: Page
    data: memoryview
    starts: Ints
    lengths: Ints


class _OddError(Exception):
    """A column chunk is laid out in a way that is left to Arrow."""


class ReadShard:
    """The texts of one shard, from a memory map."""

    def __init__(self, path: Path) -> None:
        """Open the file. Raises `ReleaseError` where it is missing or empty."""
        self.path, self.name = path, str(path)
        try:
            with opened(path, lambda each: each.open("rb")) as file:
                self._map = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except FileNotFoundError:
            raise ReleaseError(f"{shown(str(path))} is missing. Fetch the release again") from None
        except (OSError, ValueError) as error:
            raise ReleaseError(f"{shown(str(path))} cannot be read: {error}") from None
        self._parquet: pq.ParquetFile | None = None

    def pages(self) -> Iterator[Read]:
        """Yield all pages, in the order of the rows. Raises `ReleaseError` for a file that is damaged."""
        try:
            metadata = self._opened().metadata
            column = metadata.schema.names.index(_COLUMN)
            for group in range(metadata.num_row_groups):
                chunk = metadata.row_group(group).column(column)
                try:
                    pages = list(self._chunk(chunk))
                except _OddError:
                    pages = [self._group(group)]
                yield from pages
        except (pa.ArrowException, OSError, ValueError) as error:
            raise self._damaged(error) from None

    def read(self, page: Page) -> memoryview:
        """Return the bytes of a page. Raises `ReleaseError` where they are not those that were indexed."""
        try:
            if page.kind == ROW_GROUP:
                return self._group(page.place).data
            return self._decompressed(page)
        except (pa.ArrowException, OSError, ValueError, IndexError) as error:
            raise self._damaged(error) from None

    def _damaged(self, error: Exception) -> ReleaseError:
        return damaged(str(self.path), error)

    def _opened(self) -> pq.ParquetFile:
        if self._parquet is None:
            self._parquet = pq.ParquetFile(pa.BufferReader(pa.py_buffer(self._map)), page_checksum_verification=True)
        return self._parquet

    def _decompressed(self, page: Page) -> memoryview:
        return unpacked(page, self._map[page.place : page.place + page.compressed])

    def _chunk(self, chunk: Any) -> Iterator[Read]:
        if chunk.compression != "ZSTD" or chunk.has_dictionary_page or chunk.physical_type != "BYTE_ARRAY":
            raise _OddError
        at, left = chunk.data_page_offset, chunk.num_values
        while left > 0:
            header, at = _header(self._map, at)
            of_data = header.get(5)
            if header.get(1) != _DATA_PAGE or not isinstance(of_data, dict) or of_data.get(2) != _PLAIN:
                raise _OddError
            compressed, size, values = header[3], header[2], of_data[1]
            crc = isal_zlib.crc32(self._map[at : at + compressed])
            if 4 in header and header[4] & 0xFFFFFFFF != crc:
                raise ValueError("a page has another checksum than its header says")
            page = Page(0, at, compressed, size, crc)
            data = self._decompressed(page)
            start = _after_levels(data, values) if of_data.get(3) == _RLE else -1
            if start < 0:
                raise _OddError
            starts, lengths = _kernel.plain_values(np.frombuffer(data, np.uint8), start, values)
            yield Read(page, data, starts, lengths)
            at += compressed
            left -= values

    def _group(self, group: int) -> Read:
        column = self._opened().read_row_group(group, columns=[_COLUMN]).column(0)
        texts = column.cast(pa.large_string()).combine_chunks()
        if isinstance(texts, pa.ChunkedArray):
            texts = pa.concat_arrays(texts.chunks) if texts.num_chunks else pa.array([], pa.large_string())
        _, offsets, data = texts.buffers()
        ends = np.frombuffer(offsets, np.int64, len(texts) + 1, texts.offset * 8)
        lengths = np.diff(ends)
        if texts.null_count:
            lengths = np.where(texts.is_null().to_numpy(zero_copy_only=False), -1, lengths)
        view = memoryview(data).cast("B") if data is not None else memoryview(b"")
        return Read(Page(ROW_GROUP, group, 0, len(view), 0), view, ends[:-1].copy(), lengths)


def damaged(path: str, error: Exception) -> ReleaseError:
    """Return the error of a shard whose texts are not those that were indexed."""
    return ReleaseError(
        f"{shown(path)} does not hold the text that its index was made for: {shown(str(error))[:200]}. "
        "Run drystone verify, or index the release again"
    )


def unpacked(page: Page, raw: memoryview) -> memoryview:
    """Return the bytes of a page of kind 0. Raises `ValueError` or Arrow's errors where it is another."""
    if len(raw) != page.compressed or isal_zlib.crc32(raw) != page.crc:
        raise ValueError("a page has another checksum")
    return memoryview(pa.decompress(raw, page.size, codec="zstd")).cast("B")


def unpacked_of(path: str, page: Page, raw: memoryview) -> memoryview:
    """Return the bytes of a page of a shard. Raises `ReleaseError` where they are not those that were indexed."""
    try:
        return unpacked(page, raw)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise damaged(path, error) from None


class Cache:
    """Pages read lately, up to a number of bytes; the oldest go first. The last one read is always kept.

    A page is known by the SHA-256 of its shard and its place there, so that releases share what they have in common.
    """

    def __init__(self, most: int) -> None:
        self._most, self._bytes = most, 0
        self._pages: OrderedDict[tuple[str, int], memoryview] = OrderedDict()

    def held(self, key: tuple[str, int]) -> memoryview | None:
        """Return a page that is kept."""
        found = self._pages.get(key)
        if found is not None:
            self._pages.move_to_end(key)
        return found

    def taken(self, key: tuple[str, int]) -> memoryview | None:
        """Return a page that is kept, and keep it no longer."""
        found = self._pages.pop(key, None)
        self._bytes -= len(found or b"")
        return found

    def keep(self, key: tuple[str, int], page: memoryview) -> memoryview:
        """Keep a page and return it."""
        self._bytes += len(page)
        self._pages[key] = page
        while self._bytes > self._most and len(self._pages) > 1:
            self._bytes -= len(self._pages.popitem(last=False)[1])
        return page


def _after_levels(data: memoryview, values: int) -> int:
    """Return where values begin in a page of a nullable column that has no nulls; -1 for any other page."""
    size = int.from_bytes(data[:4], "little")
    levels = data[4 : 4 + size]
    run, at = _varint(levels, 0)
    if run & 1 or run >> 1 != values or at + 1 != size or levels[at] != 1:
        return -1
    return 4 + size


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number in a page's header is too long")


def _zigzag(data: memoryview, at: int) -> tuple[int, int]:
    value, at = _varint(data, at)
    return (value >> 1) ^ -(value & 1), at


def _header(data: memoryview, at: int, depth: int = 0) -> tuple[dict[int, Any], int]:
    """Read a struct in Thrift's compact protocol: field numbers to integers, booleans and structs, and its end."""
    found: dict[int, Any] = {}
    field = 0
    while True:
        if depth > 4 or at >= len(data):
            raise ValueError("a page's header is damaged")
        byte = data[at]
        at += 1
        if byte == 0:
            return found, at
        if byte >> 4:
            field += byte >> 4
        else:
            field, at = _zigzag(data, at)
        kind = byte & 15
        if kind in {1, 2}:
            found[field] = kind == 1
        elif kind == 3:
            found[field] = data[at]
            at += 1
        elif kind in {4, 5, 6}:
            found[field], at = _zigzag(data, at)
        elif kind == 8:
            size, at = _varint(data, at)
            at += size
        elif kind == 12:
            found[field], at = _header(data, at, depth + 1)
        else:
            raise _OddError
