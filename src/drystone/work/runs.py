"""Sorted runs on disk: tables keyed by 20-byte hashes, read again one range of keys, or one group, at a time.

What lets joins over any number of rows stay within the memory of one range. Like `ranges`, but for keys alone: columns
are read as they lie on disk, and keys are sorted and found as numbers, hundreds of millions of them. Knows nothing of
what the rows mean.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from drystone.errors import BuildError
from drystone.work.files import whole
from drystone.work.remote.mirror import names, opened

#: The type of a key: a SHA-1.
KEY: Final = pa.binary(20)
#: Rows of one batch: the least that is read at a time.
_BATCH_ROWS: Final = 4096
#: Rows that one range of a join holds at a time, about.
ROWS_PER_RANGE: Final = 1 << 20

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

_NOT_HEX: Final = 255
_NIBBLE = np.full(256, _NOT_HEX, np.uint8)
_NIBBLE[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)
#: Two hex digits, as a little-endian number, to their byte; 256 for what is none.
_PAIR: Final = np.full(65536, 256, np.uint16)
for _high in b"0123456789abcdef":
    for _low in b"0123456789abcdef":
        _PAIR[_high | _low << 8] = _NIBBLE[_high] << 4 | _NIBBLE[_low]


def as_array(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return a column as one array."""
    if isinstance(column, pa.ChunkedArray):
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return column


def keys_of_hex(column: pa.Array | pa.ChunkedArray, width: int = 20) -> pa.Array:
    """Return hex strings as keys of `width` bytes. Raises ValueError where one is something else, or null."""
    text = as_array(column)
    if text.null_count:
        raise ValueError("an identifier is null")
    count = len(text)
    if not count:
        return pa.array([], pa.binary(width))
    wide = pa.types.is_large_string(text.type) or pa.types.is_large_binary(text.type)
    kind, size = (np.int64, 8) if wide else (np.int32, 4)
    offsets = np.frombuffer(text.buffers()[1], kind, count + 1, text.offset * size)
    if not (np.diff(offsets) == 2 * width).all():
        raise ValueError(f"an identifier has not {2 * width} digits")
    digits = np.frombuffer(text.buffers()[2], np.uint8, 2 * width * count, int(offsets[0]))
    found = _PAIR[digits.view("<u2") if digits.ctypes.data % 2 == 0 else digits.copy().view("<u2")]
    if int(found.max()) > 255:
        raise ValueError("an identifier is not written in lowercase hex digits")
    return pa.Array.from_buffers(pa.binary(width), count, [None, pa.py_buffer(found.astype(np.uint8))])


def keys_or_null(column: pa.Array | pa.ChunkedArray, width: int = 20) -> pa.Array:
    """Return hex strings as keys, null where they are. Raises ValueError as `keys_of_hex` does."""
    text = as_array(column)
    if not text.null_count:
        return keys_of_hex(text, width)
    found = keys_of_hex(pc.fill_null(text, "0" * 2 * width), width)
    return pc.if_else(pc.is_valid(text), found, pa.scalar(None, found.type))


