"""Opening a release and reading its rows, in a stream. Checks shape (manifest, columns), not content: see `verify`."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import pyarrow as pa

from drystone.errors import MissingExtraError, ReleaseError, did_you_mean
from drystone.release import layout
from drystone.release.columns import DataRow, Kind, RepositoryRow
from drystone.release.manifest import FileEntry, Manifest, read_manifest
from drystone.release.schema import DATA, Expected, expected
from drystone.release.tables import batches, open_parquet, rows_equal, schema_of

if TYPE_CHECKING:
    import daft
    import pyarrow.dataset as ds

#: Languages that an error names at most.
_NAMED: Final = 20


@dataclass(frozen=True)
class Release:
    """An opened release: its folder and manifest, and its rows on demand.

    `step` is called before each table of rows is given; what it raises ends the reading.
    """

    path: Path
    manifest: Manifest
    step: Callable[[], object] = field(default=lambda: None, repr=False, compare=False)

    @property
    def root(self) -> str:
        """The root hash, hex."""
        return self.manifest.root

    @property
    def languages(self) -> list[str]:
        """Languages with data, sorted."""
        return sorted(self.manifest.languages)

    def columns(self, kind: Kind) -> list[str]:
        """Return the columns of the files of a kind, in order: as the manifest announces them, else as the files have.

        Raises `ReleaseError` where a file cannot be read.
        """
        names = self.manifest.columns.get(kind)
        if names is not None:
            return list(names)
        first = next(iter(self.manifest.of_kind(kind)), None)
        whole = self.expected(kind)
        return list((whole.schema if first is None else schema_of(self.path / first.place, whole)).names)

    def expected(self, kind: Kind) -> Expected:
        """Return what the columns of a kind's files must be by the manifest."""
        return expected(kind, self.manifest.columns.get(kind))

    def data(self, language: str | None = None, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield kept files as tables of at most 2,048 rows and about 16 MiB (or one row), under `schema.DATA`.

        `columns` chooses some of them, in that order. What an older release has no column for is null.

        Raises `ReleaseError` for a language or column that is not there, and for damaged files.
        """
        return self._tables(self._data_entries(language), "data", columns)

    def rows(self, entry: FileEntry, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the rows of one file of the manifest, under its schema or `columns` of it."""
        return self._tables([entry], entry.kind, columns)

    def shard(self, path: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the rows of one shard as `data` does. Raises `ReleaseError` for a path that is no shard here."""
        for entry in self.manifest.of_kind("data"):
            if entry.path == path:
                return self.rows(entry, columns)
        raise ReleaseError(f"{layout.shown(path)} is not a shard of {layout.shown(str(self.path))}")

    def files(self, language: str | None = None, columns: Sequence[str] | None = None) -> Iterator[DataRow]:
        """Yield kept files one by one as dicts. Raises `ReleaseError` as `data` does."""
        for table in self.data(language, columns):
            yield from table.to_pylist()

    def ledger(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the ledger, one row per occurrence, as tables of at most 2,048 rows under `schema.LEDGER`."""
        return self._tables(self.manifest.of_kind("ledger"), "ledger", columns)

    def parts_of(self, repository_id: str) -> Iterator[FileEntry]:
        """Yield the parts of the ledger that may hold a repository's rows, in order.

        Parts follow each other by `repository_id`, so that of many parts few footers are read.
        """
        entries = [entry for entry in self.manifest.of_kind("ledger") if entry.rows]
        first = bisect_left(entries, repository_id, key=lambda entry: self._bounds(entry)[1])
        for entry in entries[first:]:
            if self._bounds(entry)[0] > repository_id:
                return
            yield entry

    def ledger_of(
        self, repository_id: str, path: str | None = None, columns: Sequence[str] | None = None
    ) -> Iterator[pa.Table]:
        """Yield the ledger's rows of one repository (and path); of other repositories little or nothing is read."""
        equal = {"repository_id": repository_id} | ({} if path is None else {"path": path})
        for entry in self.parts_of(repository_id):
            yield from rows_equal(self.path / entry.place, self.expected("ledger"), equal, columns)

    def repository(self, repository_id: str) -> RepositoryRow | None:
        """Return the row of a repository, or None."""
        for entry in self.manifest.of_kind("repositories"):
            equal = {"repository_id": repository_id}
            for table in rows_equal(self.path / entry.place, self.expected("repositories"), equal):
                return cast(RepositoryRow, table.to_pylist()[0])
        return None

    def kept_file(self, swhid: str, shard: str | None = None, columns: Sequence[str] | None = None) -> DataRow | None:
        """Return the row of data with this SWHID, out of the shard that the ledger names or of any; None: not kept.

        Raises `ReleaseError` for a shard that is not there.
        """
        entries = [entry for entry in self.manifest.of_kind("data") if shard is None or entry.path == shard]
        if not entries and shard is not None:
            raise ReleaseError(f"{layout.shown(shard)} is not a shard of {layout.shown(str(self.path))}")
        for entry in entries:
            for table in rows_equal(self.path / entry.place, self.expected("data"), {"swhid": swhid}, columns):
                try:
                    return cast(DataRow, table.to_pylist()[0])
                except UnicodeDecodeError:
                    place = layout.shown(str(self.path / entry.place))
                    raise ReleaseError(f"{place}: what the row of {swhid} says is not UTF-8") from None
        return None

    def repositories(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the repositories that were read, as tables of at most 2,048 rows under `schema.REPOSITORIES`."""
        return self._tables(self.manifest.of_kind("repositories"), "repositories", columns)

    def dataset(self, language: str | None = None) -> ds.Dataset:
        """Return the data files as an Arrow dataset, for filters and projections pushed down to row groups."""
        import pyarrow.dataset as ds  # noqa: PLC0415  (loads pandas where that is installed)

        paths = [str(self.path / entry.place) for entry in self._data_entries(language)]
        for path in paths:
            open_parquet(Path(path), self.expected("data")).close()
        return ds.dataset(paths, schema=DATA, format="parquet")

    def daft(self, language: str | None = None) -> daft.DataFrame:
        """Return the data files as a Daft frame (extra `frames`).

        Raises `ReleaseError` for a language that is not there.
        """
        os.environ.setdefault("DO_NOT_TRACK", "1")
        try:
            import daft  # noqa: PLC0415  an extra
        except ImportError:
            raise MissingExtraError("Daft", "frames") from None

        return daft.read_parquet([str(self.path / entry.place) for entry in self._data_entries(language)])

    def _bounds(self, entry: FileEntry) -> tuple[str, str]:
        """Return the first and last `repository_id` of a part of the ledger; of other writers' parts the widest."""
        with open_parquet(self.path / entry.place, self.expected("ledger")) as file:
            # Statistics are of leaves, of which a struct or a list before the column has several.
            at = [file.schema.column(leaf).path for leaf in range(len(file.schema))].index("repository_id")
            groups = [file.metadata.row_group(group).column(at).statistics for group in (0, file.num_row_groups - 1)]
        known = [group is not None and group.has_min_max for group in groups]
        return (groups[0].min if known[0] else "", groups[1].max if known[1] else "\U0010ffff")

    def _data_entries(self, language: str | None) -> list[FileEntry]:
        if language is None:
            return self.manifest.of_kind("data")
        entries = self.manifest.languages.get(language)
        if entries is None:
            names = [layout.shown(name) for name in self.languages]
            more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
            said = did_you_mean(language, names) or f"; languages: {', '.join(names[:_NAMED]) or 'none'}{more}"
            raise ReleaseError(f"no files of language '{layout.shown(language)}' in this release{said}")
        return entries

    def _tables(self, entries: Sequence[FileEntry], kind: Kind, columns: Sequence[str] | None) -> Iterator[pa.Table]:
        whole = self.expected(kind)
        unknown = sorted(set(columns or ()) - set(whole.schema.names))
        if unknown:
            raise ReleaseError(f"no column {', '.join(unknown)}; columns: {', '.join(whole.schema.names)}")
        return self._stepped(entries, whole, columns)

    def _stepped(
        self, entries: Sequence[FileEntry], whole: Expected, columns: Sequence[str] | None
    ) -> Iterator[pa.Table]:
        for entry in entries:
            for table in batches(self.path / entry.place, whole, columns):
                self.step()
                yield table


def open_release(path: str | os.PathLike[str]) -> Release:
    """Open the release in folder `path`.

    Raises `ReleaseError` where the folder is no release, is incomplete, is damaged at first sight (the manifest does
    not parse or names impossible files), or is of a newer format.
    """
    folder = Path(path)
    return Release(folder, read_manifest(folder))
