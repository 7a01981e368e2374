"""What of a release falls: which repositories, occurrences and files, and which shards and parts that touches.

Asks a plain table of what must go; knows neither who asked for it nor how it is taken out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final, NamedTuple, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from drystone.identity.hashes import Tree
from drystone.release.columns import LedgerRow, RepositoryRow
from drystone.release.read import Release

#: Stage and reason of an occurrence that its owner, or the owner of the same bytes, has opted out.
OPTED_OUT: Final = "opted_out"

#: Kind of an entry of which there are no bytes to hash.
UNREADABLE: Final = "unreadable"

#: Status of a repository that was read, and of one for which another one with the same root directory stands.
READ: Final = "read"
DUPLICATE: Final = "duplicate"

#: Key of a ledger row: repository_id, path, entry.
Key = tuple[str, str, int]

_COLUMNS: Final = (
    "repository_id", "origin", "path", "path_raw", "entry", "kind", "swhid", "size", "decision", "stage", "language",
    "shard",
)  # fmt: skip


class Blocked(Protocol):
    """What must go; every method returns the id of the request that says so, or None."""

    def repository(self, origin: str, authors: Sequence[str] = (), forked_from: str | None = None) -> str | None:
        """Whether a whole repository goes; the rest is what the release knows of who wrote it and its upstream."""
        ...

    def path(self, origin: str, path: bytes, forked_from: str | None = None) -> str | None:
        """Whether a path (no leading slash) of a repository goes."""
        ...

    def has_paths(self, origin: str, forked_from: str | None = None) -> bool:
        """Whether any path of a repository may go; `path` is not asked where not."""
        ...

    def copy(self, swhid: str, path: str) -> str | None:
        """Whether these bytes go, at this path of any repository."""
        ...

    def directory(self, swhid: str) -> str | None:
        """Whether a directory goes, wherever it lies: a whole repository with this root, or a folder in one."""
        ...

    def has_directories(self) -> bool:
        """Whether any directory goes; none is computed where not."""
        ...

    def in_force(self) -> int:
        """How many requests take anything out."""
        ...


@dataclass(slots=True)
class Fallen:
    """What fell: occurrences (rows of the ledger), kept files among them and their bytes, whole repositories."""

    occurrences: int = 0
    files: int = 0
    bytes: int = 0
    repositories: int = 0


class Handed(NamedTuple):
    """A copy that stands for a file from now on: its ledger row, its repository's row, and the file's shard."""

    row: LedgerRow
    owner: RepositoryRow
    shard: str

    @property
    def key(self) -> Key:
        """Key of the copy's ledger row."""
        return key_of(self.row)


@dataclass(slots=True)
class Inventory:
    """What falls of one release.

    `repositories`: id -> request; their rows leave the ledger. `rows`: key -> request; these stay, as dropped.
    `gone`: SWHID -> shard of files that leave data. `handed`: SWHID -> the copy that stands for a file from now on.
    `shards` and `parts`: the files that must be written anew. `orphans`: duplicates whose representative goes.
    `kept` counts by repository what its number of kept files changes by. `unknown` names the repositories of which
    directories were asked for and cannot all be told: the release does not have the hash of everything in them.
    `fallen` are the SWHIDs of all files that fall somewhere, kept or not. `silent` are the revisions of histories whose
    authors asked, each with its origin: what they say and changed is told no more.
    """

    repositories: dict[str, str] = field(default_factory=dict)
    rows: dict[Key, str] = field(default_factory=dict)
    gone: dict[str, str] = field(default_factory=dict)
    handed: dict[str, Handed] = field(default_factory=dict)
    shards: set[str] = field(default_factory=set)
    parts: set[str] = field(default_factory=set)
    requests: dict[str, Fallen] = field(default_factory=dict)
    languages: dict[str, Fallen] = field(default_factory=dict)
    orphans: int = 0
    kept: Counter[str] = field(default_factory=Counter)
    unknown: set[str] = field(default_factory=set)
    fallen: set[str] = field(default_factory=set)
    silent: set[tuple[str, str]] = field(default_factory=set)

    @property
    def empty(self) -> bool:
        """Whether nothing falls."""
        return not (self.repositories or self.rows or self.silent)

    @property
    def total(self) -> Fallen:
        """All that falls."""
        sums = self.requests.values()
        return total_of(sums)