def unhex(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return hex strings of any length as binary, null where they are. Raises ValueError where one is no hex."""
    found = [None if text is None else bytes.fromhex(text) for text in column.to_pylist()]
    return pa.array(found, pa.binary())


def keys(data: npt.NDArray[Any] | bytes) -> pa.Array:
    """Return 20 bytes for each row as keys, without copying."""
    buffer = pa.py_buffer(np.ascontiguousarray(data) if not isinstance(data, bytes) else data)
    return pa.Array.from_buffers(KEY, buffer.size // 20, [None, buffer])


def rows(column: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.uint8]:
    """Return keys as an array of shape (count, 20)."""
    array = as_array(column)
    if not len(array):
        return np.empty((0, 20), np.uint8)
    return np.frombuffer(array.buffers()[1], np.uint8, 20 * len(array), 20 * array.offset).reshape(-1, 20)


_WORDS: Final = np.dtype([("first", ">u8"), ("second", ">u8"), ("third", ">u4")])


def _words(found: npt.NDArray[np.uint8]) -> tuple[Words, Words, Words]:
    """Return keys as three numbers each, whose order is that of the bytes."""
    words = np.ascontiguousarray(found).view(_WORDS).ravel()
    return words["first"].astype(np.uint64), words["second"].astype(np.uint64), words["third"].astype(np.uint64)


def distinct(values: Ints) -> Ints:
    """Return the distinct values in ascending order (numpy.unique hashes, which takes far longer)."""
    ordered = np.sort(values)
    first = np.concatenate([np.ones(min(1, len(ordered)), bool), ordered[1:] != ordered[:-1]])
    return np.asarray(ordered[first], np.int64)


class Sorted:
    """Keys in order: `order` sorts them, equal ones as they came; `starts` is where each distinct one begins in it."""

    def __init__(self, column: pa.Array | pa.ChunkedArray) -> None:
        first, second, third = _words(rows(column))
        order = np.argsort(first)
        words = first[order], second[order], third[order]
        same = words[0][1:] == words[0][:-1]
        whole = same & (words[1][1:] == words[1][:-1]) & (words[2][1:] == words[2][:-1])
        if (same & ~whole).any():  # two hashes begin with the same 8 bytes: somebody worked for it
            order = np.lexsort((third, second, first))
            words = first[order], second[order], third[order]
            whole = (words[0][1:] == words[0][:-1]) & (words[1][1:] == words[1][:-1]) & (words[2][1:] == words[2][:-1])
        first_of = np.concatenate([np.ones(min(1, len(order)), bool), ~whole])
        if whole.any():  # a stable argsort takes several times as long as this second sort, of numbers
            order = np.sort(np.cumsum(first_of) << 32 | order) & 0xFFFFFFFF
        self.order: Ints = order
        self.starts: Ints = np.flatnonzero(first_of)
        self.index = Keys(*(word[self.starts] for word in words))

    @property
    def numbers(self) -> Ints:
        """For each row in order the number of its distinct key."""
        numbers = np.zeros(len(self.order), np.int64)
        numbers[self.starts[1:]] = 1
        return np.cumsum(numbers)


class Keys:
    """Distinct keys in ascending order, to be found again."""

    def __init__(self, first: Words, second: Words, third: Words) -> None:
        self._words = first, second, third
        self._unique = not (first[1:] == first[:-1]).any()

    @classmethod
    def of(cls, column: pa.Array | pa.ChunkedArray) -> Keys:
        """Return the index of keys that are distinct and ascending already."""
        return cls(*_words(rows(column)))

    def __len__(self) -> int:
        return len(self._words[0])

    def find(self, column: pa.Array | pa.ChunkedArray) -> Ints:
        """Return the number of each key, -1 for those that are not there."""
        wanted = _words(rows(column))
        if not len(self):
            return np.full(len(wanted[0]), -1, np.int64)
        at = np.searchsorted(self._words[0], wanted[0])
        while True:
            here = np.minimum(at, len(self) - 1)
            near = (self._words[0][here] == wanted[0]) & (at < len(self))
            equal = near & (self._words[1][here] == wanted[1]) & (self._words[2][here] == wanted[2])
            if self._unique or not (near & ~equal).any():
                return np.where(equal, at, -1)
            at = at + (near & ~equal)

    def matches(self, column: pa.Array | pa.ChunkedArray) -> tuple[Ints, Ints]:
        """Return which rows of an ascending column have a key of these: the key's number, and the row's."""
        found = rows(column)
        if len(self) * 8 > len(found):
            at = self.find(column)
            here = np.flatnonzero(at >= 0)
            return at[here], here
        # Few keys in many rows: each looks for its rows, and not the other way round.
        words = np.ascontiguousarray(found).view(_WORDS).ravel()
        first = words["first"].astype(np.uint64)
        start = np.searchsorted(first, self._words[0])
        numbers, at = expand(start, np.searchsorted(first, self._words[0], side="right") - start)
        equal = (words["second"][at] == self._words[1][numbers]) & (words["third"][at] == self._words[2][numbers])
        return numbers[equal], at[equal]


def expand(starts: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """Return for slices (start, count) the slice that each element comes from, and the elements' positions."""
    owners = np.repeat(np.arange(len(counts)), counts)
    ends = np.cumsum(counts)
    positions = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - counts, counts) + starts[owners]
    return owners, positions


