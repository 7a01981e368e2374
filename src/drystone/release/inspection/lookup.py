"""Am I in it? Which versions of a release hold an owner's or a repository's files, or given bytes.

Answers from an index of the ledger, built once for each version and kept in a cache; it is read where it lies on disk,
so that neither memory nor time grows with the release. Its runs are mapped into memory and asked for one id at a time;
those of `work.runs` are read a range at a time. Knows names as `identity.origins` does, and nothing of people.
"""

from __future__ import annotations

import hashlib
import os
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal, TypedDict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from drystone.errors import ReleaseError, UsageError
from drystone.identity import origins
from drystone.identity.hashes import blob_hash
from drystone.release import layout
from drystone.release.files import file_sha256
from drystone.release.inspection.paths import has_wildcards, named_by, readings, rows_mask
from drystone.release.read import Release, open_release
from drystone.release.schema import REPOSITORIES
from drystone.work.files import whole_folder, why

#: Raised by one when the index changes, so that an older one in the cache is not read.
_FORMAT: Final = "3"
#: Rows of the ledger in one sorted run of the index: bounds the memory of building it.
_RUN_ROWS: Final = 1 << 20
#: Largest file that is hashed to be looked up, in bytes.
MAX_FILE: Final = 1 << 30
_SWHID: Final = re.compile(r"swh:1:(cnt|dir|rev):([0-9a-f]{40})(?:;.*)?\Z", re.DOTALL)

Kind = Literal["content", "directory", "revision", "repository", "owner", "path"]

