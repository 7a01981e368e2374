"""Groups of roots become parts: lists of occurrences of bounded length, and what the export knows of their contents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, TypedDict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from drystone.errors import SourceError
from drystone.identity.hashes import MODE_SYMLINK
from drystone.sources import base
from drystone.sources._paths import MAX_LINK, link_note, path_problem
from drystone.sources.base import LISTING, Limits
from drystone.sources.software_heritage import directories as swh_directories
from drystone.sources.software_heritage.directories import ENTRIES, PAIRS, Forest, Level, walk
from drystone.sources.software_heritage.export import GraphExport, TableFile
from drystone.sources.software_heritage.origins import ROOTS
from drystone.work.ranges import bounds
from drystone.work.runs import (
    KEY,
    Bools,
    Ints,
    Keys,
    Sorted,
    batched,
    distinct,
    keys_of_hex,
    keys_or_null,
    read_group,
    read_range,
    read_rows,
    read_unsorted,
    write_groups,
    write_run,
    write_sorted,
    write_unsorted,
)
from drystone.work.store import Stage

#: Occurrences of one part, unless a single repository has more.
_PART_ROWS: Final = 1 << 19
#: The contents that a part asks for.
ASKED: Final = pa.schema([("key", KEY)])
_TYPE_BITS: Final = 0o170000
KINDS: Final = (base.FILE, base.SYMLINK, base.SUBMODULE, base.UNREADABLE)
_FILE, _SYMLINK, _SUBMODULE, _UNREADABLE = range(4)

#: Occurrences of a part; `repository` counts from the part's first root, `kind` is a place in `KINDS`, `lost` what did
#: not come (`base.LOST_DIRECTORY`, ...).
OCCURRENCES: Final = pa.schema(
    [("id", KEY), ("repository", pa.int32()), ("path", pa.binary()), ("kind", pa.int8()), ("mode", pa.int32()),
     ("problem", pa.string()), ("lost", pa.string())]
)  # fmt: skip
#: What the export knows of a content; `problem` says why the archive cannot give it.
CONTENTS: Final = pa.schema(
    [("key", KEY), ("sha1", KEY), ("sha256", pa.binary(32)), ("length", pa.int64()), ("problem", pa.string())]
)
_UNSOUND: Final = "its entries do not hash to its identifier; it was not read"
_NOT_THERE: Final = "its content is not in the export: neither in the table content nor in skipped_content"


class PartOfRoots(TypedDict):
    """A part: the name of its file, the roots from number `first` up to `last`, its occurrences."""

    name: str
    first: int
    last: int
    rows: int


class ResolvedParts(TypedDict):
    """The parts that a group of roots was cut into."""

    parts: list[PartOfRoots]


def resolve(
    stage: Stage, task: str, routed: list[Path], group: int, roots: list[tuple[Path, int, int]], number: int,
    limits: Limits, depth: int, verify: bool,
) -> ResolvedParts:  # fmt: skip
    """Resolve the directories of a group of roots to paths, cut into parts.

    `roots` are (file, first row, last row), the first of them the root with that `number`.
    Writes `TASK-PART.occurrences` (OCCURRENCES).
    """
    forest = Forest(read_group(routed, ENTRIES, group))
    wanted = [read_rows(path, ROOTS, first, last, ["key"]).column("key") for path, first, last in roots]
    unsound = forest.unsound() if verify else np.zeros(len(forest.starts), bool)
    at = forest.index.find(pa.chunked_array([chunk for column in wanted for chunk in column.chunks], KEY))
    size = np.append(forest.sizes(depth), 0)[at]
    ends = np.cumsum(np.minimum(size, limits.max_entries) + 1)
    parts: list[PartOfRoots] = []
    first = 0
    while first < len(at):
        done = ends[first - 1] if first else 0.0
        last = max(first + 1, int(np.searchsorted(ends, done + _PART_ROWS, side="right")))
        name = f"{task}-{len(parts):05d}"
        table = _occurrences(forest, at[first:last], limits, depth, unsound)
        write_unsorted(stage.file(f"{name}.occurrences"), table)
        parts.append({"name": name, "first": number + first, "last": number + last, "rows": table.num_rows})
        first = last
    return {"parts": parts}


def first_level(stage: Stage, task: str, file: Path, first: int, rows: int) -> dict[str, int]:
    """Write the directories of a file of roots, numbered from `first`, as the first level to visit."""
    directory = read_rows(file, ROOTS, 0, rows, ["key"]).column("key")
    numbers = pa.array(np.arange(first, first + rows))
    write_sorted(stage.file(f"{task}.next"), pa.table([directory, numbers], schema=PAIRS))
    return {"rows": rows}


def asked(stage: Stage, task: str, occurrences: Path) -> dict[str, int]:
    """Write the distinct contents of a part."""
    table = read_unsorted(occurrences, OCCURRENCES, ["id", "kind"])
    order = Sorted(found := table.filter(pc.less(table.column("kind"), _SUBMODULE)).column("id"))
    write_run(stage.file(f"{task}.asked"), pa.table([found.take(order.order[order.starts])], schema=ASKED))
    return {"rows": len(order.starts)}


def _occurrences(forest: Forest, roots: Ints, limits: Limits, depth: int, unsound: Bools) -> pa.Table:
    left = np.full(len(roots), limits.max_entries, np.int64)
    wrong = np.flatnonzero((roots >= 0) & np.append(unsound, False)[roots])
    sound = roots.copy()
    sound[wrong] = -1
    levels = [_listed(forest, level, limits, depth) for level in walk(forest, sound, left, depth, unsound)]
    levels.append(_of_roots(wrong, _UNSOUND, base.LOST_REPOSITORY))
    much = f"the tree has more than {limits.max_entries} entries; the rest was not read"
    levels.append(_of_roots(np.flatnonzero(left < 0), much, base.LOST_DIRECTORY))
    return pa.concat_tables(levels)


def _of_roots(roots: Ints, problem: str, lost: str) -> pa.Table:
    """Return one unreadable occurrence, with an empty path, for each of these roots, of which `lost` did not come."""
    count = len(roots)
    columns = [
        pa.nulls(count, KEY),
        pa.array(roots, pa.int32()),
        pa.repeat(pa.scalar(b"", pa.binary()), count),
        pa.array(np.full(count, _UNREADABLE), pa.int8()),
        pa.array(np.zeros(count), pa.int32()),
        pa.repeat(pa.scalar(problem), count),
        pa.repeat(pa.scalar(lost), count),
    ]
    return pa.table(columns, schema=OCCURRENCES)


def _listed(forest: Forest, level: Level, limits: Limits, depth: int) -> pa.Table:
    """Return the occurrences of one level."""
    entry, fate, paths = level.entry, level.fate, level.paths
    types, mode = forest.types[entry], forest.perms[entry]
    kind = np.full(len(entry), _UNREADABLE, np.int8)
    kind[types == swh_directories.FILE] = _FILE
    kind[(types == swh_directories.FILE) & (mode & _TYPE_BITS == MODE_SYMLINK)] = _SYMLINK
    kind[types == swh_directories.REVISION] = _SUBMODULE
    kind[fate != swh_directories.OCCURRENCE] = _UNREADABLE
    count = len(entry)
    problems: dict[int, str] = {}
    lengths = pc.binary_length(paths).to_numpy(zero_copy_only=False)
    odd = (kind == _UNREADABLE) | (lengths > limits.max_path_bytes) | (lengths == 0)
    for row in np.flatnonzero(odd).tolist():
        problem = _problem(forest, level, row, depth) or path_problem(paths[row].as_py(), limits)
        if problem is not None:
            problems[row] = problem
            kind[row] = _UNREADABLE
    spoiled = np.flatnonzero((types == swh_directories.LOST) & (lengths > 0))
    if len(spoiled):  # a lost directory stands at its own path, without the slash before its entries
        paths = pc.if_else(pa.array(types == swh_directories.LOST), pc.binary_slice(paths, 0, -1), paths)
    column = pa.array([problems.get(row) for row in range(count)], pa.string()) if problems else None
    at_root = (types == swh_directories.LOST) & (lengths == 0)
    of_directory = (types == swh_directories.LOST) | np.isin(fate, _NOT_WALKED)
    lost = pc.if_else(pa.array(of_directory), base.LOST_DIRECTORY, pa.scalar(None, pa.string()))
    lost = pc.if_else(pa.array(at_root), base.LOST_REPOSITORY, lost)
    ids = forest.targets.take(entry)
    return pa.table(
        [ids, level.root.astype(np.int32), paths, kind, mode, column or pa.nulls(count, pa.string()), lost],
        schema=OCCURRENCES,
    )


#: What becomes of directories that nobody can or will go through.
_NOT_WALKED: Final = (swh_directories.TOO_DEEP, swh_directories.CIRCLE, swh_directories.UNSOUND)


def _problem(forest: Forest, level: Level, row: int, depth: int) -> str | None:
    entry = level.entry[row]
    match int(level.fate[row]):
        case swh_directories.TOO_DEEP:
            return f"the directory lies more than {depth} levels deep; it was not read"
        case swh_directories.CIRCLE:
            return "the directory holds itself; it was not read"
        case swh_directories.UNSOUND:
            return _UNSOUND
        case swh_directories.BAD_NAME:
            name = forest.names[entry].as_py()
            return "the name holds a slash" if b"/" in name else path_problem(name, Limits()) or "the name is '.'"
    match int(forest.types[entry]):
        case swh_directories.LOST:
            return f"the entries of its directory {forest.targets[entry].as_py().hex()} are not in the export"
        case swh_directories.OTHER:
            return "the entry is of a type that is not known"
    return None


def contents(stage: Stage, task: str, export: GraphExport, table: str, file: TableFile, rows: int) -> dict[str, int]:
    """Write what a file of `content` or `skipped_content` says, by sha1_git, in runs of about `rows`."""
    skipped = table == "skipped_content"
    columns = ["sha1", "sha1_git", "sha256", "length", "status"]
    pieces = export.batches(table, file, columns, ["reason"] if skipped else [])
    count = 0
    for number, found in enumerate(batched((_contents(piece, file, skipped) for piece in pieces), rows)):
        write_sorted(stage.file(f"{task}-{number:05d}.contents"), found)
        count += found.num_rows
    return {"rows": count}


def _contents(piece: pa.Table, file: TableFile, skipped: bool) -> pa.Table:
    piece = piece.filter(piece.column("sha1_git").is_valid())
    text = [piece.column(name).cast(pa.string()) for name in ("sha1_git", "sha1", "sha256")]
    try:
        key = keys_of_hex(text[0])
        sha1 = keys_or_null(text[1])
        sha256 = keys_or_null(text[2], 32)
    except (ValueError, pa.ArrowException) as error:
        raise SourceError(f"{file.path}: {error}; is this a graph export?") from None
    status = piece.column("status").cast(pa.string())
    if skipped:
        reason = pc.fill_null(piece.column("reason").cast(pa.string()), "no reason is given")
        problem = pc.binary_join_element_wise("the archive skipped it: ", reason, "")
    else:
        hidden = pc.binary_join_element_wise("its status in the archive is ", pc.fill_null(status, "unknown"), "")
        visible = pc.fill_null(pc.equal(status, "visible"), False)
        problem = pc.if_else(visible, pa.scalar(None, pa.string()), hidden)
    length = piece.column("length").cast(pa.int64())
    return pa.table([key, sha1, sha256, length, problem], schema=CONTENTS)


def join(stage: Stage, task: str, asked: list[Path], known: list[Path], index: int, count: int) -> dict[str, int]:
    """Bring what is known of contents in a range of keys to the parts that ask for them, `asked` in their order."""
    low, high = bounds(index, count)
    found = [read_range([path], ASKED, low, high).column("key") for path in asked]
    part = np.repeat(np.arange(len(found)), [len(column) for column in found])
    wanted = pa.chunked_array([chunk for column in found for chunk in column.chunks], KEY)
    table = read_range(known, CONTENTS, low, high)
    order = Sorted(wanted)
    numbers = np.empty(len(part), np.int64)
    numbers[order.order] = order.numbers
    at = order.index.find(table.column("key"))
    table, at = table.filter(pa.array(at >= 0)), at[at >= 0]
    # Where several contents have one sha1_git, one that can be had comes first, then the smallest.
    broken = pc.is_valid(table.column("problem")).to_numpy()
    sha1 = [int.from_bytes(value or b"\xff" * 20, "big") >> 96 for value in _ties(table.column("sha1"), at)]
    by = np.lexsort((np.array(sha1 or [0] * len(at), np.uint64), broken, at))
    first = by[np.append(True, at[by][1:] != at[by][:-1])] if len(by) else by
    place = np.full(len(order.starts), -1, np.int64)
    place[at[first]] = first
    have = place[numbers] >= 0
    out = np.flatnonzero(have)
    out = out[np.lexsort((numbers[out], part[out]))]
    write_groups(stage.file(f"{task}.joined"), table.take(place[numbers[out]]), part[out])
    return {"rows": len(out), "missing": int((~have).sum())}


def _ties(column: pa.ChunkedArray, at: Ints) -> list[bytes | None]:
    """Return the values of a column where there are several for one number, else nothing to compare."""
    values: list[bytes | None] = column.to_pylist() if len(distinct(at)) < len(at) else []
    return values


def listing(occurrences: Path, known: pa.Table, limits: Limits) -> pa.Table:
    """Return the occurrences of a part as `LISTING`, with what is known of their contents (by key, ascending)."""
    table = read_unsorted(occurrences, OCCURRENCES)
    kind = table.column("kind").to_numpy().copy()
    held = kind <= _SYMLINK
    at = Keys.of(known.column("key")).find(table.column("id"))
    at[~held] = -1
    here = at >= 0
    position = pa.array(np.where(here, at, 0), mask=~here)
    size = known.column("length").take(position)
    problem = known.column("problem").take(position)
    large = pc.fill_null(pc.greater(size, limits.max_file_bytes), False).to_numpy(zero_copy_only=False)
    lost = held & ~here
    # What is too large to be kept is a file that is too large, whether the archive has it or not.
    bad = (pc.is_valid(problem).to_numpy() & ~large) | lost
    problem = pc.if_else(pa.array(lost), _NOT_THERE, problem)
    problem = pc.if_else(pa.array(bad & held), problem, table.column("problem"))
    readable = (kind == _FILE) & here & ~bad & ~large
    kind[bad & held] = _UNREADABLE
    what = pc.if_else(pa.array(bad & held), base.LOST_CONTENT, table.column("lost"))
    names = pa.array(KINDS).take(pa.array(kind))
    ids = pc.if_else(pa.array(kind == _UNREADABLE), pa.scalar(b"", pa.binary()), table.column("id").cast(pa.binary()))
    return pa.table(
        [
            ids, table.column("repository"), table.column("path"), names, table.column("mode"), size,
            pa.array(readable), problem, what, pa.nulls(table.num_rows, pa.string()),
            pa.nulls(table.num_rows, pa.string()), pa.nulls(table.num_rows, pa.binary()),
        ],
        schema=LISTING,
    )  # fmt: skip


def with_links(listed: pa.Table, read: Callable[[Iterable[bytes]], Iterator[bytes | SourceError]]) -> pa.Table:
    """Return a `LISTING` that says where symbolic links lead: `read` gives their targets.

    One that leads out of its tree has a remark, and one whose target cannot be had is lost.
    """
    links = pc.and_(pc.equal(listed.column("kind"), base.SYMLINK), pc.less_equal(listed.column("size"), MAX_LINK))
    rows_ = np.flatnonzero(pc.fill_null(links, False).to_numpy())
    if not len(rows_):
        return listed
    found = listed.select(["id", "path"]).take(pa.array(rows_))
    ids = sorted(set(found.column("id").to_pylist()))
    targets = dict(zip(ids, read(ids), strict=True))
    said = {name: np.full(listed.num_rows, None, dtype=object) for name in ("target", "note", "problem")}
    for row, id_, path in zip(rows_.tolist(), *(column.to_pylist() for column in found.columns), strict=True):
        target = targets[id_]
        if isinstance(target, bytes):
            said["target"][row], said["note"][row] = target, link_note(path, target)
        else:
            said["problem"][row] = f"where it leads is not known: {target}"
    problem = pa.array(said["problem"], pa.string())
    gone = problem.is_valid()
    made = {
        "target": pa.array(said["target"], pa.binary()),
        "note": pa.array(said["note"], pa.string()),
        "problem": pc.coalesce(problem, listed.column("problem")),
        "lost": pc.if_else(gone, base.LOST_CONTENT, listed.column("lost")),
        "kind": pc.if_else(gone, base.UNREADABLE, listed.column("kind")),
        "id": pc.if_else(gone, pa.scalar(b"", pa.binary()), listed.column("id")),
    }
    return pa.table({name: made.get(name, listed.column(name)) for name in LISTING.names}, schema=LISTING)