def batched(tables: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    """Yield tables put together and cut, so that each but the last has exactly so many rows."""
    held: list[pa.Table] = []
    count = 0
    for table in tables:
        first = 0
        while count + table.num_rows - first >= rows:
            held.append(table.slice(first, rows - count))
            first += rows - count
            yield pa.concat_tables(held)
            held, count = [], 0
        if first < table.num_rows:
            held.append(table.slice(first))
            count += table.num_rows - first
    if held:
        yield pa.concat_tables(held)


def range_count(count: int, per_range: int = ROWS_PER_RANGE) -> int:
    """Return into how many ranges of keys so many rows are cut."""
    return max(1, -(-count // per_range))


def write_run(path: Path, table: pa.Table) -> None:
    """Write a table in the order of its first column, a key."""
    column = as_array(table.column(0))
    firsts = b"".join(column[at].as_py() for at in range(0, len(column), _BATCH_ROWS))
    table = table.combine_chunks()
    _write(path, table.replace_schema_metadata({"firsts": firsts}), table.to_batches(max_chunksize=_BATCH_ROWS))


def write_sorted(path: Path, table: pa.Table) -> Sorted:
    """Sort a table by its first column, a key, and write it."""
    order = Sorted(table.column(0))
    write_run(path, table.take(order.order))
    return order


def read_range(
    paths: Iterable[Path], schema: pa.Schema, low: bytes = b"", high: bytes | None = None, columns: Sequence[str] = ()
) -> pa.Table:
    """Read the rows of runs whose key is at least `low` and below `high`, run after run; the key is always read."""
    names = [name for name in schema.names if not columns or name in columns or name == schema.names[0]]
    parts = [part for path in paths for part in _batches(path, schema, low, high, names)]
    wanted = pa.schema([schema.field(name) for name in names])
    return pa.Table.from_batches(parts, wanted).combine_chunks()


def _batches(path: Path, schema: pa.Schema, low: bytes, high: bytes | None, names: list[str]) -> Iterator[Any]:
    options = pa.ipc.IpcReadOptions(included_fields=[schema.get_field_index(n) for n in names], use_threads=False)
    wanted = pa.schema([schema.field(name) for name in names])
    with opened(path, _file) as file, pa.ipc.open_file(file, options=options) as reader:
        firsts = reader.schema.metadata[b"firsts"]
        starts = [firsts[at : at + 20] for at in range(0, len(firsts), 20)]
        begin = max(0, bisect.bisect_left(starts, low) - 1)
        end = len(starts) if high is None else bisect.bisect_left(starts, high)
        for number in range(begin, end):
            batch = reader.get_batch(number)
            column = batch.column(0)
            before = 0 if starts[number] >= low else _position(column, low)
            last = number == len(starts) - 1 or high is not None
            after = _position(column, high) if high is not None and last else batch.num_rows
            if after > before:
                found = batch.slice(before, after - before)
                if 2 * found.num_rows < batch.num_rows:
                    # A slice would keep its batch in memory: of many runs, many times what was asked for.
                    found = found.take(pa.array(np.arange(found.num_rows)))
                yield pa.record_batch(found.columns, schema=wanted)


def _position(column: pa.Array, bound: bytes) -> int:
    return bisect.bisect_left(range(len(column)), bound, key=lambda at: column[at].as_py())


def read_rows(path: Path, schema: pa.Schema, first: int, last: int, columns: Sequence[str] = ()) -> pa.Table:
    """Read the rows from number `first` up to, and without, `last` of one run."""
    names = [name for name in schema.names if not columns or name in columns]
    wanted = pa.schema([schema.field(name) for name in names])
    options = pa.ipc.IpcReadOptions(included_fields=[schema.get_field_index(n) for n in names], use_threads=False)
    parts = []
    with opened(path, _file) as file, pa.ipc.open_file(file, options=options) as reader:
        for at in range(first // _BATCH_ROWS, -(-last // _BATCH_ROWS)):
            start = at * _BATCH_ROWS
            batch = reader.get_batch(at).slice(max(0, first - start), last - max(first, start))
            parts.append(pa.record_batch(batch.columns, schema=wanted))
    return pa.Table.from_batches(parts, wanted)


def write_groups(path: Path, table: pa.Table, groups: Ints) -> None:
    """Write a table whose rows belong to `groups` (ascending), so that one group can be read alone."""
    starts = np.flatnonzero(np.concatenate([np.ones(min(1, len(groups)), bool), groups[1:] != groups[:-1]]))
    ends = np.append(starts[1:], len(groups))[: len(starts)]
    table = table.combine_chunks()
    batches = [
        batch
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
        for batch in table.slice(start, end - start).to_batches()
    ]
    present = groups[starts].astype(np.int64)
    _write(path, table.replace_schema_metadata({"groups": present.tobytes()}), batches)


def write_unsorted(path: Path, table: pa.Table) -> None:
    """Write a table that is read as a whole, in the chunks it has."""
    _write(path, table, table.to_batches())


def read_unsorted(path: Path, schema: pa.Schema, columns: Sequence[str] = ()) -> pa.Table:
    """Read what `write_unsorted` wrote."""
    names = [name for name in schema.names if not columns or name in columns]
    options = pa.ipc.IpcReadOptions(included_fields=[schema.get_field_index(n) for n in names], use_threads=False)
    with opened(path, _file) as file, pa.ipc.open_file(file, options=options) as reader:
        table: pa.Table = reader.read_all()
    return table


def read_group(paths: Iterable[Path], schema: pa.Schema, group: int) -> pa.Table:
    """Read one group's rows from files that `write_groups` wrote, file after file."""
    parts = []
    for path in paths:
        with opened(path, _file) as file, pa.ipc.open_file(file) as reader:
            present = np.frombuffer(reader.schema.metadata[b"groups"], np.int64)
            at = int(np.searchsorted(present, group))
            if at < len(present) and present[at] == group:
                parts.append(pa.record_batch(reader.get_batch(at).columns, schema=schema))
    return pa.Table.from_batches(parts, schema).combine_chunks()


def _write(path: Path, table: pa.Table, batches: Iterable[pa.RecordBatch]) -> None:
    try:
        with (
            whole(path, durable=False) as temporary,
            pa.OSFile(str(temporary), "wb") as file,
            pa.ipc.new_file(file, table.schema) as writer,
        ):
            for batch in batches:
                writer.write_batch(batch)
    except (OSError, pa.ArrowException) as error:
        raise BuildError(f"{path}: cannot write ({error}); free space or choose another cache folder") from None


def _file(path: Path) -> pa.OSFile:
    return pa.OSFile(str(path), "rb")


def runs(folder: Path, suffix: str) -> list[Path]:
    """Return the files of a folder that end with a suffix, in the order of their names; none half written."""
    wanted = re.compile(rf".*\.{suffix}\Z")
    return sorted(folder / name for name in names(folder) if wanted.match(name))
