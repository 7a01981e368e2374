"""Between inventory and everything else: the opt-outs of the registry meet what was listed.

Repositories that are out leave the listing; single occurrences that are out stay in it, marked with their request and
unreadable, so that nothing after this asks for their bytes. Touches ids and paths only.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypedDict

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from drystone.building.stages.inventory import Inventoried, load_repositories
from drystone.building.stages.paths import speaks_for_tree
from drystone.building.stages.snapshots import load
from drystone.building.stages.tables import DIRECTORIES, OCCURRENCES
from drystone.detect.licenses.paths import names_license_text
from drystone.identity import origins
from drystone.identity.hashes import Tree
from drystone.policy.optouts import forked_from, out_among, request_for
from drystone.registry import OptOuts
from drystone.registry.snapshot import author_hashes
from drystone.release.versions.falls import folders_above
from drystone.sources import GitSource
from drystone.sources.base import UNREADABLE, RepositorySource
from drystone.work.ranges import read
from drystone.work.remote.mirror import here, remove
from drystone.work.remote.mirror import size as size_of
from drystone.work.store import Stage, write_table

#: Columns of a listing from which the hashes of directories follow.
_OF_TREE: Final = ("path", "entry", "mode", "kind", "id")
_MARK: Final = pa.field("opted_out", pa.string())


def forks_told(source: RepositorySource) -> list[tuple[str, str]]:
    """Return (place, what it is a fork of) where the user says so of a source."""
    upstream = forked_from(source.about.get("metadata", {}))
    return [(place, upstream) for place in source.places] if upstream else []


class Marked(TypedDict):
    """What is out of one partition: rows left, a digest of what is out, and by request [occurrences, bytes]."""

    rows: int
    digest: str
    requests: dict[str, list[int]]


class MarkedMembers(TypedDict):
    """What is out of each partition in which anything is."""

    members: dict[str, Marked]


def run(
    stage: Stage,
    task: str,
    inventory_folder: Path,
    members: list[str],
    snapshot: Path,
    histories: Mapping[str, GitSource] = MappingProxyType({}),
    cache: Path | None = None,
) -> MarkedMembers:
    """Mark the occurrences of some partitions; write `MEMBER.parquet` for those in which anything is out.

    `histories` are the sources, by member, that know who wrote what; their clones lie in `cache`. Files that an author
    who asked has changed in any commit are out. The summary holds for each such member: rows left, a digest of what is
    out, and by request [occurrences, bytes].
    """
    optouts = load(snapshot)
    inventories = Stage(inventory_folder)
    found: dict[str, Marked] = {}
    for member in members:
        repositories = load_repositories(inventories, member)
        listing = inventories.file(f"{member}.parquet")
        out = list(out_among(optouts, ((r["origin"], r["metadata"]) for r in repositories)))
        authored = {}
        source = histories.get(member) if not out else None  # of what is out as a whole no clone is there any more
        if source is not None and cache is not None and (revision := repositories[0]["revision"]) is not None:
            authored = _authored(optouts, source, cache, revision)
        requests = _requests(optouts, repositories, listing, authored)
        if requests is None and not out:
            continue
        table = read([listing], OCCURRENCES)
        marks = pa.array(requests.tolist() if requests is not None else [None] * table.num_rows, pa.string())
        table = table.append_column(_MARK, marks)
        if out:
            table = table.filter(pc.invert(pc.is_in(table.column("repository"), pa.array(out, pa.int32()))))
        table = _unreadable(table)
        write_table(stage.file(f"{member}.parquet"), table)
        found[member] = {"rows": table.num_rows, "digest": _digest(table, out), "requests": _counts(table)}
    return {"members": found}


def _authored(optouts: OptOuts, source: GitSource, cache: Path, revision: str) -> dict[str, str]:
    """Return by path the request of an author who changed it in any commit."""
    found: dict[str, str] = {}
    asked: dict[str, str | None] = {}
    for author, paths in source.authored(cache, revision):
        if author not in asked:
            known = (optouts.authors.get(hashed) for hashed in author_hashes(author))
            asked[author] = next((request for request in known if request is not None), None)
        if (request := asked[author]) is not None:
            found.update(dict.fromkeys(paths, request))
    return found


def _requests(
    optouts: OptOuts, repositories: Sequence[Inventoried], listing: Path, authored: Mapping[str, str]
) -> npt.NDArray[np.object_] | None:
    """Return for each row the request that takes it out, or None; None instead of all where no row is out."""
    directories = _directories(optouts, listing) if optouts.directories else {}
    asked = {
        at: below
        for at, r in enumerate(repositories)
        if (below := optouts.paths_of(r["origin"], forked_from(r["metadata"]))) is not None
    }
    if not (optouts.blobs or directories or asked or authored):
        return None
    by_name = sorted({*asked, *directories})
    table = read([listing], OCCURRENCES, ("id", "path", *(("repository",) if by_name else ())))
    requests = np.full(table.num_rows, None, object)
    hits = False
    if optouts.blobs and table.num_rows:
        # Ids are 20 bytes, or none: those without become one that no content has.
        ids = np.frombuffer(b"".join(id_ or bytes(20) for id_ in table.column("id").to_pylist()), "S20")
        positions = optouts.contents(ids)
        found = np.flatnonzero(positions >= 0)
        paths = table.column("path").take(pa.array(found)).to_pylist()
        for at, path in zip(found.tolist(), paths, strict=True):
            # The text of a licence is nobody's work, unless somebody decided on this one.
            if names_license_text(_text(path)) and ids[at].ljust(20, b"\0") not in optouts.settled:
                continue
            requests[at] = optouts.requests[positions[at]]
            hits = True
    if authored:  # of a source that is one repository
        for at, path in enumerate(table.column("path").to_pylist()):
            request = authored.get(_text(path))
            if request is not None and requests[at] is None:
                requests[at], hits = request, True
    for repository in by_name:
        rows = np.flatnonzero(pc.equal(table.column("repository"), repository).to_numpy())
        below, above = asked.get(repository), directories.get(repository, {})
        for at, path in zip(rows.tolist(), table.column("path").take(pa.array(rows)).to_pylist(), strict=True):
            request = below(path) if below is not None else None
            if request is None and above:
                request = next((above[folder] for folder in folders_above(path) if folder in above), None)
            if request is not None and requests[at] is None:
                requests[at] = request
                hits = True
    return requests if hits else None


def _directories(optouts: OptOuts, listing: Path) -> dict[int, dict[bytes, str]]:
    """Return by repository the directories that are out, by path, each with its request."""
    found: dict[int, dict[bytes, str]] = defaultdict(dict)
    listed = listing.with_suffix(".directories.parquet")
    if not here(
        listed
    ).exists():  # of a part of a collection, which tells of no directories: they follow from its entries
        for repository, path, id_ in _computed(read([listing], OCCURRENCES, ("repository", *_OF_TREE))):
            if id_ in optouts.directories:
                found[repository][path] = optouts.directories[id_]
        return found
    wanted = pa.array(sorted(optouts.directories), pa.binary(20))
    table = read([listed], DIRECTORIES)
    for row in table.filter(pc.is_in(table.column("id"), value_set=wanted)).to_pylist():
        found[row["repository"]][row["path"]] = optouts.directories[row["id"]]
    return found


def _computed(table: pa.Table) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield (repository, path, hash) of all directories that a listing's entries come to."""
    rows = zip(*(column.to_pylist() for column in table.select(["repository", *_OF_TREE]).columns), strict=True)
    for repository, mine in groupby(sorted(rows), key=itemgetter(0)):
        tree = Tree()
        for _, path, _, mode, kind, id_ in mine:
            if kind != UNREADABLE and id_:
                tree.add(path, mode, id_)
        yield from ((repository, path, id_) for path, id_ in tree.hashes())


