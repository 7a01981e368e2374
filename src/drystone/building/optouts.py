"""Between inventory and everything else: the opt-outs of the registry meet what was listed.

Repositories that are out leave the listing; single occurrences that are out stay in it, marked with their request and
unreadable, so that nothing after this asks for their bytes. Touches ids and paths only.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from drystone.building.engine import Summary
from drystone.building.inventory import load_repositories
from drystone.building.snapshots import load
from drystone.building.store import Stage, write_table
from drystone.building.tables import OCCURRENCES, read, speaks_for_tree
from drystone.identity.hashes import Tree
from drystone.policy.optouts import forked_from, request_for
from drystone.registry import OptOuts
from drystone.sources import GitSource, Source
from drystone.sources.base import FILE, UNREADABLE, Limits

_MARK: Final = pa.field("opted_out", pa.string())


def places_of(source: Any) -> list[str]:
    """Return the places of a source that are known before it is opened: what its user says, its URL or name."""
    said = getattr(source, "about", {}).get("origin")
    url = getattr(source, "url", None)
    own = None
    if source.kind == "pypi":
        own = source.spec
    elif source.kind in ("archive", "folder"):
        own = f"{source.kind}:{source.path.resolve().name}"
    return [place for place in (said, url, own) if isinstance(place, str) and place]


def forks_told(source: Any) -> list[tuple[str, str]]:
    """Return (place, what it is a fork of) where the user says so of a source."""
    upstream = forked_from(getattr(source, "about", {}).get("metadata", {}))
    return [(place, upstream) for place in places_of(source)] if upstream else []


def run(stage: Stage, task: str, inventory_folder: Path, members: list[str], snapshot: Path) -> Summary:
    """Mark the occurrences of some partitions; write `MEMBER.parquet` for those in which anything is out.

    The summary holds for each such member: rows left, a digest of what is out, and by request [occurrences, bytes].
    """
    optouts = load(snapshot)
    inventories = Stage(inventory_folder)
    found: dict[str, Any] = {}
    for member in members:
        repositories = load_repositories(inventories, member)
        listing = inventories.file(f"{member}.parquet")
        out = [at for at, r in enumerate(repositories) if request_for(optouts, r["origin"], r["metadata"]) is not None]
        requests = _requests(optouts, repositories, listing)
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


def _requests(
    optouts: OptOuts, repositories: Sequence[dict[str, Any]], listing: Path
) -> npt.NDArray[np.object_] | None:
    """Return for each row the request that takes it out, or None; None instead of all where no row is out."""
    with_paths = [at for at, r in enumerate(repositories) if optouts.has_paths(r["origin"], forked_from(r["metadata"]))]
    if not (optouts.blobs or optouts.directories or with_paths):
        return None
    needed = ("repository", "path", "entry", "mode", "kind") if optouts.directories or with_paths else ()
    table = read([listing], OCCURRENCES, ("id", *needed))
    requests = np.full(table.num_rows, None, object)
    hits = False
    if optouts.blobs and table.num_rows:
        column = table.column("id")
        # Ids are 20 bytes, or none: those without become one that no content has.
        ids = np.frombuffer(b"".join(id_ or bytes(20) for id_ in column.to_pylist()), "S20")
        positions = optouts.contents(ids)
        for at in np.flatnonzero(positions >= 0):
            requests[at] = optouts.requests[positions[at]]
            hits = True
    for at, request in _by_name(optouts, repositories, table, with_paths) if needed else ():
        if requests[at] is None:
            requests[at] = request
            hits = True
    return requests if hits else None


def _by_name(
    optouts: OptOuts, repositories: Sequence[dict[str, Any]], table: pa.Table, with_paths: list[int]
) -> Iterator[tuple[int, str]]:
    """Yield (row, request) for what is out by its path, or by a directory above it."""
    rows: dict[int, list[int]] = defaultdict(list)
    for at, repository in enumerate(table.column("repository").to_pylist()):
        if optouts.directories or repository in with_paths:
            rows[repository].append(at)
    paths = table.column("path").to_pylist()
    for repository, listed in rows.items():
        directories = _directories(optouts, table, listed) if optouts.directories else {}
        described = repositories[repository]
        origin, upstream = described["origin"], forked_from(described["metadata"])
        for at in listed:
            request = optouts.path(origin, paths[at], upstream) if repository in with_paths else None
            if request is None and directories:
                request = next((directories[above] for above in _above(paths[at]) if above in directories), None)
            if request is not None:
                yield at, request


def _directories(optouts: OptOuts, table: pa.Table, listed: list[int]) -> dict[bytes, str]:
    """Return the directories of one repository that are out, by path, each with its request."""
    tree = Tree()
    part = table.select(["path", "entry", "mode", "kind", "id"]).take(pa.array(listed, pa.int64()))
    rows = sorted(zip(*(column.to_pylist() for column in part.columns), strict=True))
    for path, _, mode, kind, id_ in rows:
        if kind != UNREADABLE and id_:
            tree.add(path, mode, id_)
    return {path: optouts.directories[id_] for path, id_ in tree.hashes() if id_ in optouts.directories}


def _above(path: bytes) -> Iterator[bytes]:
    """Yield the directories above a path, the root (empty) last."""
    while path:
        path = path.rpartition(b"/")[0]
        yield path


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


def contents_of(source: Source, cache: Path, limits: Limits) -> set[bytes]:
    """Return the ids of all contents of a repository, read once so that its copies can be told.

    Of a git repository these are the files of all its history, by the hashes that git has of them: none is read.
    """
    source.fetch(cache)
    if isinstance(source, GitSource):
        return source.contents(cache)
    with source.open(cache, limits) as opened:
        return {entry.blob for entry in opened.entries() if entry.kind == FILE and entry.blob is not None}
