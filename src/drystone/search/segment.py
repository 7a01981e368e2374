"""A segment: the index of a few whole shards, one file of checksummed sections, read from a memory map.

docs/search.md has the format to the byte. Knows postings and rows; knows no query.
"""

from __future__ import annotations

import hashlib
import mmap
import struct
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from isal import isal_zlib

from drystone.errors import ReleaseError
from drystone.release.layout import shown
from drystone.release.manifest import FileEntry
from drystone.search import _kernel
from drystone.search.definitions.maker import KEYWORDS
from drystone.search.pages import Page
from drystone.search.remote.objects import RemoteFile, fetch

MAGIC: Final = b"drystone segment\n"
#: Raised by one with any change of the format or of the rules by which text becomes terms, passages or symbols.
VERSION: Final = 3
SUFFIX: Final = ".segment"
_HEAD: Final = struct.Struct("<17sBHI32s")  # magic, version, sections, CRC-32 of the directory, name
_SECTION: Final = struct.Struct("<12sIQQ")  # name, CRC-32, offset, bytes
_ALIGN: Final = 64
#: In this order: what every query needs lies at the front, and the beginning of the trigrams after it.
SECTIONS: Final = (
    "shards", "files", "stretches", "trigrams", "symbols", "names", "passages", "terms", "defined", "paths",
)  # fmt: skip
#: Bytes of an object that are read at once to open it: nearly always all files and the keys of all trigrams.
FRONT: Final = 640 << 10

#: What is set in `flags` of a file.
FLAGS: Final = {"vendor": 1, "generated": 2, "test": 4, "doc": 8, "configuration": 16}

#: One row for each file, in the order of its number: by origin, path and SWHID.
FILES: Final = pa.schema(
    [
        ("path", pa.string()),
        ("origin", pa.dictionary(pa.int32(), pa.string())),
        ("repo_name", pa.dictionary(pa.int32(), pa.string())),
        ("language", pa.dictionary(pa.int32(), pa.string())),
        ("license_expression", pa.dictionary(pa.int32(), pa.string())),
        ("license_type", pa.dictionary(pa.int32(), pa.string())),
        ("swhid", pa.binary(20)),
        ("flags", pa.uint8()),
        ("year", pa.int16()),  # of the commit; null where unknown
        ("lines", pa.int64()),
        ("bytes", pa.int64()),  # of the text
        ("shard", pa.uint16()),
        ("page", pa.int32()),
        ("start", pa.int64()),  # of the text in its page
        ("not_indexed", pa.string()),  # why the text is in no postings; null where it is
    ]
)
#: What of a file may be unknown; nothing else in a table is null.
_NULLABLE: Final = frozenset(
    {"repo_name", "language", "license_expression", "license_type", "year", "lines", "not_indexed", "origin"}
)
#: One row for each page that holds texts (see `pages.Page`).
PAGES: Final = pa.schema(
    [
        ("shard", pa.uint16()),
        ("kind", pa.uint8()),
        ("place", pa.int64()),
        ("compressed", pa.int64()),
        ("size", pa.int64()),
        ("crc", pa.uint32()),
    ]
)
#: One row for each stretch (whole lines, 4 KiB or a little more); those of a file divide its text.
STRETCHES: Final = pa.schema([("bytes", pa.uint32())])
#: One row for each passage; those of a file follow each other and divide its text.
PASSAGES: Final = pa.schema([("bytes", pa.uint16()), ("terms", pa.uint16())])
#: One row for each symbol, by name, then file, then line (from 1); `name` counts the lines of `names` from 0.
SYMBOLS: Final = pa.schema([("name", pa.int32()), ("file", pa.int32()), ("line", pa.int32()), ("kind", pa.uint8())])

#: Lists in a block of postings (kernel/search/postings.hpp).
BLOCK: Final = 32
#: Names that are looked up before their keys are sorted.
_LOOK_UPS: Final = 4

U32 = npt.NDArray[np.uint32]


