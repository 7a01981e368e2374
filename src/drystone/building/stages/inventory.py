"""First stage: list every occurrence of a partition's repositories and put streamed bytes into a pack.

A pack is the plain concatenation of the distinct blobs of a partition. Sources with random access (git) need none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypedDict, cast

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from drystone.building.stages.paths import placeless, speaks_for_tree
from drystone.building.stages.snapshots import load
from drystone.building.stages.tables import DIRECTORIES, OCCURRENCES
from drystone.errors import BuildError, SourceError
from drystone.policy.optouts import out_among, request_for
from drystone.registry import OptOuts
from drystone.sources.base import (
    FILE,
    LISTING,
    LOST_REPOSITORY,
    SAME_DIRECTORY,
    SYMLINK,
    UNREADABLE,
    Limits,
    Part,
    Readable,
    Repository,
    RepositorySource,
)
from drystone.work.losses import Lost, lost
from drystone.work.remote.mirror import opened
from drystone.work.remote.mirror import size as size_of
from drystone.work.store import Stage, write_atomically, write_table

if TYPE_CHECKING:
    from drystone._json import Json

#: Status of a repository that was not read because a request takes it out.
OPTED_OUT: Final = "opted_out"
#: Status of a repository for which another one with the same root directory stands; nothing of it was read.
DUPLICATE: Final = "duplicate"
#: Rows held as Python objects before they become Arrow arrays.
_CHUNK = 8192
#: Links that are followed one after another, as Linux does.
_MAX_LINKS: Final = 40
#: What is lost, and why: what was lost otherwise is another loss.
_OF_LOST: Final = ["repository", "path", "entry", "problem"]
_ORDER: Final = [("id", "ascending"), ("repository", "ascending"), ("path", "ascending"), ("entry", "ascending")]


class InventoryCounts(TypedDict):
    """Entries that were listed, original bytes of the files among them, bytes in the pack, and what was lost."""

    occurrences: int
    bytes: int
    packed: int
    lost: Lost | None


class Inventoried(TypedDict):
    """A repository as an inventory describes it: the fields of `sources.base.Repository`, and what came of reading it.

    `spec` is its source as a user would write it; `status` is read, empty, unreadable, DUPLICATE or OPTED_OUT;
    `problem` says why it was not read; `occurrences` and `bytes` count its entries and the original bytes of its files.
    """

    id: str
    spec: str
    status: str
    problem: str | None
    occurrences: int
    bytes: int
    origin: str
    kind: str
    name: str
    directory: str
    revision: str | None
    snapshot: str | None
    branch: str | None
    visit_date: datetime | None
    revision_date: datetime | None
    committer_date: datetime | None
    stars: int | None
    forks: int | None
    github_id: int | None
    gha_license_id: str | None
    gha_event_created_at: datetime | None
    gha_created_at: datetime | None
    gha_language: str | None
    metadata: dict[str, Json]
    empty: str | None
    lost: str | None


_TIMES: Final = ("visit_date", "revision_date", "committer_date", "gha_event_created_at", "gha_created_at")


def run(
    stage: Stage,
    task: str,
    source: Readable,
    cache: Path,
    limits: Limits,
    snapshot: Path | None = None,
    unread: bool = False,
) -> InventoryCounts:
    """List one partition, a source or a part, into `TASK.parquet`, `TASK.json` (repositories) and `TASK.pack`.

    A repository that is out by the opt-outs in the file `snapshot` is not read, nor one for which another stands
    (`unread`): it is described.
    """
    if isinstance(source, Part):
        return _run_part(stage, task, source, cache, limits, snapshot)
    optouts = load(snapshot) if snapshot is not None else OptOuts()
    rows = _Rows()
    links: dict[int, dict[bytes, bytes]] = {0: {}}
    told: list[tuple[Inventoried, list[tuple[bytes, bytes]]]] = []

    def fill(path: Path) -> None:
        with path.open("wb", buffering=1 << 20) as pack:
            told.append(_list(source, cache, limits, rows, pack, optouts, links[0], unread=unread))

    write_atomically(stage.file(f"{task}.pack"), fill, durable=False)
    ((repository, directories),) = told
    table = _with_targets(rows.table(), links).sort_by(_ORDER)
    columns = [(0 for _ in directories), (path for path, _ in directories), (id_ for _, id_ in directories)]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, DIRECTORIES, strict=True)]
    write_table(stage.file(f"{task}.directories.parquet"), pa.table(arrays, schema=DIRECTORIES))
    return _written(stage, task, table, [repository])


def _run_part(
    stage: Stage, task: str, part: Part, cache: Path, limits: Limits, snapshot: Path | None
) -> InventoryCounts:
    """List a part of a collection: whole columns at a time, with no bytes to pack."""
    found, listed = part.listing(cache, limits)
    optouts = load(snapshot) if snapshot is not None else OptOuts()
    gone = list(out_among(optouts, ((r.origin, r.metadata) for r in found)))
    if gone:
        listed = listed.filter(pc.invert(pc.is_in(listed.column("repository"), pa.array(gone, pa.int32()))))
    listed = pa.concat_tables([listed, _lost_repositories(found, gone)])
    counts, sizes = [0] * len(found), [0] * len(found)
    of_files = pc.if_else(pc.equal(listed.column("kind"), FILE), pc.fill_null(listed.column("size"), 0), 0)
    totals = pa.table({"repository": listed.column("repository"), "size": of_files}).group_by("repository")
    for index, count, size in zip(
        *totals.aggregate([("size", "count"), ("size", "sum")]).select([0, 1, 2]).to_pydict().values(), strict=True
    ):
        counts[index], sizes[index] = count, size
    repositories = [
        _described(repository, part.spec, count, size)
        for repository, count, size in zip(found, counts, sizes, strict=True)
    ]
    for at in gone:
        repositories[at]["status"] = OPTED_OUT
    problems = listed.column("problem").combine_chunks().dictionary_encode()
    said = pa.array([placeless(text) for text in problems.dictionary.to_pylist()], pa.string())
    at = listed.column_names.index("problem")
    listed = listed.set_column(at, "problem", said.take(problems.indices))
    listed = listed.append_column("entry", pa.array(_entries(listed), pa.int32()))
    listed = listed.append_column("offset", pa.array(np.full(listed.num_rows, -1), pa.int64()))
    write_atomically(stage.file(f"{task}.pack"), lambda path: path.write_bytes(b""), durable=False)
    listed = _with_targets(listed.select(OCCURRENCES.names).cast(OCCURRENCES), _links(listed, limits))
    return _written(stage, task, listed.sort_by(_ORDER), repositories)


def _lost_repositories(found: list[Repository], gone: list[int]) -> pa.Table:
    """Return one unreadable occurrence, with an empty path, for each repository of which nothing could be read."""
    rows = [
        {"id": b"", "repository": at, "path": b"", "kind": UNREADABLE, "mode": 0, "readable": False,
         "problem": repository.lost, "lost": LOST_REPOSITORY}
        for at, repository in enumerate(found)
        if repository.lost is not None and at not in gone
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, LISTING)


def _links(listed: pa.Table, limits: Limits) -> dict[int, dict[bytes, bytes]]:
    """Return by repository where the symbolic links of a part lead, by their paths."""
    known = pc.less_equal(pc.binary_length(listed.column("target")), limits.max_path_bytes)
    links: dict[int, dict[bytes, bytes]] = defaultdict(dict)
    rows = listed.filter(pc.fill_null(known, False)).select(["repository", "path", "target"])
    for repository, path, target in zip(*(column.to_pylist() for column in rows.columns), strict=True):
        links[repository][path] = target
    return links


def _entries(listed: pa.Table) -> np.ndarray[Any, np.dtype[np.int32]]:
    """Return how many times each row's path came before in its repository."""
    entries = np.zeros(listed.num_rows, np.int32)
    paths = listed.select(["repository", "path"])
    if paths.group_by(["repository", "path"]).aggregate([]).num_rows < listed.num_rows:
        seen: Counter[tuple[int, bytes]] = Counter()
        for at, row in enumerate(zip(paths[0].to_pylist(), paths[1].to_pylist(), strict=True)):
            entries[at] = seen[row]
            seen[row] += 1
    return entries


