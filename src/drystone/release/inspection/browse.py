"""Looking through a release a page at a time: its counts, its repositories, a repository's files, a file's text.

What a page costs does not grow with the release: ledger and data are read by the row groups that may hold what is asked
for, counts are made once and kept beside the lookup index. Knows nothing of pages.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Generic, TypeVar, cast

import orjson
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import TypeAdapter, ValidationError

from drystone.errors import ReleaseError
from drystone.release import layout
from drystone.release.columns import LedgerRow
from drystone.release.files import write_whole
from drystone.release.inspection.lookup import ReleaseIndex, open_index
from drystone.release.inspection.stats import Stats, stats
from drystone.release.read import Release, open_release
from drystone.release.schema import ANY_LEDGER, LEDGER
from drystone.release.tables import completed, first_line, may_hold, open_parquet

#: What a list of files shows of each.
LISTED: Final = ("path", "entry", "kind", "size", "decision", "reason", "language", "license_expression", "swhid")
_STATS: Final = TypeAdapter(Stats)

_Opened = TypeVar("_Opened")
_Named = TypeVar("_Named")


@dataclass(frozen=True, slots=True)
class FileList:
    """Some of a repository's files: `rows` with the columns `LISTED`, of `total` that fit what was asked for.

    `languages` are those of all the repository's files, sorted.
    """

    rows: list[LedgerRow] = field(default_factory=list)
    total: int = 0
    languages: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Run:
    """Rows of one repository in a row group: `count` of them from row `first` on, and which of them are wanted."""

    path: Path
    group: int
    first: int
    wanted: pa.Array


class View:
    """One version of a release, opened to be looked through."""

    def __init__(self, release: Release, index: ReleaseIndex, counts: Stats) -> None:
        self.release, self.index, self.counts = release, index, counts

    def files(
        self, repository_id: str, offset: int, count: int, *, language: str | None = None, decision: str | None = None
    ) -> FileList:
        """Return up to `count` of a repository's files in the ledger's order, from `offset` on.

        `language` and `decision` choose some; a language of "" means files whose language is not known. Raises
        `ReleaseError` where the ledger is damaged.
        """
        runs: list[_Run] = []
        languages: set[str] = set()
        for run, table in self._runs(repository_id):
            languages.update(name for name in table.column("language").unique().to_pylist() if name)
            runs.append(_Run(run.path, run.group, run.first, _wanted(table, language, decision)))
        total = sum(len(run.wanted) for run in runs)
        rows: list[LedgerRow] = []
        for run in runs:
            if offset < len(run.wanted) and len(rows) < count:
                at = run.wanted.slice(offset, count - len(rows))
                table = _read(run.path, run.group, LISTED)
                rows += table.slice(run.first).take(at).to_pylist()
            offset = max(0, offset - len(run.wanted))
        return FileList(rows, total, sorted(languages))

    def occurrence(self, repository_id: str, path: str, entry: int = 0) -> LedgerRow | None:
        """Return the ledger's row of one path in one repository; None where there is none."""
        for table in self.release.ledger_of(repository_id, path):
            for row in table.to_pylist():
                if row["entry"] == entry:
                    return cast(LedgerRow, row)
        return None

    def text(self, swhid: str, shard: str | None) -> str | None:
        """Return the released text of a kept file: what was redacted in it stays so. None where it is not held."""
        row = self.release.kept_file(swhid, shard, ["content"])
        return None if row is None else row["content"]

    def _runs(self, repository_id: str) -> Iterator[tuple[_Run, pa.Table]]:
        """Yield where a repository's rows lie, and what lists are chosen by."""
        equal = {"repository_id": repository_id}
        for entry in self.release.parts_of(repository_id):
            path = self.release.path / entry.place
            with open_parquet(path, ANY_LEDGER) as file:
                groups = [g for g in range(file.num_row_groups) if may_hold(file.metadata.row_group(g), equal)]
            for group in groups:
                table = _read(path, group, ("repository_id", "language", "decision"))
                ids = table.column("repository_id")
                count = pc.sum(pc.equal(ids, repository_id)).as_py() or 0
                if count:
                    first = pc.index(ids, repository_id).as_py()
                    yield _Run(path, group, first, pa.array([], pa.int64())), table.slice(first, count)


class Fresh(Generic[_Opened]):
    """A release that is opened anew when its manifest has changed, so that what was retracted is shown no longer.

    `open_` opens it, in whatever form is wanted. Raises what that raises.
    """

    def __init__(self, path: Path, open_: Callable[[], _Opened]) -> None:
        self._path, self._open = path, open_
        self._lock = threading.Lock()
        self._seen = self._stamp()
        self._now = open_()

    def now(self) -> _Opened:
        """Return the release as it is now. Raises `ReleaseError` where it can no longer be opened."""
        with self._lock:
            stamp = self._stamp()
            if stamp != self._seen or stamp is None:
                self._now = self._open()
                self._seen = stamp
            return self._now

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            found = (self._path / layout.MANIFEST).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


class Watched(Fresh[View]):
    """A release that is opened anew when its manifest has changed, to be looked through."""

    def __init__(self, path: Path, cache: Path | None = None) -> None:
        super().__init__(path, lambda: open_view(path, cache))

    def view(self) -> View:
        """Return the release as it is now. Raises `ReleaseError` where it can no longer be opened."""
        return self.now()


def named(releases: Iterable[tuple[Path, _Named]]) -> dict[str, _Named]:
    """Return releases by the names of their folders, as addresses can have them; a second of one name gets a number."""
    found: dict[str, _Named] = {}
    for place, release in releases:
        plain = re.sub(r"[^\w.-]+", "-", place.resolve().name, flags=re.ASCII).strip("-.") or "release"
        number = 1
        while (name := plain if number == 1 else f"{plain}-{number}") in found:
            number += 1
        found[name] = release
    return found


def open_view(path: str | os.PathLike[str], cache: Path | None = None) -> View:
    """Open the release in folder `path` to be looked through; what the cache lacks of index and counts is made first.

    Raises `ReleaseError` where the folder is no release, is damaged, or the cache cannot be written.
    """
    release = open_release(path)
    index = open_index(path, cache)
    return View(release, index, _counts(release, index.folder / "stats.json"))


def _counts(release: Release, kept: Path) -> Stats:
    try:
        return _STATS.validate_json(kept.read_bytes())
    except (OSError, ValidationError):
        counts = stats(release)
    write_whole(kept, orjson.dumps(_STATS.dump_python(counts, mode="json")))
    return counts


def _wanted(table: pa.Table, language: str | None, decision: str | None) -> pa.Array:
    """Return the numbers of the rows that are of a language and a decision."""
    mask = pa.array([True] * table.num_rows, pa.bool_()) if language is None and decision is None else None
    for name, value in (("language", language), ("decision", decision)):
        if value is not None:
            column = table.column(name)
            fits = pc.is_null(column) if value == "" else pc.fill_null(pc.equal(column, value), False)
            mask = fits if mask is None else pc.and_(mask, fits)
    return pc.indices_nonzero(mask)


def _read(path: Path, group: int, columns: Sequence[str]) -> pa.Table:
    wanted = pa.schema([LEDGER.field(c) for c in columns])
    try:
        with open_parquet(path, ANY_LEDGER) as file:
            table = file.read_row_group(group, columns=list(columns), use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise ReleaseError(f"{layout.shown(str(path))}: {first_line(error)}") from None
    return completed(table, wanted)
