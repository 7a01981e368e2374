"""The `software-heritage` source: the origins of a graph export at their latest visit, contents from the archive.

A collection: its work is a chain of joins over ids, cut into tasks of bounded memory, and it comes in parts. Knows how
the export's tables lead from an origin to its files; nothing of what the files are.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Final, TypeVar

import numpy as np

from drystone.errors import SourceError, UsageError
from drystone.identity.hashes import snapshot_hash
from drystone.sources.base import (
    LISTING,
    SAME_DIRECTORY,
    Collection,
    IsOut,
    Limits,
    Listing,
    Part,
    Repository,
    SourceState,
    Terms,
    moment_text,
)
from drystone.sources.software_heritage import directories as swh_directories
from drystone.sources.software_heritage import origins as swh_origins
from drystone.sources.software_heritage import parts as swh_parts
from drystone.sources.software_heritage import terms as swh_terms
from drystone.sources.software_heritage.contents import ContentId, ContentStore
from drystone.sources.software_heritage.export import GraphExport, TableFile
from drystone.sources.software_heritage.http import shown
from drystone.sources.software_heritage.parts import CONTENTS
from drystone.work.runs import (
    ROWS_PER_RANGE,
    Keys,
    as_array,
    keys,
    range_count,
    read_group,
    read_range,
    read_rows,
    runs,
    write_run,
)
from drystone.work.store import Stage
from drystone.work.tasks import Runner, Summary, Task

_Summary = TypeVar("_Summary", bound=Mapping[str, Any])

#: Changes where the meaning of the files below the cache does.
_FORMAT: Final = 7
#: Entries of all directories that a group of roots holds in memory, at most about: their names and ids, put together
#: to be hashed, must not pass 2 GiB.
_GROUP_ENTRIES: Final = 1 << 24
#: Repositories without a tree of their own that make one part.
_OTHERS: Final = 1 << 16
#: Releases that point at releases are followed so far.
_MAX_RELEASES: Final = 8
_CACHED_PARTS: Final = 4
#: The snapshot of a repository without references: nothing is missing from it.
_EMPTY_SNAPSHOT: Final = snapshot_hash({})
#: What is written as a run, of the rows that a task may hold: it is there as text, as ids and sorted, beside what the
#: reader holds of its file, and must not need more than what reads and joins such runs.
_RUN_SHARE: Final = 4
#: Rows about origins and branches have URLs, names and reasons, and are Python's objects for a while: each takes the
#: memory of so many others.
_ORIGIN_WEIGHT: Final = 16
#: Columns of names are held as one array each, which ends at 2 GiB.
_MOST_ROWS: Final = 1 << 26
#: Steps that depend neither on which origins are out nor on which visits count.
_OF_EXPORT: Final = frozenset(
    {"visits", "recorded", "branches", "releases", "revisions", "entries", "edges", "directories", "contents"}
)


@dataclass(frozen=True)
class SoftwareHeritage(Collection):
    """A graph export and where the contents of its files lie.

    `export` is a folder or an `s3://` URL (see `swh_export`), `contents` a location as `ContentStore.open` takes it, or
    `export` for the export's own column `data`. `origins` limits the build to URLs that begin so. `repositories` is a
    Parquet table of what is recorded of origins: `origin` (its URL) and any of default_branch, stars, forks, github_id,
    license, language, created_at, event_created_at. Deeper directories than `depth` are rows of the ledger.
    `agreement` says under which agreement the archive is read in bulk. With `verify`, directories whose entries do not
    hash to their identifiers are not read. `rows` are those that a task sorts and joins at a time: memory grows with
    them, and fewer tasks open fewer files each. `as_of` (naive UTC) takes the latest full visit by then; with `points`,
    each origin is a repository at each of them.
    """

    export: str
    contents: str
    origins: str = ""
    repositories: Path | None = None
    depth: int = 256
    agreement: str | None = None
    verify: bool = True
    rows: int = ROWS_PER_RANGE
    as_of: datetime | None = None
    points: tuple[datetime, ...] = ()

    kind: ClassVar[str] = "software-heritage"

    def __post_init__(self) -> None:
        if not self.export or not self.contents:
            raise UsageError("a Software Heritage source needs 'export', a graph export, and 'contents', their place")
        if not 1 <= self.depth <= 4096:
            raise UsageError(f"depth must be between 1 and 4096, it is {self.depth}")
        if not 1 <= self.rows <= _MOST_ROWS:
            raise UsageError(f"rows must be between 1 and {_MOST_ROWS:,}, it is {self.rows:,}")

    @property
    def spec(self) -> str:
        """The export after `swh+`, without parameters; then the moments that are asked for."""
        moments = [self.as_of] if self.as_of is not None else self.points
        when = f" as of {', '.join(map(moment_text, moments))}" if moments else ""
        return f"swh+{self.export.partition('?')[0]}{when}"

    @property
    def terms(self) -> Terms:
        """The wording of the archive's terms, by SHA-256, and the agreement that was stated."""
        return Terms(swh_terms.SHA256, self.agreement)

    def parts(self, cache: Path, limits: Limits, run: Runner, out: IsOut | None = None) -> list[Part]:
        """Resolve the export to lists of occurrences, and return them as parts.

        Origins that are `out` stand for no other, and nothing of them is listed.

        Everything lies below `cache` and is done once. Raises `SourceError` where tables or columns are missing, or
        files are damaged; `UsageError` where the location of contents cannot be one.
        """
        if self.points:
            each = [replace(self, as_of=point, points=()) for point in self.points]
            return [part for source in each for part in source.parts(cache, limits, run, out)]
        export = GraphExport.open(self.export)
        for table in ("origin_visit_status", "snapshot_branch", "revision", "directory", "directory_entry", "content"):
            export.files(table)
        recorded = self.repositories.stat() if self.repositories is not None and self.repositories.exists() else None
        key = hashlib.sha256(
            repr(
                (
                    _FORMAT, export.fingerprint, self.origins, self.depth, self.verify, self.rows,
                    limits.max_entries, limits.max_path_bytes,
                    recorded and (recorded.st_size, recorded.st_mtime_ns),
                )
            ).encode()
        ).hexdigest()  # fmt: skip
        folder = cache / "software-heritage" / key[:16]
        self.open_contents(cache, limits).close()
        plan = _Plan(self, export, folder, limits, run)
        roots = plan.origins(out)
        key, folder = hashlib.sha256(f"{key} {plan.chosen.name}".encode()).hexdigest(), plan.chosen
        listed, joined = plan.directories(roots)
        parts: list[Part] = []
        for part in listed:
            span = roots.span(part["first"], part["last"])
            parts.append(
                _Part(self, key, len(parts), part["name"], folder / "parts", span, tuple(joined), part["rows"])
            )
        for path, count in roots.others:
            for first in range(0, count, _OTHERS):
                others = ((path, first, min(count, first + _OTHERS)),)
                parts.append(_Part(self, key, len(parts), None, folder / "parts", others, (), others[0][2] - first))
        if not parts:
            raise SourceError(f"{self.spec}: no origin of the export begins with {self.origins!r}")
        return parts

    def open_contents(self, cache: Path, limits: Limits) -> ContentStore:
        """Return the place of contents, opened; `DRYSTONE_SWH_TOKEN` is a token for the web API."""
        return ContentStore.open(
            self.contents,
            cache=cache / "contents",
            max_bytes=limits.max_file_bytes,
            token=os.environ.get("DRYSTONE_SWH_TOKEN"),
            export=self.export,
            patience=limits.patience,
        )