def total_of(fallen: Iterable[Fallen]) -> Fallen:
    """Return the sums."""
    total = Fallen()
    for each in fallen:
        total.occurrences += each.occurrences
        total.files += each.files
        total.bytes += each.bytes
        total.repositories += each.repositories
    return total


#: Key by which the best of several copies is the smallest; takes ledger row and repository row.
Prefer = Callable[[LedgerRow, RepositoryRow], Any]
#: Authors and upstream of a repository, out of its row.
About = Callable[[RepositoryRow], tuple[Sequence[str], str | None]]


def nothing_known(_: RepositoryRow) -> tuple[Sequence[str], str | None]:
    """Say that neither authors nor an upstream are known."""
    return (), None


def fallen_repositories(release: Release, blocked: Blocked, about: About = nothing_known) -> dict[str, str]:
    """Return repository id -> request for the repositories that go as a whole."""
    found = {}
    for table in release.repositories(["repository_id", "origin", "directory_id", "metadata"]):
        for row in table.to_pylist():
            request = blocked.repository(row["origin"], *about(row))
            if request is None and row["directory_id"]:
                request = blocked.directory(f"swh:1:dir:{row['directory_id']}")
            if request is not None:
                found[row["repository_id"]] = request
    return found


def fallen_directories(
    release: Release, blocked: Blocked, repositories: Iterable[str] = ()
) -> tuple[dict[str, dict[bytes, str]], set[str]]:
    """Return by repository the folders in it that go, each with its request, and the repositories that stay unclear.

    A folder's SWHID follows from the ledger, which has path, mode and hash of every entry. Where the root that follows
    is not the one that the release says, some entry is not known (it could not be read, or its path is damaged): such
    repositories are the second value. `repositories` go anyway and are passed over.
    """
    passed = set(repositories)
    roots = {
        row["repository_id"]: row["directory_id"]
        for table in release.repositories(["repository_id", "directory_id"])
        for row in table.to_pylist()
    }
    found: dict[str, dict[bytes, str]] = {}
    unclear: set[str] = set()
    names = ["repository_id", "path", "path_raw", "kind", "mode", "swhid"]
    rows = (row for table in release.ledger(names) for row in zip(*(table[n].to_pylist() for n in names), strict=True))
    # The ledger is sorted by repository: one repository is held at a time.
    for id_, mine in groupby(rows, key=lambda row: row[0]):
        if id_ in passed:
            continue
        tree = Tree()
        for _, path, raw, kind, mode, swhid in mine:
            if swhid is not None and kind != UNREADABLE:
                tree.add(raw if raw is not None else path[1:].encode(), mode, bytes.fromhex(swhid[10:]))
        hashes = list(tree.hashes())
        gone = {path: request for path, hash_ in hashes if (request := blocked.directory(f"swh:1:dir:{hash_.hex()}"))}
        if gone:
            found[id_] = gone
        root = next((hash_.hex() for path, hash_ in hashes if path == b""), None)
        if root != roots.get(id_):
            unclear.add(id_)
    return found, unclear


def folders_above(path: bytes) -> Iterator[bytes]:
    """Yield the folders above a path, the nearest first, the root (empty) last."""
    while path:
        path = path.rpartition(b"/")[0]
        yield path


def contents_of(release: Release, repositories: Iterable[str]) -> dict[str, set[str]]:
    """Return the SWHIDs of the files of each of these repositories.

    Of one for which another one stands they are those of that other: the root directories of both are the same.
    """
    owners = {id_: [id_] for id_ in repositories}
    for id_, others in _stood_for(release, set(owners)).items():
        owners[id_] = [*owners.get(id_, ()), *others]
    ids = pa.array(sorted(owners), pa.string())
    found: dict[str, set[str]] = {}
    for table in release.ledger(["repository_id", "swhid", "kind"]):
        mine = table.filter(pc.and_(pc.is_in(table["repository_id"], value_set=ids), pc.equal(table["kind"], "file")))
        for id_, swhid, _ in zip(*(column.to_pylist() for column in mine.columns), strict=True):
            if swhid is not None:
                for owner in owners[id_]:
                    found.setdefault(owner, set()).add(swhid)
    return found


