"""Writing a release: shards, ledger, repositories, then everything around them, the manifest last.

No clock, host name or path enters any file. Knows nothing of how rows were decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from drystone.errors import ReleaseError
from drystone.release import layout
from drystone.release.files import HashingSink, whole_file
from drystone.release.laws import ledger_keys
from drystone.release.manifest import FileEntry
from drystone.release.merkle import Tree
from drystone.release.schema import DATA, LEDGER, REPOSITORIES
from drystone.release.tables import conform

#: Bounds of a row group in bytes of text and in rows. Between the least and the most, a group ends at a row chosen by
#: its SWHID, so that a new version with a few rows fewer has most of its groups byte for byte the same.
GROUP_LEAST: Final = 2 * 1024**2
GROUP_MEAN: Final = 4 * 1024**2
GROUP_MOST: Final = 8 * 1024**2
GROUP_ROWS: Final = 8192

_LEDGER_ROWS: Final = 65536
_Rows = Iterable[pa.RecordBatch | pa.Table]

#: Columns whose values differ from row to row: a dictionary would only be built to be thrown away.
_DISTINCT = frozenset({"blob_id", "content_id", "content", "swhid", "released_sha256"})

_SWHID = r"^swh:1:cnt:[0-9a-f]{40}$"


def write_data_shard(
    folder: Path, language: str, index: int, count: int, batches: _Rows, *, zstd_level: int = 3
) -> FileEntry:
    """Write shard `index` of `count` of a language from tables in `schema.DATA`, sorted by `swhid`.

    Memory holds one row group (8 MiB of text, or one row if that is longer) and one incoming batch. Raises
    `ReleaseError` where columns are wrong, rows are not sorted, a row has another language, or the disk is full.
    """
    path = layout.data_path(language, index, count)
    order = _Ascending(path)

    def check(group: pa.Table) -> None:
        order.check(group.column("swhid"))
        if group.column("content").null_count:
            raise ReleaseError(f"{layout.shown(path)}: a row has no content")
        if pc.any(pc.fill_null(pc.not_equal(group.column("language"), language), True)).as_py():
            raise ReleaseError(f"{layout.shown(path)}: a row is not {layout.shown(language)}")

    return _write(folder, path, DATA, _text_groups(batches, path), check, zstd_level=zstd_level)


def write_ledger_part(folder: Path, index: int, count: int, batches: _Rows, *, zstd_level: int = 3) -> FileEntry:
    """Write part `index` of `count` of the ledger from tables in `schema.LEDGER`.

    Rows are sorted by (`repository_id`, `path`, `entry`), within a part and from part to part. Raises `ReleaseError`
    as `write_data_shard` does.
    """
    path = layout.ledger_path(index, count)
    order = _Ascending(path)

    def check(group: pa.Table) -> None:
        order.check_keys(ledger_keys(group))

    return _write(folder, path, LEDGER, _row_groups(batches, LEDGER, path, _LEDGER_ROWS), check, zstd_level=zstd_level)


def write_repositories(folder: Path, batches: _Rows, *, zstd_level: int = 3) -> FileEntry:
    """Write `repositories.parquet` from tables in `schema.REPOSITORIES`, sorted by `repository_id`.

    Raises `ReleaseError` as `write_data_shard` does.
    """
    path = layout.REPOSITORIES
    order = _Ascending(path)

    def check(group: pa.Table) -> None:
        order.check(group.column("repository_id"))

    return _write(
        folder, path, REPOSITORIES, _row_groups(batches, REPOSITORIES, path, _LEDGER_ROWS), check, zstd_level=zstd_level
    )


class _Ascending:
    """Checks that keys ascend strictly, over all groups of a file."""

    def __init__(self, path: str) -> None:
        self._path = layout.shown(path)
        self._last: tuple[str, str, int] | str | None = None

    def check(self, column: pa.ChunkedArray) -> None:
        self.check_keys(column.to_pylist())

    def check_keys(self, keys: list[tuple[str, str, int]] | list[str]) -> None:
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
    tree = Tree()
    text_bytes = 0
    with whole_file(folder / path) as sink, _parquet(sink, schema, zstd_level) as writer:
        for group in groups:
            check(group)
            tree.add_rows(group)
            if "content" in schema.names:
                text_bytes += pc.sum(pc.binary_length(group.column("content"))).as_py() or 0
            writer.write_table(group, row_group_size=max(group.num_rows, 1))
        writer.close()
    return FileEntry(
        path=path,
        rows=tree.size,
        bytes=sink.size,
        sha256=sink.hexdigest(),
        root=tree.root().hex(),
        text_bytes=text_bytes,
    )


def _parquet(sink: HashingSink, schema: pa.Schema, zstd_level: int) -> pq.ParquetWriter:
    return pq.ParquetWriter(
        pa.PythonFile(sink, mode="w"),
        schema,
        compression="zstd",
        compression_level=zstd_level,
        use_dictionary=[name for name in _leaves(schema) if name not in _DISTINCT],
        write_page_index=True,
        write_page_checksum=True,
        data_page_size=1 << 20,
    )


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


def _text_groups(batches: _Rows, path: str) -> Iterator[pa.Table]:
    """Cut rows into row groups by bytes of text; where a group ends depends on rows alone, not on incoming batches."""
    held: list[pa.Table] = []
    size = rows = 0
    for batch in batches:
        if "content" not in batch.schema.names or "swhid" not in batch.schema.names:
            conform(batch, DATA, path)  # says what is missing
        lengths = pc.fill_null(pc.binary_length(batch.column("content")), 0).to_numpy(zero_copy_only=False).tolist()
        if not pc.all(pc.fill_null(pc.match_substring_regex(batch.column("swhid"), _SWHID), False)).as_py():
            raise ReleaseError(f"{layout.shown(path)}: a row's swhid is not a SWHID of content")
        swhids = batch.column("swhid").to_pylist()
        start = 0
        for position, (length, swhid) in enumerate(zip(lengths, swhids, strict=True)):
            if rows and size + length > GROUP_MOST:
                held.append(conform(batch.slice(start, position - start), DATA, path))
                yield pa.concat_tables(held).combine_chunks()
                held, size, rows, start = [], 0, 0, position
            size, rows = size + length, rows + 1
            if rows == GROUP_ROWS or (size >= GROUP_LEAST and _ends_group(swhid, length)):
                held.append(conform(batch.slice(start, position + 1 - start), DATA, path))
                yield pa.concat_tables(held).combine_chunks()
                held, size, rows, start = [], 0, 0, position + 1
        held.append(conform(batch.slice(start), DATA, path))
    if rows:
        yield pa.concat_tables(held).combine_chunks()


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