def _written(stage: Stage, task: str, table: pa.Table, repositories: list[Inventoried]) -> InventoryCounts:
    write_table(stage.file(f"{task}.parquet"), table)
    described = orjson.dumps(repositories, option=orjson.OPT_NAIVE_UTC)
    write_atomically(stage.file(f"{task}.json"), lambda path: path.write_bytes(described), durable=False)
    return {
        "occurrences": table.num_rows,
        "bytes": sum(r["bytes"] for r in repositories),
        "packed": size_of(stage.file(f"{task}.pack")) or 0,
        "lost": lost(table.filter(table.column("lost").is_valid()).select(_OF_LOST).to_pylist()),
    }


def load_repositories(stage: Stage, task: str) -> list[Inventoried]:
    """Return what `run` wrote of each repository."""
    repositories: list[Inventoried] = []
    for written in orjson.loads(opened(stage.file(f"{task}.json"), Path.read_bytes)):
        for key in _TIMES:
            if written[key] is not None:
                written[key] = datetime.fromisoformat(written[key]).replace(tzinfo=None)
        repositories.append(written)
    return repositories


class _Rows:
    """Occurrences on their way into a table, in chunks, so that few Python objects live at a time."""

    def __init__(self) -> None:
        self._rows: list[tuple[Any, ...]] = []
        self._batches: list[pa.RecordBatch] = []

    def add(self, *row: Any) -> None:
        self._rows.append(row)
        if len(self._rows) >= _CHUNK:
            self._flush()

    def table(self) -> pa.Table:
        self._flush()
        return pa.Table.from_batches(self._batches, OCCURRENCES)

    def _flush(self) -> None:
        if self._rows:
            columns = zip(*self._rows, strict=True)
            arrays = [pa.array(column, field.type) for column, field in zip(columns, OCCURRENCES, strict=True)]
            self._batches.append(pa.record_batch(arrays, schema=OCCURRENCES))
            self._rows.clear()


