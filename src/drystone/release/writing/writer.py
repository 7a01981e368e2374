"""Writing a release: shards, ledger, repositories, then everything around them, the manifest last.

No clock, host name or path enters any file. Knows nothing of how rows were decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, groupby
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from drystone.errors import ReleaseError
from drystone.release import layout
from drystone.release.columns import Kind
from drystone.release.files import HashingSink, WholeFiles, whole_file
from drystone.release.inspection.stats import RowTally
from drystone.release.manifest import FileEntry
from drystone.release.merkle import MerkleTree, leaves_of
from drystone.release.schema import DATA, DISTINCT, KEYS, LEDGER, LEDGER_KEY, REPOSITORIES, SCHEMAS
from drystone.release.tables import conform, keys_of

#: Bounds of a row group in bytes of text and in rows. Between the least and the most, a group ends at a row chosen by
#: its SWHID, so that a new version with a few rows fewer has most of its groups byte for byte the same.
GROUP_LEAST: Final = 2 * 1024**2
GROUP_MEAN: Final = 4 * 1024**2
GROUP_MOST: Final = 8 * 1024**2
GROUP_ROWS: Final = 8192

#: Rows of a file's first group below which nothing but the text is compressed.
_FEW_ROWS: Final = 256

#: Bytes that Parquet's many small writes are gathered to before they reach Python.
_BUFFER: Final = 256 << 10

#: Bytes of text after which a page ends, looked at after so many rows. One file is read by unpacking its page: pages of
#: whole row groups would be 5 % smaller and let a reader of one file wait thirty times as long.
_DATA_PAGES: Final = {"data_page_size": 128 << 10, "write_batch_size": 8}

_LEDGER_ROWS: Final = 16384
_Rows = Iterable[pa.RecordBatch | pa.Table]

_SWHID = r"^swh:1:cnt:[0-9a-f]{40}$"


def write_data_shard(
    folder: Path,
    language: str,
    index: int,
    count: int,
    batches: _Rows,
    *,
    zstd_level: int = 3,
    schema: pa.Schema = DATA,
) -> FileEntry:
    """Write shard `index` of `count` of a language from tables in `schema` (some columns of DATA), sorted by `swhid`.

    Memory holds one row group (8 MiB of text, or one row if that is longer) and one incoming batch. Raises
    `ReleaseError` where columns are wrong, rows are not sorted, a row has another language, or the disk is full.
    """
    (entry,) = write_data_shards(folder, [(language, index, count)], batches, zstd_level=zstd_level, schema=schema)
    return entry


def write_data_shards(
    folder: Path,
    members: Sequence[tuple[str, int, int]],
    batches: _Rows,
    *,
    zstd_level: int = 3,
    schema: pa.Schema = DATA,
) -> list[FileEntry]:
    """Write several shards, each given by language, index and count, from tables that hold their rows in this order.

    Most languages are small: rows of many of them share a batch, and what is done for each column of a batch is done
    once. Memory and errors are those of `write_data_shard`.
    """
    entries: list[FileEntry] = []
    names = [language for language, _, _ in members]
    with WholeFiles() as files:
        runs = _LanguageRuns(batches, [layout.data_path(*member) for member in members], names, schema)
        for number in range(len(members)):
            path = runs.paths[number]
            order = _Ascending(path)
            with files.open(folder / path) as sink, _Parquet(sink, schema, zstd_level) as parquet:
                for group in _text_groups(runs.of_member(number)):
                    order.check_keys(group.swhids)
                    parquet.write(group.table, group.leaves, sum(group.lengths))
            entries.append(parquet.entry(path))
    return entries


def write_ledger_part(
    folder: Path, index: int, count: int, batches: _Rows, *, zstd_level: int = 3, schema: pa.Schema = LEDGER
) -> FileEntry:
    """Write part `index` of `count` of the ledger from tables in `schema` (some columns of LEDGER).

    Rows are sorted by (`repository_id`, `path`, `entry`), within a part and from part to part. Raises `ReleaseError`
    as `write_data_shard` does.
    """
    path = layout.ledger_path(index, count)
    order = _Ascending(path)

    def check(group: pa.Table) -> None:
        order.check_keys(keys_of(group, LEDGER_KEY))

    groups = _row_groups(batches, schema, path, _LEDGER_ROWS)
    return _write(folder, path, schema, groups, check, zstd_level=zstd_level)


def write_repositories(
    folder: Path, batches: _Rows, *, zstd_level: int = 3, schema: pa.Schema = REPOSITORIES
) -> FileEntry:
    """Write `repositories.parquet` from tables in `schema` (some columns of REPOSITORIES), sorted by `repository_id`.

    Raises `ReleaseError` as `write_data_shard` does.
    """
    return write_single(folder, "repositories", batches, zstd_level=zstd_level, schema=schema)


def write_single(
    folder: Path, kind: Kind, batches: _Rows, *, zstd_level: int = 3, schema: pa.Schema | None = None
) -> FileEntry:
    """Write a table that is one file (`layout.SINGLE`), sorted by `KEYS`, from tables in some columns of its schema.

    Raises `ReleaseError` as `write_data_shard` does.
    """
    schema = SCHEMAS[kind] if schema is None else schema
    path = next(path for path, of in layout.SINGLE.items() if of == kind)
    order = _Ascending(path)

    def check(group: pa.Table) -> None:
        order.check_keys(keys_of(group, KEYS[kind]))

    groups = _row_groups(batches, schema, path, _LEDGER_ROWS)
    return _write(folder, path, schema, groups, check, zstd_level=zstd_level)


class _Ascending:
    """Checks that keys ascend strictly, over all groups of a file."""

    def __init__(self, path: str) -> None:
        self._path = layout.shown(path)
        self._last: tuple[Any, ...] | str | None = None

    def check_keys(self, keys: list[tuple[Any, ...]] | list[str]) -> None:
        for key in keys:
            if self._last is not None and not self._last < key:  # type: ignore[operator]
                raise ReleaseError(f"{self._path}: rows are not sorted: {key!r} follows {self._last!r}")
            self._last = key


def _write(
    folder: Path,
    path: str,
    schema: pa.Schema,
    groups: Iterator[pa.Table],
    check: Callable[[pa.Table], None],
    *,
    zstd_level: int,
) -> FileEntry:
    with whole_file(folder / path) as sink, _Parquet(sink, schema, zstd_level) as parquet:
        for group in groups:
            check(group)
            parquet.write(group, [leaf for leaves in leaves_of(group) for leaf in leaves], 0)
    return parquet.entry(path)


class _Parquet:
    """A Parquet file in the making, and what its manifest entry says."""

    def __init__(self, sink: HashingSink, schema: pa.Schema, zstd_level: int) -> None:
        self._sink = sink
        self._stream = pa.BufferedOutputStream(pa.PythonFile(sink, mode="w"), _BUFFER)
        self._schema = schema
        self._level = zstd_level
        self._writer: pq.ParquetWriter | None = None
        self._tree = MerkleTree()
        self._text_bytes = 0
        self._rows = RowTally() if "content" in schema.names else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._opened(0).close()
            self._stream.flush()
        self._sink.close()

    def write(self, group: pa.Table, leaves: list[bytes], text_bytes: int) -> None:
        """Write a row group; `leaves` are the hashes of its rows, `text_bytes` the bytes of their content."""
        self._tree.add(leaves)
        self._text_bytes += text_bytes
        if self._rows is not None:
            self._rows.add(group)
        self._opened(group.num_rows).write_table(group, row_group_size=max(group.num_rows, 1))

    def entry(self, path: str) -> FileEntry:
        """Return the manifest's entry of the closed file."""
        entry = FileEntry(
            path=path,
            rows=self._tree.size,
            bytes=self._sink.size,
            sha256=self._sink.hexdigest(),
            root=self._tree.root().hex(),
            text_bytes=self._text_bytes,
        )
        return entry if self._rows is None else entry.model_copy(update=self._rows.of_entry())

    def _opened(self, rows: int) -> pq.ParquetWriter:
        """Return the writer, opened for a first row group of `rows` rows.

        In a file of few rows, compression of each small column costs more time and more bytes than it saves: only the
        text is compressed there.
        """
        if self._writer is None:
            leaves = _leaves(self._schema)
            few = rows < _FEW_ROWS
            self._writer = pq.ParquetWriter(
                self._stream,
                self._schema,
                compression={name: "zstd" if name == "content" or not few else "none" for name in leaves},
                compression_level={name: self._level for name in leaves if name == "content" or not few},
                use_dictionary=[name for name in leaves if name not in DISTINCT],
                write_page_index=True,
                write_page_checksum=True,
                **(_DATA_PAGES if "content" in self._schema.names else {}),
                store_schema=False,
            )
        return self._writer