@dataclass(frozen=True)
class _Roots:
    """Roots in the order of their numbers: files, and the number of each file's first; the repositories without."""

    files: tuple[tuple[Path, int, int], ...]
    others: tuple[tuple[Path, int], ...]

    @property
    def count(self) -> int:
        return sum(rows for _, _, rows in self.files)

    def span(self, first: int, last: int) -> tuple[tuple[Path, int, int], ...]:
        """Return where the roots from number `first` up to `last` lie: (file, first row, last row)."""
        return tuple(
            (path, max(0, first - start), min(rows, last - start))
            for path, start, rows in self.files
            if first < start + rows and last > start
        )


class _Plan:
    """The steps from an export to parts; each has a folder, named after what it holds."""

    def __init__(
        self, source: SoftwareHeritage, export: GraphExport, folder: Path, limits: Limits, run: Runner
    ) -> None:
        self._source = source
        self._export = export
        self._folder = folder
        self._limits = limits
        self._runner = run
        self._run = max(1, source.rows // _RUN_SHARE)
        #: Where steps lie that depend on which origins are out.
        self.chosen = folder if source.as_of is None else folder / f"as-of-{source.as_of.isoformat()}"
        folder.mkdir(parents=True, exist_ok=True)

    def origins(self, out: IsOut | None) -> _Roots:
        """Choose revision and root directory of every origin; let one stand for all with the same directory."""
        steps = swh_origins
        prefix = self._source.origins
        given = {"export": self._export, "rows": self._run}
        tasks = [
            _of_file(f"{table}-{number:05d}", steps.visits, file, **given, table=table, prefix=prefix)
            for table in ("origin", "origin_visit", "origin_visit_status")
            for number, file in enumerate(self._export.tables.get(table, ()))
        ]
        visits, rows = self._step("visits", tasks)
        noted = runs(visits, "visits")
        if self._source.repositories is not None:
            path = str(self._source.repositories)
            there = {"path": path, "rows": self._run}
            recorded, _ = self._step("recorded", [Task("recorded", steps.recorded, there)])
            noted += runs(recorded, "visits")
        until = _micros(self._source.as_of)
        latest, found = self._ranged("latest", steps.latest, _total(rows), _ORIGIN_WEIGHT, given=noted, until=until)
        count = _total(found, "origins")

        branches, rows = self._step("branches", self._files("snapshot_branch", steps.branches))
        listed = {"wanted": runs(latest, "wanted"), "given": runs(branches, "branches")}
        chosen, found = self._ranged("chosen", steps.chosen, _total(rows), _ORIGIN_WEIGHT, **listed)
        candidates, resolved = runs(chosen, "candidates"), runs(chosen, "found")
        if _total(found, "releases"):
            releases, rows = self._step("releases", self._files("release", steps.releases))
            for turn in range(_MAX_RELEASES):
                tagged = {"given": candidates, "known": runs(releases, "releases")}
                peeled, found = self._ranged(f"peeled-{turn}", steps.peel, _total(rows), **tagged)
                candidates, resolved = runs(peeled, "candidates"), resolved + runs(peeled, "found")
                if not _total(found, "releases"):
                    break

        revisions, rows = self._step("revisions", self._files("revision", steps.revisions))
        revised = {"given": candidates, "known": runs(revisions, "revisions")}
        directories, _ = self._ranged("root-directories", steps.directories, _total(rows), **revised)
        facts = {"origins": runs(latest, "origins"), "found": [*resolved, *runs(directories, "found")]}
        repositories, _ = self._ranged("repositories", steps.repositories, count, _ORIGIN_WEIGHT, **facts)
        rooted, rootless = runs(repositories, "repositories"), runs(repositories, "rootless")
        gone: list[Path] = []
        if out is not None:
            among = {"given": rooted + rootless, "out": out}
            asked, told = self._ranged(f"out-{out.key[:16]}", steps.left_out, count, _ORIGIN_WEIGHT, **among)
            digests = [summary["digest"] for summary in told]
            if any(digests):
                gone = runs(asked, "out")
                self.chosen = self.chosen / f"without-{hashlib.sha256(repr(digests).encode()).hexdigest()[:16]}"
        alike = {"given": rooted, "rootless": rootless, "out": gone}
        collapsed, found = self._ranged("collapsed", steps.collapse, count, _ORIGIN_WEIGHT, **alike)
        numbered, numbers = self._ranged("roots", steps.number, count, _ORIGIN_WEIGHT, given=runs(collapsed, "roots"))
        files: list[tuple[Path, int, int]] = []
        first = 0
        for file, summary in zip(runs(numbered, "numbered"), numbers, strict=True):
            files.append((file, first, int(summary["rows"])))
            first += summary["rows"]
        others = zip(runs(collapsed, "others"), (int(summary["others"]) for summary in found), strict=True)
        return _Roots(tuple(files), tuple((path, rows) for path, rows in others if rows))

    def directories(self, roots: _Roots) -> tuple[list[swh_parts.PartOfRoots], list[Path]]:
        """Resolve the directories below all roots; return the parts, and the files with what is known of contents."""
        if not roots.count:
            return [], []
        entries, found = self._step("entries", self._files("directory_entry", swh_directories.entries))
        rows = _total(found)
        levels = self._reach(roots, entries, rows)
        counts = [path for level in levels for path in runs(level, "counts")]
        groups = self._groups(swh_directories.entries_of_roots(counts, roots.count))
        group_of = self.chosen / "group-of-root.npy"
        np.save(group_of, np.repeat(np.arange(len(groups), dtype=np.int32), [last - first for first, last in groups]))
        manifests, _ = self._step("directories", self._files("directory", swh_directories.manifests))
        routed, _ = self._ranged(
            "routed", swh_directories.route, rows, pairs=levels, given=runs(entries, "entries"),
            manifests=runs(manifests, "manifests"), group_of=group_of, groups=len(groups),
        )  # fmt: skip
        tasks = [
            Task(
                f"{number:06d}",
                swh_parts.resolve,
                {"routed": runs(routed, "routed"), "group": number, "roots": list(roots.span(first, last)),
                 "number": first, "limits": self._limits, "depth": self._source.depth,
                 "verify": self._source.verify},
            )
            for number, (first, last) in enumerate(groups)
        ]  # fmt: skip
        parts, found = self._step("parts", tasks)
        listed = [part for summary in found for part in summary["parts"]]

        given = {"export": self._export, "rows": self._run}
        tables = [
            (table, file) for table in ("content", "skipped_content") for file in self._export.tables.get(table, ())
        ]
        tasks = [
            _of_file(f"{table}-{number:05d}", swh_parts.contents, file, **given, table=table)
            for number, (table, file) in enumerate(tables)
        ]
        contents, found = self._step("contents", tasks)
        rows = _total(found)
        tasks = [
            Task(part["name"], swh_parts.asked, {"occurrences": parts / f"{part['name']}.occurrences"})
            for part in listed
        ]
        wanted, found = self._step("asked", tasks)
        asked = [wanted / f"{part['name']}.asked" for part in listed]
        rows += _total(found)
        joined, _ = self._ranged("joined", swh_parts.join, rows, asked=asked, known=runs(contents, "contents"))
        return listed, runs(joined, "joined")

    def _reach(self, roots: _Roots, entries: Path, rows: int) -> list[Path]:
        """Visit directories level by level until there are no more; return the folders of all levels."""
        first = [
            Task(f"{number:06d}", swh_parts.first_level, {"file": path, "first": start, "rows": rows_})
            for number, (path, start, rows_) in enumerate(roots.files)
        ]
        level, _ = self._step("level-000", first)
        visit = runs(level, "next")
        below = {"edges": runs(entries, "edges"), "sizes": runs(entries, "sizes")}
        merged, _ = self._ranged("edges", swh_directories.merge, rows, **below)
        levels: list[Path] = []
        # One level more than is listed, to know what lies too deep.
        for depth in range(1, self._source.depth + 2):
            given = {"visit": visit, "seen": list(levels), "merged": merged, "roots": roots.count}
            level, found = self._ranged(f"level-{depth:03d}", swh_directories.reach, rows, **given)
            levels.append(level)
            visit = [level / f"{number:06d}.next" for number, summary in enumerate(found) if summary["next"]]
            if not visit:
                break
        return levels

    def _groups(self, sizes: np.ndarray[Any, np.dtype[np.int64]]) -> list[tuple[int, int]]:
        """Cut roots, in their order, into groups whose directories have about as many entries as a task may hold."""
        most = min(self._source.rows, _GROUP_ENTRIES)
        ends = np.cumsum(sizes)
        groups, first = [], 0
        while first < len(ends):
            done = int(ends[first - 1]) if first else 0
            last = max(first + 1, int(np.searchsorted(ends, done + most, side="right")))
            groups.append((first, last))
            first = last
        return groups

    def _files(self, table: str, function: Callable[..., Mapping[str, Any]]) -> list[Task]:
        """Return one task for each file of a table."""
        given = {"export": self._export, "rows": self._run}
        files = enumerate(self._export.files(table))
        return [_of_file(f"{number:05d}", function, file, **given) for number, file in files]

    def _step(self, name: str, tasks: Sequence[Task]) -> tuple[Path, list[Summary]]:
        folder = (self._folder if name in _OF_EXPORT else self.chosen) / name
        return folder, self._runner(f"software heritage: {name}", Stage(folder), tasks)

    def _ranged(
        self, name: str, function: Callable[..., Mapping[str, Any]], rows: int, weight: int = 1, /, **arguments: Any
    ) -> tuple[Path, list[Summary]]:
        """Run one task for each range of keys, so many that each has as many of `rows` as a task may hold.

        A row takes the memory of `weight` others.
        """
        count = range_count(rows * weight, self._source.rows)
        return self._step(
            name, [Task(f"{i:06d}", function, {**arguments, "index": i, "count": count}) for i in range(count)]
        )


def _of_file(id_: str, function: Callable[..., Mapping[str, Any]], file: TableFile, **given: Any) -> Task:
    """Return a task that reads one file of an export; it weighs what the file does."""
    return Task(id_, function, {**given, "file": file}, file.size or Task.weight)


def _total(summaries: Iterable[dict[str, int]], name: str = "rows") -> int:
    return sum(summary[name] for summary in summaries)


@dataclass(frozen=True)
class _Part(Part):
    """Some repositories of an export. `name` is None for those that have no directory of their own to list."""

    source: SoftwareHeritage
    key: str
    number: int
    name: str | None
    folder: Path
    spans: tuple[tuple[Path, int, int], ...]
    joined: tuple[Path, ...]
    rows: int

    kind: ClassVar[str] = SoftwareHeritage.kind
    random_access: ClassVar[bool] = True

    @property
    def spec(self) -> str:
        return f"{self.source.spec}#{self.number:06d}"

    @property
    def terms(self) -> Terms:
        """The wording of the archive's terms, by SHA-256, and the agreement that was stated."""
        return self.source.terms

    @property
    def contents_from(self) -> str:
        """The location of contents."""
        return shown(self.source.contents)

    def state(self, cache: Path) -> SourceState:
        parts = (self.key, self.source.contents, self.number, self.name, [span[1:] for span in self.spans])
        return SourceState.of(max(1, 100 * self.rows), *parts)

    def listing(self, cache: Path, limits: Limits) -> Listing:
        schema = swh_origins.ROOTS if self.name is not None else swh_origins.REPOSITORIES
        found = [row for path, first, last in self.spans for row in read_rows(path, schema, first, last).to_pylist()]
        repositories = [_repository(row, self.kind, self.source.as_of) for row in found]
        if self.name is None:
            return Listing(repositories, LISTING.empty_table())
        occurrences = self.folder / f"{self.name}.occurrences"
        listed = swh_parts.listing(occurrences, read_range([self._known()], CONTENTS), limits)
        return Listing(repositories, swh_parts.with_links(listed, lambda ids: self.read(ids, cache, limits)))

    def read(self, blobs: Iterable[bytes], cache: Path, limits: Limits) -> Iterator[bytes | SourceError]:
        known = _content_ids(self._known())
        store = _store(self.source, cache, limits, os.getpid())
        for id_, found in store.fetch(known.of(blob) for blob in blobs):
            if isinstance(found, bytes):
                yield found
            else:
                # No word of the place: the same build elsewhere gives the same ledger.
                yield SourceError(f"{id_.name} cannot be had: {found.reason}")

    def _known(self) -> Path:
        """Return the run of what is known of this part's contents, made where it is not there yet."""
        path = self.folder / f"{self.name}.known"
        if not path.exists():
            write_run(path, read_group(self.joined, CONTENTS, self.number))
        return path


class _ContentIds:
    """What is known of the contents of one part, to be found by sha1_git."""

    def __init__(self, path: Path) -> None:
        table = read_range([path], CONTENTS, columns=["key", "sha1", "sha256", "length"])
        self._index = Keys.of(table.column("key"))
        self._columns = [as_array(table.column(name)) for name in ("sha1", "sha256", "length")]

    def of(self, blob: bytes) -> ContentId:
        at = int(self._index.find(keys(blob))[0])
        if at < 0:
            return ContentId(sha1_git=blob)
        sha1, sha256, length = (column[at].as_py() for column in self._columns)
        return ContentId(sha1_git=blob, sha1=sha1, sha256=sha256, length=length)


@lru_cache(_CACHED_PARTS)
def _content_ids(path: Path) -> _ContentIds:
    return _ContentIds(path)


@lru_cache(4)
def _store(source: SoftwareHeritage, cache: Path, limits: Limits, process: int) -> ContentStore:
    """Return this process's connections to a store; kept until it ends."""
    return source.open_contents(cache, limits)


def _repository(row: swh_origins.ExportedRepository, kind: str, as_of: datetime | None) -> Repository:
    """Return a row of `ROOTS` or `REPOSITORIES` as a repository."""
    empty = lost = None
    if row["same_as"] is not None:
        empty = f"its root directory is that of {row['same_as']}, which stands for it"
    elif row["snapshot"] == _EMPTY_SNAPSHOT:
        empty = row["problem"]
    elif row["problem"] == swh_origins.NO_VISIT and as_of is not None:  # nobody promised that it was there by then
        empty = f"{row['problem']} by {moment_text(as_of)}"
    else:
        lost = row["problem"]
    metadata = {
        "as_of": moment_text(as_of) if as_of is not None else None,
        "branch_reason": row["reason"],
        "visit": row["visit"],
        "visit_type": row["type"],
        "revision_type": row["revision_type"],
        "release": row["release"].hex() if row["release"] is not None else None,
        SAME_DIRECTORY: row["same_as"],
        **{role: swh_origins.person(row[role]) for role in ("author", "committer")},
    }
    for name in ("revision_date", "committer_date", "date"):
        if row[name] is not None and _moment(row[name]) is None:
            metadata[f"{name}_microseconds"] = row[name]
    name = row["url"].rstrip("/").removesuffix(".git").partition("://")[2].partition("/")[2]
    return Repository(
        origin=row["url"],
        kind=kind,
        name=name or row["url"],
        directory=row["key"].hex() if row["key"] != swh_origins.NONE else "",
        revision=row["revision"].hex() if row["revision"] is not None else None,
        snapshot=row["snapshot"].hex() if row["snapshot"] is not None else None,
        branch=row["branch"].decode("utf-8", "backslashreplace") if row["branch"] is not None else None,
        visit_date=_moment(row["date"]),
        revision_date=_moment(row["revision_date"]),
        committer_date=_moment(row["committer_date"]),
        stars=row["stars"],
        forks=row["forks"],
        github_id=row["github_id"],
        gha_license_id=row["license"],
        gha_event_created_at=_moment(row["event_created_at"]),
        gha_created_at=_moment(row["created_at"]),
        gha_language=row["language"],
        metadata={name: value for name, value in metadata.items() if value is not None},
        empty=empty,
        lost=lost,
    )


def _micros(moment: datetime | None) -> int | None:
    """Return a time as microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1) if moment is not None else None


def _moment(micros: int | None) -> datetime | None:
    """Return microseconds since 1970 as a time; None for years that Python has no dates for."""
    try:
        return _EPOCH + timedelta(microseconds=micros) if micros is not None else None
    except OverflowError:
        return None


_EPOCH: Final = datetime(1970, 1, 1)
