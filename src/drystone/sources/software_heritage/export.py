"""Tables of a Software Heritage graph export, ORC or Parquet, on this machine or on S3: which, and their rows.

Reads the columns that the files have, in the forms that swh-export 1.x and its documentation know. The types follow
swh/export/relational.py. Knows nothing of what the rows say of one another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from pyarrow import orc

from drystone.errors import MissingExtraError, SourceError, UsageError
from drystone.sources.software_heritage.http import s3_parameters

#: Rows that are read at a time; of ORC, where dates are among the columns, stripe by stripe.
_BATCH_ROWS: Final = 1 << 16
_FORMATS: Final = ("orc", "parquet")
#: Names of columns in other versions of the export, or in its documentation.
_OTHER_NAMES: Final = {("origin_visit_status", "snapshot"): "snapshot_id", ("origin_visit_status", "origin"): "url"}


@dataclass(frozen=True, slots=True)
class TableFile:
    """One file of a table: where it lies, its bytes, and when it changed (ns; 0 where the store does not tell)."""

    path: str
    size: int
    mtime: int


@dataclass(frozen=True, slots=True)
class GraphExport:
    """A graph export at `location`, a path or an `s3://` URL; `tables` maps their names to their files."""

    location: str
    tables: Mapping[str, tuple[TableFile, ...]]

    @classmethod
    def open(cls, location: str) -> GraphExport:
        """List the files of an export; they lie below `orc/TABLE/` or `parquet/TABLE/`, or `TABLE/`.

        Raises `SourceError` where there are none, or the place cannot be listed.
        """
        system, root = _system(location)
        for form in ("", *_FORMATS):
            base = f"{root}/{form}" if form else root
            try:
                infos = system.get_file_info(pafs.FileSelector(base, recursive=True, allow_not_found=True))
            except (OSError, pa.ArrowException) as error:
                raise SourceError(f"{_shown(location)}: cannot be listed ({_first_line(error)})") from None
            found: dict[str, list[TableFile]] = {}
            for info in infos:
                parts = info.path.removeprefix(base).strip("/").split("/")
                if info.is_file and len(parts) == 2 and info.extension in _FORMATS and not parts[1].startswith("."):
                    mtime = info.mtime_ns or 0
                    found.setdefault(parts[0], []).append(TableFile(info.path, info.size, mtime))
            if found:
                return cls(location, {n: tuple(sorted(f, key=lambda x: x.path)) for n, f in sorted(found.items())})
        raise SourceError(
            f"{_shown(location)}: no graph export is here; give the folder that holds orc/directory_entry/*.orc "
            "and the other tables"
        )

    @property
    def fingerprint(self) -> str:
        """64 hex digits over names, sizes and times of change of all files."""
        listed = [(n, Path(f.path).name, f.size, f.mtime) for n, files in self.tables.items() for f in files]
        return hashlib.sha256(repr(listed).encode("utf-8", "surrogateescape")).hexdigest()

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(f.size for files in self.tables.values() for f in files)

    def files(self, table: str) -> tuple[TableFile, ...]:
        """Return the files of a table. Raises `SourceError` where the export has no such table."""
        if table not in self.tables:
            raise SourceError(
                f"{_shown(self.location)}: the table {table} is missing (there are {', '.join(self.tables)}); "
                f"download it too"
            )
        return self.tables[table]

    def batches(
        self, table: str, file: TableFile, columns: Sequence[str], optional: Sequence[str] = ()
    ) -> Iterator[pa.Table]:
        """Yield the rows of one file in pieces, with `columns` and those of `optional` that it has (else null).

        Times become `timestamp[us]`, naive UTC, whatever their year. Raises `SourceError` where a column is missing or
        the file is damaged.
        """
        system, _ = _system(self.location)
        try:
            with system.open_input_file(file.path) as opened:
                if file.path.endswith(".orc"):
                    pieces = _orc_pieces(opened, file.path, self._chosen(table, file, columns, optional, opened))
                else:
                    pieces = _parquet_pieces(opened, self._chosen(table, file, columns, optional, opened))
                for piece in pieces:
                    yield _uniform(piece, table, columns, optional)
        except (OSError, pa.ArrowException) as error:
            raise SourceError(
                f"{file.path}: cannot be read ({_first_line(error)}); it is damaged or cut short, download it again"
            ) from None

    def has_column(self, table: str, column: str) -> bool:
        """Return whether the first file of a table has a column."""
        if table not in self.tables:
            return False
        file = self.tables[table][0]
        system, _ = _system(self.location)
        try:
            with system.open_input_file(file.path) as opened:
                return column in _schema(opened, file.path).names
        except (OSError, pa.ArrowException) as error:
            raise SourceError(f"{file.path}: cannot be read ({_first_line(error)}); download it again") from None

    def _chosen(
        self, table: str, file: TableFile, columns: Sequence[str], optional: Sequence[str], opened: Any
    ) -> list[str]:
        """Return the names in the file of the columns that are wanted."""
        present = _schema(opened, file.path).names
        chosen, missing = [], []
        for name in (*columns, *optional):
            other = _OTHER_NAMES.get((table, name))
            if name in present:
                chosen.append(name)
            elif other in present:
                chosen.append(str(other))
            elif name in columns:
                missing.append(name)
        if missing:
            raise SourceError(
                f"{file.path}: the table {table} has no column {', '.join(missing)} (it has {', '.join(present)}); "
                "this is not the form of swh-export 1.x"
            )
        return chosen


def _schema(opened: Any, path: str) -> pa.Schema:
    return orc.ORCFile(opened).schema if path.endswith(".orc") else pq.ParquetFile(opened).schema_arrow


def _parquet_pieces(opened: Any, chosen: list[str]) -> Iterator[pa.Table]:
    for batch in pq.ParquetFile(opened).iter_batches(_BATCH_ROWS, columns=chosen, use_threads=False):
        yield pa.Table.from_batches([batch])


def _orc_pieces(opened: Any, path: str, chosen: list[str]) -> Iterator[pa.Table]:
    file = orc.ORCFile(opened)
    times = [name for name in chosen if pa.types.is_timestamp(file.schema.field(name).type)]
    if not times:  # a stripe can have millions of entries
        whole = ds.OrcFileFormat().make_fragment(opened)
        scanner = whole.scanner(
            columns=chosen, batch_size=_BATCH_ROWS, use_threads=False, batch_readahead=0, fragment_readahead=0
        )
        for batch in scanner.to_batches():
            yield pa.Table.from_batches([batch])
        return
    for stripe in range(file.nstripes):
        try:
            piece = pa.Table.from_batches([file.read_stripe(stripe, columns=chosen)])
        except pa.ArrowInvalid:
            # One date that does not fit into 64 bits of nanoseconds (before 1678, after 2262) stops the whole stripe.
            others = [name for name in chosen if name not in times]
            found = file.read_stripe(stripe, columns=others) if others else None
            columns = {
                **dict(zip(others, found.columns if found else (), strict=True)),
                **_dates(opened, path, stripe, times),
            }
            piece = pa.table({name: columns[name] for name in chosen})
        for first in range(0, piece.num_rows, _BATCH_ROWS):
            yield piece.slice(first, _BATCH_ROWS)


def _dates(opened: Any, path: str, stripe: int, columns: list[str]) -> dict[str, pa.Array]:
    """Return date columns of one stripe of ORC as `timestamp[us]`, whatever their years."""
    try:
        import pyorc  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError(
            f"{path} holds dates before 1678 or after 2262; pyorc, which reads them,", "software-heritage"
        ) from None

    class Micros(pyorc.converters.ORCConverter):  # type: ignore[misc, unused-ignore]
        @staticmethod
        def from_orc(seconds: int, nanoseconds: int, timezone: object) -> int:
            return seconds * 1_000_000 + nanoseconds // 1000

        @staticmethod
        def to_orc(obj: object, timezone: object) -> tuple[int, int]:
            raise NotImplementedError

    opened.seek(0)
    reader = pyorc.Reader(
        opened, column_names=columns, converters={pyorc.TypeKind.TIMESTAMP: Micros}, struct_repr=pyorc.StructRepr.TUPLE
    )
    found = list(zip(*reader.read_stripe(stripe), strict=True))
    # pyorc gives columns in the order of the file.
    fields: Any = reader.schema
    names = [name for name in fields.fields if name in columns]
    return {n: pa.array(f, pa.int64()).cast(pa.timestamp("us")) for n, f in zip(names, found, strict=True)}


def _uniform(piece: pa.Table, table: str, columns: Sequence[str], optional: Sequence[str]) -> pa.Table:
    """Return a piece under our names, times as `timestamp[us]`, columns that the file has not as null."""
    found = []
    names = [*columns, *optional]
    for name in names:
        there = name if name in piece.column_names else _OTHER_NAMES.get((table, name), name)
        column = piece.column(there) if there in piece.column_names else pa.nulls(piece.num_rows)
        kind = column.type
        if pa.types.is_struct(kind) and {"seconds", "microseconds"} <= {field.name for field in kind}:
            seconds = pc.struct_field(column, "seconds")
            micros = pc.struct_field(column, "microseconds").cast(pa.int64())
            # A year that does not fit into 64 bits of microseconds is no date at all.
            fits = pc.less(pc.abs(seconds), pa.scalar(9 * 10**12))
            seconds = pc.if_else(fits, seconds, None)
            column = pc.add(pc.multiply(seconds, 1_000_000), micros).cast(pa.timestamp("us"))
        elif pa.types.is_timestamp(kind):
            column = column.cast(pa.timestamp("us"), safe=False)
        found.append(column)
    return pa.table(found, names=names)


def _system(location: str) -> tuple[pafs.FileSystem, str]:
    """Return the file system of a location and the path in it."""
    if location.startswith("s3://"):
        return _s3(location)
    if "://" in location and not location.startswith("file://"):
        raise UsageError(f"{_shown(location)}: an export is read from a folder or from s3://BUCKET/PATH")
    path = Path(location.removeprefix("file://")).expanduser().absolute()
    if not path.is_dir():
        raise SourceError(f"{path}: there is no such folder; give the folder of a graph export")
    return pafs.LocalFileSystem(), str(path)


@cache
def _s3(location: str) -> tuple[pafs.FileSystem, str]:
    bucket, prefix, given = s3_parameters(location)
    arguments: dict[str, Any] = {"region": given["region"], "connect_timeout": 15, "request_timeout": 60}
    if given.get("endpoint"):
        scheme, _, host = given["endpoint"].partition("://")
        arguments.update(endpoint_override=host, scheme=scheme)
    if given["anonymous"] == "true":
        arguments["anonymous"] = True
    return pafs.S3FileSystem(**arguments), f"{bucket}/{prefix}".rstrip("/")


def _shown(location: str) -> str:
    return location.partition("?")[0]


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0][:300]