def segment_name(entries: Sequence[FileEntry], symbols: str = KEYWORDS) -> str:
    """Return the name of the segment over these shards, hex: a hash of their bytes and of the format's version.

    And of `symbols`: what made the symbols, where that is not keywords.
    """
    made_by = [] if symbols == KEYWORDS else [f"symbols {symbols}"]
    lines = [f"drystone segment {VERSION}", *made_by, *(f"{entry.sha256} {entry.path}" for entry in entries)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


def segment_bytes(name: str, sections: Mapping[str, bytes]) -> list[bytes]:
    """Return the parts of a segment's file, to be written one after the other."""
    at = _HEAD.size + _SECTION.size * len(SECTIONS)
    directory, parts = [], []
    for section in SECTIONS:
        data = sections[section]
        gap = -at % _ALIGN
        directory.append(_SECTION.pack(section.encode(), isal_zlib.crc32(data), at + gap, len(data)))
        parts += [bytes(gap), data]
        at += gap + len(data)
    listed = b"".join(directory)
    head = _HEAD.pack(MAGIC, VERSION, len(SECTIONS), isal_zlib.crc32(listed + name.encode()), name.encode())
    return [head, listed, *parts]


def table_bytes(table: pa.Table) -> bytes:
    """Return a table as an Arrow IPC file with zstd-compressed buffers."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", 3))
    with pa.ipc.new_file(sink, table.schema, options=options) as writer:
        writer.write_table(table.combine_chunks())
    data: bytes = sink.getvalue().to_pybytes()
    return data


class Passages(NamedTuple):
    """Passages of a segment: the first of each file (and one more), where each begins in its text, norms for BM25."""

    first: U32
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    terms: npt.NDArray[np.uint16]


class Stretches(NamedTuple):
    """Stretches of a segment: the first of each file (and one more), the file of each, where each lies in its page."""

    first: U32
    files: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]


class Segment:
    """An opened segment. Sections are checked against their checksums when they are first used."""

    def __init__(
        self, path: Path, entries: Sequence[FileEntry], symbols: str = KEYWORDS, remote: RemoteFile | None = None
    ) -> None:
        """Open the index of `entries` with symbols made by `symbols`.

        It lies in a file here, or in an object of which `front` bytes have been read.

        Raises `ReleaseError` where the file is missing, cut off, no segment, of another version, or of other shards.
        """
        self.path, self.entries, self.name, self.remote = path, tuple(entries), segment_name(entries, symbols), remote
        if remote is not None:
            fetch([(remote, [(0, FRONT)])])
        self._data = self._mapped() if remote is None else remote.view
        self._sections = self._directory()
        self._codes: dict[str, tuple[list[Any], npt.NDArray[np.int32]]] = {}
        self._looked_up = 0

    def _mapped(self) -> memoryview:
        try:
            with self.path.open("rb") as file:
                return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except FileNotFoundError:
            raise ReleaseError(f"{self._shown} is missing. Run drystone index again") from None
        except (OSError, ValueError) as error:
            raise ReleaseError(f"{self._shown} cannot be read: {error}. Run drystone index again") from None

    @property
    def _shown(self) -> str:
        return shown(str(self.path))

    def _directory(self) -> dict[str, tuple[int, int, int]]:
        if len(self._data) < _HEAD.size:
            raise ReleaseError(f"{self._shown} is cut off. Run drystone index again")
        magic, version, count, crc, name = _HEAD.unpack_from(self._data)
        if magic != MAGIC:
            raise ReleaseError(f"{self._shown} is not a segment of an index. Run drystone index again")
        if version != VERSION:
            raise ReleaseError(
                f"{self._shown} has version {version} of the format, this program reads {VERSION}. "
                "Run drystone index again"
            )
        listed = bytes(self._data[_HEAD.size : _HEAD.size + count * _SECTION.size])
        if isal_zlib.crc32(listed + name) != crc or len(listed) != count * _SECTION.size:
            raise ReleaseError(f"{self._shown} is damaged at its beginning. Run drystone index again")
        if name.decode("latin-1") != self.name:
            raise ReleaseError(f"{self._shown} was made for other shards. Run drystone index again")
        found = {}
        for section, section_crc, offset, size in _SECTION.iter_unpack(listed):
            if offset + size > len(self._data):
                raise ReleaseError(f"{self._shown} is cut off. Run drystone index again")
            found[section.rstrip(b"\0").decode("latin-1")] = (section_crc, offset, size)
        if missing := set(SECTIONS) - set(found):
            raise ReleaseError(f"{self._shown} has no section {', '.join(sorted(missing))}. Run drystone index again")
        return found

    def section(self, name: str) -> memoryview:
        """Return the bytes of a section. Raises `ReleaseError` where their checksum is another."""
        crc, offset, size = self._sections[name]
        if self.remote is not None:
            fetch([(self.remote, [(offset, size)])])
        data = self._data[offset : offset + size]
        if isal_zlib.crc32(data) != crc:
            raise ReleaseError(
                f"{self._shown} is damaged: section '{name}' has another checksum. Run drystone index again"
            )
        return data

    def section_sizes(self) -> dict[str, int]:
        """Return the bytes of each section."""
        return {name: size for name, (_, _, size) in self._sections.items()}

    def _table(self, name: str, schema: pa.Schema) -> pa.Table:
        try:
            table = pa.ipc.open_file(pa.py_buffer(self.section(name))).read_all()
        except pa.ArrowException as error:
            raise ReleaseError(f"{self._shown} is damaged in section '{name}': {error}") from None
        if table.schema != schema:
            raise ReleaseError(f"{self._shown} has other columns in section '{name}'. Run drystone index again")
        try:
            table.validate(full=True)
        except pa.ArrowException as error:
            raise self._inconsistent(name, str(error)) from None
        if any(table.column(one).null_count for one in schema.names if one not in _NULLABLE):
            raise self._inconsistent(name, "a value is missing")
        return table

    def _inconsistent(self, name: str, why: str) -> ReleaseError:
        return ReleaseError(
            f"{self._shown} is damaged in section '{name}': {shown(why)[:200]}. Run drystone index again"
        )

    def _within(self, name: str, values: npt.NDArray[Any], most: int | npt.NDArray[Any]) -> None:
        """Raise `ReleaseError` where a value is below 0 or not below `most`."""
        if len(values) and (values.min() < 0 or np.any(values >= most)):
            raise self._inconsistent(name, "a number leads to nothing")

    def _postings(self, name: str) -> _kernel.Postings:
        try:
            return _kernel.Postings(np.frombuffer(self.section(name), np.uint8))
        except ValueError as error:
            raise ReleaseError(f"{self._shown} is damaged in section '{name}': {error}") from None

    @cached_property
    def files(self) -> pa.Table:
        """The files, under `FILES`."""
        return self._table("files", FILES)

    @cached_property
    def count(self) -> int:
        """How many files there are."""
        count: int = self.files.num_rows
        return count

    @cached_property
    def pages(self) -> list[tuple[int, Page]]:
        """Pages with the number of their shard, in the order that `files.page` counts."""
        rows = self._table("shards", PAGES).to_pydict()
        self._within("shards", np.array(rows["shard"], np.int64), len(self.entries))
        return [(shard, Page(*page)) for shard, *page in zip(*(rows[name] for name in PAGES.names), strict=True)]

    @cached_property
    def starts(self) -> npt.NDArray[np.int64]:
        """Where the text of each file begins in its page."""
        starts: npt.NDArray[np.int64] = column(self.files, "start")
        return starts

    @cached_property
    def sizes(self) -> npt.NDArray[np.int64]:
        """The bytes of each text."""
        sizes: npt.NDArray[np.int64] = column(self.files, "bytes")
        return sizes

    @cached_property
    def flags(self) -> npt.NDArray[np.uint8]:
        """The flags of each file: bits of `FLAGS`."""
        flags: npt.NDArray[np.uint8] = column(self.files, "flags")
        return flags

    @cached_property
    def indexed(self) -> npt.NDArray[np.bool_]:
        """Whether the text of each file is in the postings."""
        chunks = self.files.column("not_indexed").chunks
        return ~_valid(chunks[0]) if chunks else np.zeros(0, bool)

    @cached_property
    def page_numbers(self) -> npt.NDArray[np.int32]:
        """The page of each file."""
        numbers: npt.NDArray[np.int32] = column(self.files, "page")
        self._within("files", numbers, len(self.pages))
        sizes = np.array([page.size for _, page in self.pages], np.int64)
        self._within("files", self.sizes, sizes[numbers] + 1)
        self._within("files", self.starts, sizes[numbers] - self.sizes + 1)
        return numbers

    @cached_property
    def _values(self) -> dict[str, tuple[list[Any] | pa.Array, npt.NDArray[np.int32] | None]]:
        """Each column: its values; or its distinct values and, for each file, which one it is (the last: none)."""
        found: dict[str, tuple[list[Any] | pa.Array, npt.NDArray[np.int32] | None]] = {}
        for name in FILES.names:
            if pa.types.is_dictionary(FILES.field(name).type):
                found[name] = self.codes(name)
            else:
                found[name] = self.files.column(name).combine_chunks(), None
        return found

    @cached_property
    def batch(self) -> pa.RecordBatch:
        """The files as one batch."""
        batches = self.files.combine_chunks().to_batches()
        return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=FILES)

    def codes(self, name: str) -> tuple[list[Any], npt.NDArray[np.int32]]:
        """Return the distinct values of a column, the last of them None, and for each file which one it has."""
        found = self._codes.get(name)
        if found is None:
            chunks = self.files.column(name).chunks
            if not chunks:
                return [None], np.zeros(0, np.int32)
            values = [*chunks[0].dictionary.to_pylist(), None]
            found = self._codes[name] = values, numbers(chunks[0].indices, len(values) - 1)
        return found

    @cached_property
    def hashes(self) -> npt.NDArray[np.uint8]:
        """The hash of each file's SWHID, shape (files, 20)."""
        chunks = self.files.column("swhid").chunks
        found = [np.frombuffer(c.buffers()[1], np.uint8, len(c) * 20, c.offset * 20) for c in chunks]
        return (found[0] if found else np.zeros(0, np.uint8)).reshape(-1, 20)

    @cached_property
    def years(self) -> npt.NDArray[np.int16]:
        """The year of each file, 0 where unknown."""
        return column(self.files, "year")

    def value(self, name: str, file: int) -> Any:
        """Return one column of one file."""
        values, codes = self._values[name]
        return values[file].as_py() if codes is None else values[codes[file]]

    def definers(self, name: str, folded: bool) -> npt.NDArray[np.int64]:
        """Return the files that define a name, in any case if `folded`."""
        return self._symbol_rows[1][self._defining_rows(name, folded)].astype(np.int64)

    def defining_lines(self, name: str, folded: bool, file: int) -> list[int]:
        """Return the lines of a file that define a name, in any case if `folded`."""
        rows = self._defining_rows(name, folded)
        return sorted(column(self.symbols, "line")[rows[self._symbol_rows[1][rows] == file]].tolist())

    def _defining_rows(self, name: str, folded: bool) -> npt.NDArray[np.int64]:
        """Return the rows of `symbols` that have a name."""
        numbers = self._named(name.encode(), folded)
        if not len(numbers):
            return np.zeros(0, np.int64)
        of_row, _ = self._symbol_rows
        numbers = numbers.astype(of_row.dtype)  # else all rows would be made as wide
        low, high = np.searchsorted(of_row, numbers, "left"), np.searchsorted(of_row, numbers, "right")
        return np.concatenate([np.arange(a, b) for a, b in zip(low.tolist(), high.tolist(), strict=True)])

    def _named(self, name: bytes, folded: bool) -> npt.NDArray[np.int64]:
        """Return the lines of `names` that are a name, in any case if `folded`, from 0."""
        if self._looked_up < _LOOK_UPS:  # to look through the names once is far less than to sort their keys
            self._looked_up += 1
            wanted, names = (_kernel.fold(one) if folded else one for one in (name, self.names))
            return np.array(_lines_that_are(wanted, names), np.int64)
        keys, order = self._name_keys
        key = np.uint64(_kernel.term_key(_kernel.fold(name)))
        numbers = order[np.searchsorted(keys, key, "left") : np.searchsorted(keys, key, "right")]
        if not folded and len(numbers):
            lines, begins = self.name_lines
            numbers = np.array([n for n in numbers.tolist() if lines.startswith(name + b"\n", begins[n])], np.int64)
        return numbers

    @cached_property
    def _name_keys(self) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
        """Keys of the folded names, ascending, and which line of `names` each is of."""
        keys = _kernel.line_keys(_kernel.fold(self.names))
        order = np.argsort(keys, kind="stable")
        return keys[order], order

    @cached_property
    def _symbol_rows(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """The name and the file of each symbol."""
        return column(self.symbols, "name"), column(self.symbols, "file")

    @cached_property
    def ranked(self) -> npt.NDArray[np.int64]:
        """All files: what people wrote for use first, then tests, then what is vendored or generated.

        Within one rank by where their texts lie, so that each page is unpacked once.
        """
        beside = self.flags & np.uint8(FLAGS["vendor"] | FLAGS["generated"])
        rank = beside * np.uint8(2) + (self.flags & np.uint8(FLAGS["test"]))
        return np.lexsort((self.starts, self.page_numbers, rank))

    def unpack(self) -> None:
        """Unpack what every search for texts needs. Raises `ReleaseError` where it is damaged."""
        _ = self.ranked, self.stretches

    @cached_property
    def places(self) -> npt.NDArray[np.int64]:
        """The place of each file in `ranked`."""
        places = np.empty(self.count, np.int64)
        places[self.ranked] = np.arange(self.count)
        return places

    @cached_property
    def stretches(self) -> Stretches:
        """The division of the files into stretches. Raises `ReleaseError` where it is none."""
        lengths = column(self._table("stretches", STRETCHES), "bytes").astype(np.int64)
        first, begins, ends = self._divided(lengths, "stretches")
        of_file = np.repeat(np.arange(self.count), np.diff(first))
        moved = (self.starts - begins)[of_file]
        return Stretches(first.astype(np.uint32), of_file, ends - lengths + moved, ends + moved)

    def _divided(self, lengths: npt.NDArray[np.int64], what: str) -> tuple[Any, Any, Any]:
        """Return the first part of each file (and one more), where files begin one after the other, and parts end."""
        sizes = np.where(self.indexed, self.sizes, 0)
        ends, begins = np.cumsum(lengths), np.concatenate([[0], np.cumsum(sizes)])
        first = np.searchsorted(ends, begins, side="right")
        if len(lengths) != first[-1] or lengths.sum() != sizes.sum() or (len(lengths) and lengths.min() == 0):
            raise ReleaseError(f"{self._shown} is damaged: {what} do not divide its files. Run drystone index again")
        return first, begins[:-1], ends

    @cached_property
    def division(self) -> _kernel.Division:
        """Which file each stretch is of, for the kernel."""
        return _kernel.Division(self.stretches.first)

    @cached_property
    def trigrams(self) -> _kernel.Postings:
        """Trigrams to stretches."""
        return self._postings("trigrams")

    @cached_property
    def read_trigrams(self) -> _kernel.Postings:
        """Trigrams to stretches, of an object: only for trigrams whose ranges (`list_ranges`) have been fetched."""
        _, offset, size = self._sections["trigrams"]
        return _kernel.Postings(np.frombuffer(self._data[offset : offset + size], np.uint8))

    def section_ranges(self, names: Iterable[str]) -> list[tuple[int, int]]:
        """Return where sections lie: offset and bytes."""
        return [self._sections[name][1:] for name in names]

    def dictionary_range(self) -> tuple[int, int]:
        """Return where the keys of the trigrams lie, as far as their number is known: offset and bytes."""
        _, offset, _ = self._sections["trigrams"]
        return offset, 40 + 16 * self._blocks(offset)

    def _blocks(self, offset: int) -> int:
        return -(-int.from_bytes(self._data[offset : offset + 8], "little") // BLOCK)

    def list_ranges(self, keys: npt.NDArray[np.uint64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return where the blocks lie that hold lists of trigrams, if there are any: offsets and bytes."""
        _, offset, size = self._sections["trigrams"]
        blocks = self._blocks(offset)
        head = np.frombuffer(self._data[offset + 40 : offset + 40 + 16 * blocks], "<u8")
        first, begin = head[:blocks], head[blocks:].astype(np.int64)
        ends = np.append(begin[1:], size - 40 - 16 * blocks)
        if not blocks:  # no text has a trigram
            return np.zeros(len(keys), np.int64) + offset, np.zeros(len(keys), np.int64)
        at = np.maximum(np.searchsorted(first, keys, "right") - 1, 0)
        return begin[at] + offset + 40 + 16 * blocks, ends[at] - begin[at]

    @cached_property
    def terms(self) -> _kernel.Postings:
        """Terms to passages."""
        return self._postings("terms")

    @cached_property
    def defined(self) -> _kernel.Postings:
        """Terms of names to the passages that define them."""
        return self._postings("defined")

    @cached_property
    def path_terms(self) -> _kernel.Postings:
        """Terms of paths to files."""
        return self._postings("paths")

    @cached_property
    def passages(self) -> Passages:
        """The division of the files into passages. Raises `ReleaseError` where it is none."""
        table = self._table("passages", PASSAGES)
        lengths = column(table, "bytes").astype(np.int64)
        first, begins, ends = self._divided(lengths, "passages")
        begin = begins[np.repeat(np.arange(self.count), np.diff(first))]
        return Passages(first.astype(np.uint32), ends - lengths - begin, ends - begin, column(table, "terms"))

    @cached_property
    def symbols(self) -> pa.Table:
        """The symbols, under `SYMBOLS`."""
        table = self._table("symbols", SYMBOLS)
        self._within("symbols", column(table, "file"), self.count)
        self._within("symbols", column(table, "name"), self.names.count(b"\n"))
        return table

    @cached_property
    def names(self) -> bytes:
        """The distinct names of symbols, sorted, each ended by a line end."""
        data = self.section("names")
        if len(data) < 8:
            raise ReleaseError(f"{self._shown} is damaged in section 'names'. Run drystone index again")
        try:
            return bytes(pa.decompress(data[8:], int.from_bytes(data[:8], "little"), codec="zstd"))
        except (pa.ArrowException, OSError) as error:
            raise ReleaseError(f"{self._shown} is damaged in section 'names': {error}") from None

    @cached_property
    def path_lines(self) -> tuple[bytes, npt.NDArray[np.int64]]:
        """All paths, one a line, and where each begins; a line end inside a path is shown as a space."""
        paths = pc.replace_substring(self.files.column("path"), "\n", " ").to_pylist()
        joined = "".join(f"{path}\n" for path in paths).encode()
        return joined, _line_starts(joined)

    @cached_property
    def name_lines(self) -> tuple[bytes, npt.NDArray[np.int64]]:
        """The names of symbols, and where each begins."""
        return self.names, _line_starts(self.names)


def rows(segment: Segment, schema: pa.Schema, files: npt.NDArray[np.int64]) -> pa.Table:
    """Return columns of some files as a table under `schema`, which has none of them as a dictionary."""
    chosen = np.ascontiguousarray(files, np.int64)  # (`pa.array` of it would load pandas.)
    indices = pa.Array.from_buffers(pa.int64(), len(chosen), [None, pa.py_buffer(chosen)])
    taken = segment.batch.select(schema.names).take(indices)
    columns = [one.dictionary_decode() if isinstance(one, pa.DictionaryArray) else one for one in taken.columns]
    return pa.Table.from_arrays(columns, schema=schema)


def numbers(array: pa.Array, null: int) -> npt.NDArray[Any]:
    """Return the numbers of an array of integers with `null` for those that are null. (`fill_null` loads pandas.)"""
    sign = "u" if pa.types.is_unsigned_integer(array.type) else "i"
    kind = np.dtype(f"<{sign}{array.type.bit_width // 8}")
    found = np.frombuffer(array.buffers()[1], kind, len(array), array.offset * kind.itemsize)
    if not array.null_count:
        return found
    return np.where(_valid(array), found, kind.type(null))


def _valid(array: pa.Array) -> npt.NDArray[np.bool_]:
    """Return which values are not null. (`to_numpy` loads pandas.)"""
    if not array.null_count:
        return np.ones(len(array), bool)
    bits = np.unpackbits(np.frombuffer(array.buffers()[0], np.uint8), bitorder="little")
    return bits[array.offset : array.offset + len(array)].astype(bool)


def column(table: pa.Table, name: str, null: int = 0) -> npt.NDArray[Any]:
    """Return a column of integers of a table that was read whole, with `null` for those that are null."""
    chunks = table.column(name).chunks
    if chunks:
        return numbers(chunks[0], null)
    return np.zeros(0, f"i{table.schema.field(name).type.bit_width // 8}")


def _lines_that_are(wanted: bytes, lines: bytes) -> list[int]:
    """Return which of lines are these bytes, from 0."""
    needle, text = b"\n" + wanted + b"\n", b"\n" + lines
    found, line, before, at = list[int](), 0, 0, text.find(needle)
    while at >= 0:
        line += text.count(b"\n", before, at)
        found.append(line)
        before, at = at, text.find(needle, at + 1)
    return found


def _line_starts(joined: bytes) -> npt.NDArray[np.int64]:
    ends = np.flatnonzero(np.frombuffer(joined, np.uint8) == ord("\n")) + 1
    return np.concatenate([np.zeros(1, np.int64), ends[:-1]]) if len(ends) else np.zeros(0, np.int64)