def _list(
    source: RepositorySource,
    cache: Path,
    limits: Limits,
    rows: _Rows,
    pack: BinaryIO,
    optouts: OptOuts,
    links: dict[bytes, bytes],
    *,
    unread: bool,
) -> tuple[Inventoried, list[tuple[bytes, bytes]]]:
    """Return what is said of a repository, and its directories by path and hash; `links` gets where links lead."""
    directories: list[tuple[bytes, bytes]] = []
    offsets: dict[bytes, int] = {}
    seen: dict[bytes, int] = {}
    count = size = 0
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(source.open(cache, limits))
            repository = opened.repository()
            if request_for(optouts, repository.origin, repository.metadata) is not None:
                # Described by what its source says without being read.
                return {**_described(repository, source.spec), "status": OPTED_OUT}, []
            if unread:
                return {**_described(repository, source.spec), "status": DUPLICATE}, []
            for entry in opened.entries():
                times = seen.get(entry.path, 0)
                seen[entry.path] = times + 1
                blob = entry.blob or b""
                offset = -1
                if entry.data is not None:
                    known = offsets.get(blob)
                    if known is None:
                        known = offsets[blob] = pack.tell()
                        pack.write(entry.data)
                    offset = known
                there = entry.data is not None or (source.random_access and (entry.size or 0) <= limits.max_file_bytes)
                readable = entry.kind == FILE and bool(blob) and there
                place = (entry.kind, entry.mode, entry.size, offset, readable)
                problem = placeless(entry.problem) if entry.problem is not None else None
                rows.add(blob, 0, entry.path, times, *place, problem, entry.lost, entry.note, None, None)
                if entry.target is not None and len(entry.target) <= limits.max_path_bytes:
                    links[entry.path] = entry.target
                count += 1
                size += entry.size or 0 if entry.kind == FILE else 0
            repository = opened.repository()
            directories = list(opened.directories())
        except SourceError as error:
            if count:
                raise BuildError(f"{source.spec}: {error}") from error
            origin, said = source.known_as, str(error).removeprefix(f"{source.spec}: ")
            name = origin.partition("://")[2].partition("/")[2] or origin.partition(":")[2]
            whole = Repository(origin, source.kind, name, directory="", lost=placeless(said))
            repository = replace(whole, **source.about)
    if repository.lost is not None:
        # It stays in the release's list of repositories, and has one row that says why there are no others.
        rows.add(b"", 0, b"", 0, UNREADABLE, 0, None, -1, False, repository.lost, LOST_REPOSITORY, None, None, None)
        count += 1
    return _described(repository, source.spec, count, size), directories