def _stood_for(release: Release, repositories: set[str]) -> dict[str, list[str]]:
    """Return by id of a repository that was read those among `repositories` for which it stands."""
    read: dict[str, list[str]] = {}
    others: dict[str, list[str]] = {}
    for table in release.repositories(["repository_id", "directory_id", "status"]):
        for row in table.to_pylist():
            if row["status"] == DUPLICATE and row["repository_id"] in repositories:
                others.setdefault(row["directory_id"], []).append(row["repository_id"])
            elif row["status"] == READ:
                read.setdefault(row["directory_id"], []).append(row["repository_id"])
    return {id_: others[directory] for directory in others for id_ in read.get(directory, ())}


class _Lost(NamedTuple):
    """A kept file that falls: its base name, its language and its shard."""

    name: str
    language: str | None
    shard: str


def take_inventory(
    release: Release, blocked: Blocked, about: About = nothing_known, prefer: Prefer | None = None
) -> Inventory:
    """Return what falls of a release; reads its ledger and repositories, no shard.

    Where the file that stands for equal bytes falls and a copy of it does not, the copy that is first by `prefer`
    stands for them from now on, if it has the same file name and language, by which it was judged.
    """
    found = Inventory(fallen_repositories(release, blocked, about))
    forks = _upstreams(release, about)
    for request in found.repositories.values():
        found.requests.setdefault(request, Fallen()).repositories += 1
    lost: dict[str, _Lost] = {}
    directories: dict[str, dict[bytes, str]] = {}
    if blocked.has_directories():
        directories, found.unknown = fallen_directories(release, blocked, found.repositories)
    for entry in release.manifest.of_kind("ledger"):
        for table in release.rows(entry, _COLUMNS):
            for row, request in _falling(table, found.repositories, blocked, forks, directories):
                found.parts.add(entry.path)
                if row["swhid"]:
                    found.fallen.add(row["swhid"])
                _count(found, row, request)
                if row["repository_id"] not in found.repositories:
                    found.rows[key_of(row)] = request
                if row["decision"] == "kept" and row["swhid"] and row["shard"]:
                    lost[row["swhid"]] = _Lost(_name(row), row["language"], row["shard"])
                    found.kept[row["repository_id"]] -= 1
    _silence(release, found, blocked)
    if lost or found.repositories:
        _hand_over(release, found, lost, prefer)
    found.gone = {swhid: file.shard for swhid, file in lost.items() if swhid not in found.handed}
    found.shards = {file.shard for file in lost.values()}
    return found


def _silence(release: Release, found: Inventory, blocked: Blocked) -> None:
    """Note the revisions of histories by authors who asked; those of repositories that go are gone with them."""
    for entry in release.manifest.of_kind("history"):
        for table in release.rows(entry, ["origin", "revision_id", "author"]):
            for row in table.filter(pc.is_valid(table["author"])).to_pylist():
                by_name = blocked.repository(row["origin"])
                request = blocked.repository(row["origin"], row["author"]) if by_name is None else None
                if request is not None:
                    found.requests.setdefault(request, Fallen())
                    found.silent.add((row["origin"], row["revision_id"]))


def _upstreams(release: Release, about: About) -> dict[str, str]:
    found = {}
    for table in release.repositories(["repository_id", "metadata"]):
        for row in table.to_pylist():
            if (upstream := about(row)[1]) is not None:
                found[row["repository_id"]] = upstream
    return found