def _leaves(schema: pa.Schema) -> list[str]:
    """Return the Parquet paths of all columns, those inside lists and structs too."""

    def below(name: str, kind: pa.DataType) -> Iterator[str]:
        if pa.types.is_list(kind):
            yield from below(f"{name}.list.element", kind.value_type)
        elif pa.types.is_struct(kind):
            for field in kind:
                yield from below(f"{name}.{field.name}", field.type)
        else:
            yield name

    return [leaf for field in schema for leaf in below(field.name, field.type)]


class _Run(NamedTuple):
    """Rows of one language: the table, and for each row its leaf, its SWHID and its bytes of text."""

    table: pa.Table
    leaves: list[bytes]
    swhids: list[str]
    lengths: list[int]


class _LanguageRuns:
    """Rows that come language after language, cut where the language changes."""

    def __init__(self, batches: _Rows, paths: list[str], names: list[str], schema: pa.Schema) -> None:
        self.paths = paths
        self._names = names
        self._schema = schema
        self._member = 0
        self._runs = self._all(batches)
        self._next = next(self._runs, None)

    def of_member(self, number: int) -> Iterator[_Run]:
        """Yield the rows of one member; members are asked for in their order."""
        self._member = number
        while self._next is not None and self._next[0] == self._names[number]:
            yield self._next[1]
            self._next = next(self._runs, None)
        if self._next is not None and self._next[0] not in self._names[number + 1 :]:
            raise ReleaseError(f"{layout.shown(self.paths[number])}: a row is not {layout.shown(self._names[number])}")

    def _all(self, batches: _Rows) -> Iterator[tuple[str | None, _Run]]:
        for batch in batches:
            path = self.paths[self._member]
            table = conform(batch, self._schema, path).combine_chunks()
            if table.column("content").null_count:
                raise ReleaseError(f"{layout.shown(path)}: a row has no content")
            if not pc.all(pc.fill_null(pc.match_substring_regex(table.column("swhid"), _SWHID), False)).as_py():
                raise ReleaseError(f"{layout.shown(path)}: a row's swhid is not a SWHID of content")
            swhids = table.column("swhid").to_pylist()
            lengths = pc.binary_length(table.column("content")).to_pylist()
            leaves = [leaf for some in leaves_of(table) for leaf in some]
            start = 0
            for language, rows in groupby(table.column("language").to_pylist()):
                end = start + sum(1 for _ in rows)
                yield language, _part(_Run(table, leaves, swhids, lengths), start, end)
                start = end