_RUN: Final = pa.schema(
    [
        ("key", pa.uint64()),
        ("id", pa.binary(20)),
        ("repository", pa.int32()),
        ("path", pa.string()),
        ("kept", pa.bool_()),
        ("reason", pa.dictionary(pa.int32(), pa.string())),
    ]
)
_REPOSITORIES: Final = pa.schema(
    [
        ("name", pa.string()),
        ("origin", pa.string()),
        ("repo_name", pa.string()),
        ("directory", pa.string()),
        ("revision", pa.string()),
        ("occurrences", pa.int64()),
        ("kept", pa.int64()),
        ("repository_id", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class LookupQuery:
    """What is asked for: its kind, and the SWHID's hash (hex), canonical name or path; `shown` is for people."""

    kind: Kind
    value: str
    shown: str

    @property
    def of_files(self) -> bool:
        """Whether the answer is files, and not repositories."""
        return self.kind in ("content", "path")


@dataclass(frozen=True, slots=True)
class Held:
    """One thing found: a file with its path, or a repository with how many of its files there are and are kept."""

    origin: str
    path: str | None
    occurrences: int
    kept: int
    repository_id: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Holding:
    """What one version holds: counts over everything found, and the first of `places`."""

    release: str
    version: str
    root: str
    repositories: int
    occurrences: int
    kept: int
    places: tuple[Held, ...]


#: A path in a repository, as `why` has it: ORIGIN:/PATH. One without a name before, such as `git:/walls`, is an origin.
_IN_A_REPOSITORY: Final = re.compile(r"[^:/]+[:/].*:/(?!/)")


def parse(text: str, *, files: bool = False) -> LookupQuery:
    """Read what a person asks for: a SWHID, an owner, a repository by name or URL, a path of a release or a glob.

    With `files`, the path of a file on this machine comes before all but a SWHID. Raises `UsageError` for what is none
    of these, and for `./FILE` where there is no such file.
    """
    stripped = text.strip()
    if match := _SWHID.match(stripped):
        kinds: dict[str, Kind] = {"cnt": "content", "dir": "directory", "rev": "revision"}
        return LookupQuery(kinds[match[1]], match[2], stripped.partition(";")[0])
    if stripped.startswith("swh:"):
        raise UsageError(
            f"{layout.shown(stripped[:80])} is no SWHID of a content, directory or revision (swh:1:cnt:...)"
        )
    if files and stripped:
        local = Path(stripped).expanduser()
        if local.is_file():
            return of_bytes(_read(local), stripped)
        if re.match(r"(\.{1,2}|~[^/]*)/", stripped):
            what = "is a folder; name a file" if local.is_dir() else "there is no such file"
            raise UsageError(f"{layout.shown(stripped)}: {what}. A path of the release begins with a slash or a name")
    if not stripped or len(stripped) > origins.MAX_LENGTH or any(c < " " for c in stripped):
        raise UsageError(f"ask for an owner, a repository, a file or a SWHID, in 1 to {origins.MAX_LENGTH} characters")
    origins.check_url(stripped)
    if stripped.startswith("/") or has_wildcards(stripped) or _IN_A_REPOSITORY.match(stripped):
        return LookupQuery("path", stripped, stripped)
    name = origins.canonical(stripped)
    whole = ":" in name or name.count("/") >= 2
    return LookupQuery("repository" if whole else "owner", name, origins.public(stripped))


def as_path(query: LookupQuery) -> LookupQuery | None:
    """Return what a query asks for where its text is taken for the end of a path; None where it can be no path."""
    _, scheme, rest = query.shown.partition("://")
    if query.kind not in ("owner", "repository") or (scheme and ":" not in rest):
        return None
    return LookupQuery("path", query.shown, query.shown)


def ask(
    indexes: Sequence[ReleaseIndex], query: LookupQuery, limit: int = 20, *, offset: int = 0
) -> tuple[LookupQuery, list[Holding]]:
    """Return what each version holds, and the query as it was understood: a name that no repository bears is a path."""
    answers = [index.find(query, limit, offset=offset) for index in indexes]
    if not any(answer.occurrences for answer in answers) and (path := as_path(query)) is not None:
        found = [index.find(path, limit, offset=offset) for index in indexes]
        if any(answer.occurrences for answer in found):
            return path, found
    return query, answers


def of_bytes(data: bytes, shown: str) -> LookupQuery:
    """Return the query for a file's bytes."""
    return LookupQuery("content", blob_hash(data).hex(), shown)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE:
            raise UsageError(f"{layout.shown(str(path))} is larger than {MAX_FILE:,} bytes; give its SWHID instead")
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{layout.shown(str(path))} cannot be read: {error.strerror}") from None


def default_cache() -> Path:
    """Return where indexes are kept: below XDG_CACHE_HOME, by default `~/.cache`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "drystone" / "lookup"


#: Rows of one run, by their numbers.
_Rows = tuple[pa.Table, "np.ndarray[Any, np.dtype[np.int64]]"]


class ReleaseIndex:
    """The index of one version; `find` answers."""

    def __init__(self, release: Release, folder: Path) -> None:
        facts = release.manifest.facts
        self.folder = folder
        self.release, self.version, self.root = facts.name, facts.version, release.root
        self._repositories = _mapped(folder / "repositories.arrow")
        self._names = _Names(self._repositories.column("name"))
        self._runs = [_mapped(path) for path in sorted(folder.glob("run-*.arrow"))]
        self._keys = [_one(run.column("key")).to_numpy() for run in self._runs]

    def __len__(self) -> int:
        return int(self._repositories.num_rows)

    def repositories(self, offset: int, count: int) -> list[Held]:
        """Return up to `count` of the version's repositories, by name, from `offset` on."""
        return [_place(row) for row in self._repositories.slice(offset, count).to_pylist()]

    def find(self, query: LookupQuery, limit: int = 20, *, offset: int = 0) -> Holding:
        """Return what this version holds of it, with `limit` places from `offset` on, kept ones first."""
        if query.of_files:
            found = self._contents(bytes.fromhex(query.value)) if query.kind == "content" else self._paths(query.value)
            return self._files(found, limit, offset)
        found = self._found(query)
        places = tuple(_place(row) for row in found.slice(offset, limit).to_pylist())
        sums = [pc.sum(found.column(name)).as_py() or 0 for name in ("occurrences", "kept")]
        return Holding(self.release, self.version, self.root, found.num_rows, sums[0], sums[1], places)

    def _found(self, query: LookupQuery) -> pa.Table:
        table = self._repositories
        if query.kind in ("directory", "revision"):
            return table.filter(pc.equal(table.column(query.kind), query.value))
        if query.kind == "repository":
            if origins.is_local(query.value):
                return table.take(pa.array(self._local(query.value), pa.int64()))
            low, high = self._names.range(query.value, query.value + "\0")
            if low == high:  # a group of repositories, on hosts where groups nest
                low, high = self._names.range(query.value + "/", query.value + "0")
            return table.slice(low, high - low)
        low, high = self._names.range(query.value + "/", query.value + "0")  # "0" is what follows "/"
        if low == high and "/" not in query.shown:  # a bare name may be that of a folder, an archive or a package
            return table.filter(pc.equal(table.column("repo_name"), query.shown))
        return table.slice(low, high - low)

    def _local(self, value: str) -> list[int]:
        """Return where names on no host stand that are this one or end so; without any, those that it ends with."""
        kind = value.partition(":")[0]
        low, high = self._names.range(f"{kind}:", f"{kind};")
        names = {at: self._names[at] for at in range(low, high)}
        whole = [at for at, name in names.items() if value == name or value in origins.ends_of(name)]
        return whole or [at for at, name in names.items() if name in origins.ends_of(value)]

    def _files(self, found: list[_Rows], limit: int, offset: int) -> Holding:
        """Return the answer that is these rows of runs, kept ones first."""
        kept: list[_Rows] = []
        dropped: list[_Rows] = []
        ids: set[int] = set()
        for run, rows in found:
            at = pa.array(rows)
            mask = _one(run.column("kept").take(at)).to_numpy(zero_copy_only=False)
            kept.append((run, rows[mask]))
            dropped.append((run, rows[~mask]))
            ids.update(pc.unique(run.column("repository").take(at)).to_pylist())
        places = tuple(self._file(run, row) for run, row in _some([*kept, *dropped], offset, offset + limit))
        counts = [sum(len(rows) for _, rows in parts) for parts in (found, kept)]
        return Holding(self.release, self.version, self.root, len(ids), counts[0], counts[1], places)

    def _paths(self, query: str) -> list[_Rows]:
        """Return the rows of files at a path, at the end of one, or under a glob, in any or in one repository."""
        wanted = [(self._named(name) if name is not None else None, path) for name, path in readings(query)]
        masks = ((run, rows_mask(run.column("path"), run.column("repository"), wanted)) for run in self._runs)
        return [(run, np.flatnonzero(_one(mask).to_numpy(zero_copy_only=False))) for run, mask in masks]

    def _named(self, name: str) -> pa.Array:
        """Return the numbers of the repositories that bear a name."""
        known = [self._repositories.column(c).to_pylist() for c in ("origin", "repo_name", "repository_id")]
        bearers = [at for at, row in enumerate(zip(*known, strict=True)) if named_by(name, *row)]
        return pa.array(bearers, pa.int32())

    def _contents(self, id_: bytes) -> list[_Rows]:
        key = np.uint64(int.from_bytes(id_[:8], "big"))
        found = []
        for run, keys in zip(self._runs, self._keys, strict=True):
            low, high = np.searchsorted(keys, key, "left"), np.searchsorted(keys, key, "right")
            same = [at for at in range(int(low), int(high)) if run.column("id")[at].as_py() == id_]
            found.append((run, np.array(same, np.int64)))
        return found

    def _file(self, run: pa.Table, at: int) -> Held:
        row = run.slice(at, 1).to_pylist()[0]
        place = self._repositories.slice(row["repository"], 1).to_pylist()[0]
        return Held(place["origin"], row["path"], 1, int(row["kept"]), place["repository_id"], row["reason"])


class _RepositoryEntry(TypedDict):
    """A row of the index's repositories, as `_REPOSITORIES` has it, without the names."""

    origin: str
    occurrences: int
    kept: int
    repository_id: str


def _place(row: _RepositoryEntry) -> Held:
    return Held(row["origin"], None, row["occurrences"], row["kept"], row["repository_id"])


class _Names(Sequence[str]):
    """Sorted names where they lie on disk."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        self._array = _one(column)

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, at: Any) -> Any:
        return self._array[at].as_py()

    def range(self, low: str, high: str) -> tuple[int, int]:
        """Return where names from `low` on and below `high` stand."""
        return bisect_left(self, low), bisect_left(self, high)


def cached_index(path: Path, cache: Path | None = None) -> Path:
    """Return where the index of the release in folder `path` is kept, or would be."""
    key = hashlib.sha256(f"{_FORMAT} {file_sha256(path / layout.MANIFEST)}".encode()).hexdigest()
    return (cache or default_cache()) / key


def open_index(path: str | os.PathLike[str], cache: Path | None = None) -> ReleaseIndex:
    """Open the index of the release in folder `path`, built first where the cache does not have it.

    Raises `ReleaseError` where the folder is no release, is damaged, or the cache cannot be written.
    """
    release = open_release(path)
    # By the manifest and not by the root alone, which a manifest could claim.
    folder = cached_index(release.path, cache)
    if not folder.is_dir():
        _build(release, folder)
    return ReleaseIndex(release, folder)


def _build(release: Release, folder: Path) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError), whole_folder(folder) as work:  # another process may be as quick
            ids = _write_repositories(release, work)
            for number, rows in enumerate(_runs(release)):
                _write(work / f"run-{number:05d}.arrow", _run(rows, ids))
    except OSError as error:
        raise ReleaseError(f"{layout.shown(str(folder))} cannot be written: {why(error)}; see --cache") from None


def _write_repositories(release: Release, work: Path) -> pa.Array:
    """Write the repositories sorted by name; return their ids in that order."""
    columns = ["repository_id", "origin", "repo_name", "directory_id", "revision_id", "occurrences", "kept"]
    none = pa.schema([REPOSITORIES.field(c) for c in columns]).empty_table()
    table = pa.concat_tables([none, *release.repositories(columns)])
    names = pa.array([origins.canonical(origin or "") for origin in table.column("origin").to_pylist()], pa.string())
    table = table.append_column("name", names)
    # By code points, as `bisect` compares; Arrow compares UTF-8, which is the same order.
    table = table.take(pc.sort_indices(table, [("name", "ascending"), ("repository_id", "ascending")]))
    ids = _one(table.column("repository_id"))
    chosen = table.select(["name", *columns[1:], "repository_id"])
    _write(work / "repositories.arrow", chosen.rename_columns(_REPOSITORIES.names).cast(_REPOSITORIES))
    return ids


def _runs(release: Release) -> Iterator[pa.Table]:
    tables = release.ledger(["swhid", "repository_id", "path", "decision", "reason", "kind"])
    held: list[pa.Table] = []
    rows = 0
    for table in tables:
        files = table.filter(pc.and_(pc.is_valid(table["swhid"]), pc.equal(table["kind"], "file")))
        held.append(files)
        rows += files.num_rows
        if rows >= _RUN_ROWS:
            yield pa.concat_tables(held)
            held, rows = [], 0
    if rows:
        yield pa.concat_tables(held)


def _run(rows: pa.Table, ids: pa.Array) -> pa.Table:
    hexes = "".join(islice((swhid[10:50] for swhid in rows["swhid"].to_pylist()), rows.num_rows))
    raw = bytes.fromhex(hexes)
    if len(raw) != 20 * rows.num_rows:
        raise ReleaseError("a swhid of the ledger is none; run drystone verify on the release")
    keys = np.frombuffer(raw, np.dtype((np.void, 20))).view(np.uint8).reshape(-1, 20)[:, :8].copy().view(">u8").ravel()
    order = np.argsort(keys, kind="stable")
    table = pa.table(
        {
            "key": pa.array(keys.astype(np.uint64)),
            "id": pa.Array.from_buffers(pa.binary(20), rows.num_rows, [None, pa.py_buffer(raw)]),
            "repository": pc.index_in(_one(rows["repository_id"]), value_set=ids),
            "path": rows["path"],
            "kept": pc.equal(rows["decision"], "kept"),
            "reason": _one(rows["reason"]).dictionary_encode(),
        }
    )
    return table.take(pa.array(order)).cast(_RUN)


def _some(parts: Sequence[_Rows], first: int, end: int) -> Iterator[tuple[pa.Table, int]]:
    """Yield the rows from number `first` on and below `end`, counted through all parts."""
    for run, rows in parts:
        yield from ((run, int(row)) for row in rows[max(first, 0) : max(end, 0)])
        first, end = first - len(rows), end - len(rows)


def _write(path: Path, table: pa.Table) -> None:
    with pa.ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table.combine_chunks(), max_chunksize=max(1, table.num_rows))


def _mapped(path: Path) -> pa.Table:
    try:
        with pa.memory_map(str(path)) as file:
            return pa.ipc.open_file(file).read_all()
    except (OSError, pa.ArrowInvalid) as error:
        raise ReleaseError(f"{layout.shown(str(path.parent))} is damaged ({error}); remove this folder") from None


def _one(column: pa.ChunkedArray) -> pa.Array:
    if isinstance(column, pa.Array):
        return column
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