def _falling(
    table: pa.Table,
    repositories: dict[str, str],
    blocked: Blocked,
    forks: dict[str, str],
    directories: dict[str, dict[bytes, str]],
) -> list[tuple[LedgerRow, str]]:
    names = ("repository_id", "origin", "path", "path_raw", "kind", "swhid", "stage")
    falling: list[tuple[int, str]] = []
    ids, places = (table.column(name).to_pylist() for name in names[:2])
    some = {id_: blocked.has_paths(place, forks.get(id_)) for id_, place in dict(zip(ids, places, strict=True)).items()}
    columns = (table.column(name).to_pylist() for name in names)
    for at, (id_, origin, path, raw, kind, swhid, stage) in enumerate(zip(*columns, strict=True)):
        request = repositories.get(id_)
        if request is None and stage != OPTED_OUT:
            if kind == "file" and swhid is not None:
                request = blocked.copy(swhid, path)
            if request is None and (some[id_] or id_ in directories):
                plain = raw if raw is not None else path[1:].encode()
                request = blocked.path(origin, plain, forks.get(id_)) if some[id_] else None
                if request is None and id_ in directories:
                    fallen = directories[id_]
                    request = next((fallen[above] for above in folders_above(plain) if above in fallen), None)
        if request is not None:
            falling.append((at, request))
    rows = table.take(pa.array([at for at, _ in falling], pa.int64())).to_pylist()
    return list(zip(rows, (request for _, request in falling), strict=True))


def _count(found: Inventory, row: LedgerRow, request: str) -> None:
    counts = [found.requests.setdefault(request, Fallen())]
    if row["decision"] == "kept":
        counts.append(found.languages.setdefault(row["language"] or "unknown", Fallen()))
    for fallen in counts:
        fallen.occurrences += 1
        if row["decision"] == "kept":
            fallen.files += 1
            fallen.bytes += row["size"] or 0


def _hand_over(release: Release, found: Inventory, lost: dict[str, _Lost], prefer: Prefer | None) -> None:
    """Find the duplicates of what goes: parts that name it change, and the best exact copy takes its place."""
    swhids, gone = pa.array(sorted(lost), pa.string()), pa.array(sorted(found.repositories), pa.string())
    copies: dict[str, list[LedgerRow]] = {}
    orphans: Counter[str] = Counter()
    for entry in release.manifest.of_kind("ledger"):
        for table in release.rows(entry):
            of_gone = pc.is_in(table["kept_repository_id"], value_set=gone)
            for row in table.filter(pc.or_(pc.is_in(table["kept_swhid"], value_set=swhids), of_gone)).to_pylist():
                if row["repository_id"] in found.repositories or key_of(row) in found.rows:
                    continue
                found.parts.add(entry.path)
                orphans[row["kept_swhid"]] += 1
                if prefer is not None and _judged_alike(row, lost.get(row["kept_swhid"])):
                    copies.setdefault(row["kept_swhid"], []).append(row)
    owners = _repositories(release, {row["repository_id"] for rows in copies.values() for row in rows})
    for swhid, rows in copies.items():
        assert prefer is not None
        best = min(rows, key=lambda row: prefer(row, owners[row["repository_id"]]))
        found.handed[swhid] = Handed(best, owners[best["repository_id"]], lost[swhid].shard)
        found.kept[best["repository_id"]] += 1
    found.orphans = sum(count for swhid, count in orphans.items() if swhid not in found.handed)


def _judged_alike(row: LedgerRow, lost: _Lost | None) -> bool:
    """Whether a row is an exact copy whose name gave the same language and the same judgement."""
    if lost is None:
        return False
    return row["reason"] == "exact_duplicate" and row["language"] == lost.language and _name(row) == lost.name


def _name(row: LedgerRow) -> str:
    return row["path"].rpartition("/")[2]


def _repositories(release: Release, ids: set[str]) -> dict[str, RepositoryRow]:
    if not ids:
        return {}
    wanted = pa.array(sorted(ids), pa.string())
    tables = (t.filter(pc.is_in(t["repository_id"], value_set=wanted)) for t in release.repositories())
    return {row["repository_id"]: row for table in tables for row in table.to_pylist()}


def key_of(row: LedgerRow) -> Key:
    """Return the key of a ledger row."""
    return row["repository_id"], row["path"], row["entry"]