def _text_groups(runs: Iterable[_Run]) -> Iterator[_Run]:
    """Cut rows into row groups by bytes of text; where a group ends depends on rows alone, not on incoming batches."""
    held: list[_Run] = []
    size = rows = 0
    for run in runs:
        start = 0
        for position, (length, swhid) in enumerate(zip(run.lengths, run.swhids, strict=True)):
            if rows and size + length > GROUP_MOST:
                held.append(_part(run, start, position))
                yield _joined(held)
                held, size, rows, start = [], 0, 0, position
            size, rows = size + length, rows + 1
            if rows == GROUP_ROWS or (size >= GROUP_LEAST and _ends_group(swhid, length)):
                held.append(_part(run, start, position + 1))
                yield _joined(held)
                held, size, rows, start = [], 0, 0, position + 1
        held.append(_part(run, start, len(run.swhids)))
    if rows:
        yield _joined(held)


def _part(run: _Run, start: int, end: int) -> _Run:
    if start == 0 and end == len(run.swhids):
        return run
    return _Run(
        run.table.slice(start, end - start), run.leaves[start:end], run.swhids[start:end], run.lengths[start:end]
    )


def _joined(held: list[_Run]) -> _Run:
    if len(held) == 1:
        return held[0]
    table = pa.concat_tables([run.table for run in held]).combine_chunks()
    leaves, swhids, lengths = (
        list(chain.from_iterable(values)) for values in zip(*(run[1:] for run in held), strict=True)
    )
    return _Run(table, leaves, swhids, lengths)


def _ends_group(swhid: str, length: int) -> bool:
    """Whether a group may end behind this row: a chance by SWHID, in proportion to the row's bytes."""
    return int(swhid[-8:], 16) < 2**32 * (length / (GROUP_MEAN - GROUP_LEAST))


def _row_groups(batches: _Rows, schema: pa.Schema, path: str, size: int) -> Iterator[pa.Table]:
    held: list[pa.Table] = []
    rows = 0
    for batch in batches:
        table = conform(batch, schema, path)
        while table.num_rows:
            part = table.slice(0, size - rows)
            held.append(part)
            rows += part.num_rows
            table = table.slice(part.num_rows)
            if rows == size:
                yield pa.concat_tables(held).combine_chunks()
                held, rows = [], 0
    if rows:
        yield pa.concat_tables(held).combine_chunks()