def _unreadable(table: pa.Table) -> pa.Table:
    """Return a listing in which what is out cannot be read.

    Except licence files: what they say holds for the files of others around them. They are dropped like the rest.
    """
    marked = np.flatnonzero(table.column("opted_out").is_valid().to_numpy())
    paths = table.column("path").take(pa.array(marked)).to_pylist()
    closed = np.ones(table.num_rows, bool)
    closed[[at for at, path in zip(marked, paths, strict=True) if not speaks_for_tree(_text(path))]] = False
    readable = pc.and_(table.column("readable"), pa.array(closed))
    return table.set_column(table.column_names.index("readable"), "readable", readable)


def _text(path: bytes) -> str:
    return path.decode("utf-8", "replace")


def _digest(table: pa.Table, out: list[int]) -> str:
    """Return a hash of what is out, so that later stages are done again where that changes, and not where not."""
    marked = table.filter(table.column("opted_out").is_valid())
    columns = [marked.column(name).to_pylist() for name in ("id", "repository", "path", "entry", "opted_out")]
    return hashlib.sha256(repr((out, list(zip(*columns, strict=True)))).encode()).hexdigest()


def _counts(table: pa.Table) -> dict[str, list[int]]:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    marked = table.filter(table.column("opted_out").is_valid())
    for request, size in zip(marked.column("opted_out").to_pylist(), marked.column("size").to_pylist(), strict=True):
        counts[request][0] += 1
        counts[request][1] += size or 0
    return dict(counts)


def forget_packed(inventories: Stage, tasks: Iterable[str]) -> int:
    """Remove what was packed of partitions in which something is out; return of how many. Builds list them again."""
    count = 0
    for task in tasks:
        pack = inventories.file(f"{task}.pack")
        if size_of(pack):
            inventories.forget(task)
            remove(pack)
            count += 1
    return count


def forget(cache: Path, optouts: OptOuts, out: Collection[str] = ()) -> int:
    """Remove what the cache holds of repositories that are out, or in `out` (canonical names); return how many."""
    from drystone.sources import fetched  # noqa: PLC0415  most builds leave nothing out

    def is_out(place: str) -> bool:
        name = origins.canonical(place)
        return any(each in out for each in (name, *origins.ends_of(name))) or request_for(optouts, place) is not None

    return fetched.forget(cache, is_out)