def _with_targets(listed: pa.Table, links: Mapping[int, Mapping[bytes, bytes]]) -> pa.Table:
    """Return the rows with the ids of the files to which links lead that have the name of a licence file.

    `links` are by repository and path where all its links lead.
    """
    leads = {
        (repository, path): _end_of(path, mine)
        for repository, mine in links.items()
        for path in mine
        if speaks_for_tree(path.decode("utf-8", "replace"))
    }
    ends = {end for end in leads.values() if end is not None}
    at_ends = pc.and_(listed.column("readable"), pc.is_in(listed.column("path"), pa.array(ends, pa.binary())))
    files = listed.filter(at_ends).select(["repository", "path", "id"])
    known: dict[tuple[int, bytes], bytes] = {}
    for repository, path, id_ in zip(*(column.to_pylist() for column in files.columns), strict=True):
        known.setdefault((repository, path), id_)
    targets = np.full(listed.num_rows, None, dtype=object)
    at = np.flatnonzero(pc.equal(listed.column("kind"), SYMLINK).to_numpy())
    rows = listed.select(["repository", "path"]).take(pa.array(at))
    for row, repository, path in zip(at.tolist(), *(column.to_pylist() for column in rows.columns), strict=True):
        end = leads.get((repository, path))
        targets[row] = known.get((repository, end)) if end is not None else None
    return listed.set_column(listed.column_names.index("target"), "target", pa.array(targets, pa.binary()))


def _end_of(path: bytes, links: Mapping[bytes, bytes]) -> bytes | None:
    """Return the path to which a link leads over other links, or None where it leads out of the tree or in a circle."""
    left, done, followed = path.split(b"/")[::-1], list[bytes](), 0
    while left:
        part = left.pop()
        if part == b"..":
            if not done:
                return None
            done.pop()
        elif part not in (b"", b"."):
            done.append(part)
            target = links.get(b"/".join(done))
            if target is not None:
                followed += 1
                if target.startswith(b"/") or followed > _MAX_LINKS:
                    return None
                done.pop()
                left += target.split(b"/")[::-1]
    return b"/".join(done)


def _described(
    repository: Repository,
    spec: str,
    occurrences: int = 0,
    size: int = 0,
) -> Inventoried:
    status, problem = "read", None
    if repository.lost is not None:
        status, problem = "unreadable", repository.lost
    elif repository.empty is not None:
        status, problem = DUPLICATE if repository.metadata.get(SAME_DIRECTORY) else "empty", repository.empty
    counts = {"occurrences": occurrences, "bytes": size}
    found = {**asdict(repository), "id": repository.id, "spec": spec, "status": status, "problem": problem, **counts}
    return cast(Inventoried, found)
