"""Rows of a release as they are, in JSON Lines, Parquet or text: chosen columns, in splits, shuffled, at most so many.

Rows pass in a stream; where they are shuffled they lie on disk in between: memory does not grow with the release.
Holds kept files with their released text only: it reads `data/` and nothing else.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from drystone.errors import UsageError, did_you_mean
from drystone.release.exports.folder import SPILL, ExportFolder
from drystone.release.exports.forms import ExportedFile, RowChoice
from drystone.release.files import HashingSink
from drystone.release.read import Release
from drystone.release.schema import DATA
from drystone.work.buckets import Buckets

#: What a row holds where nobody says.
DEFAULT_COLUMNS: Final = (
    "content", "path", "repo_name", "origin", "revision_id", "language", "license_type", "license_expression", "swhid",
)  # fmt: skip
#: Between the texts of two files: a form feed on a line of its own.
SEPARATOR: Final = b"\n\f\n"
#: What tells which split a row is in, and its place.
_NEEDED: Final = ("swhid", "origin", "repository_id", "path")
SPLIT, PLACE = "_split", "_place"
#: Bytes of text after which a file ends and the next begins.
_FILE_BYTES: Final = 256 << 20
_SUFFIX: Final = {"jsonl": "jsonl", "parquet": "parquet", "text": "txt"}


def columns_of(choice: RowChoice) -> list[str]:
    """Return the columns of a plain export. Raises `UsageError` for one that releases do not have."""
    if choice.columns == ("all",):
        return list(DATA.names)
    for name in choice.columns:
        if name not in DATA.names:
            raise UsageError(
                f"{name}: no column of a release{did_you_mean(name, DATA.names)}. docs/release-format.md lists them"
            )
    return list(dict.fromkeys(choice.columns)) or list(DEFAULT_COLUMNS)


def planned_files(form: str, choice: RowChoice) -> list[ExportedFile]:
    """Return the first file of each split; whether there are more is known once the texts were read."""
    columns_of(choice)
    return [ExportedFile(_path(form, name, 0), None) for name, _ in choice.splits]


def write_plain(
    release: Release, form: str, folder: ExportFolder, choice: RowChoice, tables: Iterator[pa.Table], buckets: int
) -> list[ExportedFile]:
    """Write the rows of `tables` (those of the release, with `read_columns`) into `folder`; return its files in order.

    `buckets` is into how many parts rows are spilled where they are shuffled.
    """
    columns = columns_of(choice)
    with ExitStack() as stack:
        writers = [stack.enter_context(_Writer(folder, form, name, columns)) for name, _ in choice.splits]
        marked = (_marked(table, choice) for table in tables)
        ordered = _shuffled(marked, folder, buckets, stack) if choice.shuffle else marked
        left = choice.limit if choice.limit is not None else release.manifest.counts.kept
        for table in ordered:
            rows = table.slice(0, left)
            left -= rows.num_rows
            numbers = rows.column(SPLIT).to_numpy()
            for number, writer in enumerate(writers):
                mine = np.flatnonzero(numbers == number)
                if len(mine):
                    writer.add(rows if len(mine) == rows.num_rows else rows.take(pa.array(mine)))
            if not left:
                break
        return [file for writer in writers for file in writer.close()]


def read_columns(form: str, choice: RowChoice) -> list[str]:
    """Return the columns to read of a release: those of the rows, and those that say where a row goes."""
    text = ("content",) if form == "text" else ()
    return list(dict.fromkeys([*columns_of(choice), *text, *_NEEDED]))


def _marked(table: pa.Table, choice: RowChoice) -> pa.Table:
    """Return a table with the split of each row, and its place where rows are shuffled."""
    needed = [table.column(name).to_pylist() for name in _NEEDED]
    splits = [choice.split_of(swhid, origin) for swhid, origin, _, _ in zip(*needed, strict=True)]
    table = table.append_column(SPLIT, pa.array(splits, pa.int32()))
    if not choice.shuffle:
        return table
    places = [choice.place_of(swhid, id_, path) for swhid, _, id_, path in zip(*needed, strict=True)]
    return with_places(table, places)


def _shuffled(tables: Iterator[pa.Table], folder: ExportFolder, count: int, stack: ExitStack) -> Iterator[pa.Table]:
    """Yield all rows in the order of their places, in pieces."""
    for rows, order in ordered_by_place(tables, folder, count, stack):
        for start in range(0, rows.num_rows, 1024):
            yield rows.take(order.slice(start, 1024))


def ordered_by_place(
    tables: Iterator[pa.Table], folder: ExportFolder, count: int, stack: ExitStack
) -> Iterator[tuple[pa.Table, pa.Array]]:
    """Yield rows, a bucket in memory at a time, with the order of their places: equal places are in one bucket."""
    scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder.path, prefix=SPILL)))
    first = next(tables, None)
    if first is None:
        return
    buckets = stack.enter_context(Buckets(first.schema, count, scratch, "rows"))
    buckets.add(first, PLACE)
    for table in tables:
        buckets.add(table, PLACE)
    for number in range(buckets.count):
        rows = buckets.read(number)
        place = rows.column(PLACE)
        by = pa.table({"high": pc.utf8_slice_codeunits(place, -3), "low": place})
        yield rows, pc.sort_indices(by, [("high", "ascending"), ("low", "ascending")])


def with_places(table: pa.Table, places: list[str]) -> pa.Table:
    """Return rows with their places, as `ordered_by_place` reads them.

    A bucket is chosen by the last three digits, so that the first three of the order stand there.
    """
    return table.append_column(PLACE, pa.array([place[3:] + place[:3] for place in places], pa.string()))


def _path(form: str, split: str, number: int) -> str:
    return f"data/{split}-{number:05}.{_SUFFIX[form]}"


class _Writer:
    """Writes the rows of one split into files, each closed at about `_FILE_BYTES` of text."""

    def __init__(self, folder: ExportFolder, form: str, split: str, columns: list[str]) -> None:
        self._folder, self._form, self._split, self._columns = folder, form, split, columns
        self._facts = [name for name in columns if name != "content"]
        self._stack = ExitStack()
        self._done: list[ExportedFile] = []
        self._number = self._rows = self._bytes = 0
        self._out: HashingSink | None = None
        self._index: HashingSink | None = None
        self._table: pq.ParquetWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.__exit__(kind, error, at)

    def add(self, rows: pa.Table) -> None:
        """Write rows."""
        if self._out is None:
            self._open()
        assert self._out is not None
        if self._table is not None:
            self._table.write_table(rows.select(self._columns))
            self._bytes += rows.nbytes
        elif self._form == "jsonl":
            for row in rows.select(self._columns).to_pylist():
                self._bytes += self._out.write(_line(row))
        else:
            self._add_text(rows)
        self._rows += rows.num_rows
        if self._bytes >= _FILE_BYTES:
            self._end()

    def _add_text(self, rows: pa.Table) -> None:
        assert self._out is not None
        assert self._index is not None
        facts = rows.select(self._facts).to_pylist()
        for text, row in zip(rows.column("content").to_pylist(), facts, strict=True):
            data = text.encode()
            self._index.write(_line({"offset": self._bytes, "bytes": len(data), **row}))
            self._bytes += self._out.write(data) + self._out.write(SEPARATOR)

    def close(self) -> list[ExportedFile]:
        """End the last file; return all with sizes and checksums. A split without rows has one empty file."""
        if self._out is None and not self._done:
            self._open()
        if self._out is not None:
            self._end()
        return self._done

    def _open(self) -> None:
        self._out = self._stack.enter_context(self._folder.new_file(self._name))
        if self._form == "text":
            self._index = self._stack.enter_context(self._folder.new_file(_index_of(self._name)))
        if self._form == "parquet":
            schema = pa.schema([DATA.field(name) for name in self._columns])
            writer = pq.ParquetWriter(self._out, schema, compression="zstd", write_page_index=True)
            self._table = self._stack.enter_context(writer)

    def _end(self) -> None:
        self._stack.close()
        for sink, name in ((self._out, self._name), (self._index, _index_of(self._name))):
            if sink is not None:
                self._done.append(ExportedFile(name, self._rows, sink.size, sink.hexdigest()))
        self._out = self._index = self._table = None
        self._number += 1
        self._rows = self._bytes = 0

    @property
    def _name(self) -> str:
        return _path(self._form, self._split, self._number)


def _index_of(name: str) -> str:
    """Return the file beside a file of text that says where each row's text begins, and what it is."""
    return f"{name.rpartition('.')[0]}.index.jsonl"


def _line(row: dict[str, Any]) -> bytes:
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
