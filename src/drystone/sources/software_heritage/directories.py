"""Directories of a graph export resolved to paths: level by level over ids alone, then each group of roots by itself.

`reach` finds which directories each root has, `route` brings their entries to the root's group, `resolve` turns a group
into occurrences. Each directory is looked up once per level or group, however many trees share it; memory is that of
one range of keys, or one group.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from drystone.errors import SourceError
from drystone.identity.hashes import EMPTY_TREE, MODE_DIRECTORY, tree_hash
from drystone.sources.software_heritage.export import GraphExport, TableFile
from drystone.work.ranges import bounds
from drystone.work.runs import (
    KEY,
    Bools,
    Ints,
    Sorted,
    as_array,
    batched,
    distinct,
    expand,
    keys_of_hex,
    read_range,
    read_unsorted,
    rows,
    write_groups,
    write_run,
    write_sorted,
    write_unsorted,
)
from drystone.work.store import Stage

#: Types of entries, as numbers; `LOST` stands in a directory whose entries the export does not have, `RAW` in one whose
#: entries need not hash to its identifier (the export has its `raw_manifest`).
FILE: Final = 0
DIRECTORY: Final = 1
REVISION: Final = 2
OTHER: Final = 3
LOST: Final = 4
RAW: Final = 5
_TYPES: Final = pa.array(["file", "dir", "rev"])

ENTRIES: Final = pa.schema(
    [("key", KEY), ("name", pa.binary()), ("type", pa.int8()), ("target", KEY), ("perms", pa.int32())]
)
EDGES: Final = pa.schema([("key", KEY), ("target", KEY)])
SIZES: Final = pa.schema([("key", KEY), ("entries", pa.int64())])
MANIFESTS: Final = pa.schema([("key", KEY)])
#: A directory that a root has; roots are numbered.
PAIRS: Final = pa.schema([("key", KEY), ("root", pa.int64())])
COUNTS: Final = pa.schema([("root", pa.int64()), ("entries", pa.int64())])


def entries(stage: Stage, task: str, export: GraphExport, file: TableFile, rows: int) -> dict[str, int]:
    """Write the entries of a file of `directory_entry` by directory, those that are directories once more alone.

    A run has about `rows` of them.
    """
    pieces = export.batches("directory_entry", file, ["directory_id", "name", "type", "target", "perms"])
    count = 0
    for number, table in enumerate(batched((_entries(piece, file) for piece in pieces), rows)):
        _write_entries(stage, f"{task}-{number:05d}", table)
        count += table.num_rows
    return {"rows": count}


def _entries(piece: pa.Table, file: TableFile) -> pa.Table:
    try:
        directory = keys_of_hex(piece.column("directory_id").cast(pa.string()))
        target = keys_of_hex(piece.column("target").cast(pa.string()))
    except ValueError as error:
        raise SourceError(f"{file.path}: {error}; is this a graph export?") from None
    kind = pc.fill_null(pc.index_in(piece.column("type").cast(pa.string()), _TYPES), OTHER).cast(pa.int8())
    name = pc.fill_null(piece.column("name").cast(pa.binary()), b"")
    perms = pc.fill_null(piece.column("perms").cast(pa.int32()), 0)
    return pa.table([directory, name, kind, target, perms], schema=ENTRIES)


def _write_entries(stage: Stage, name: str, table: pa.Table) -> None:
    order = write_sorted(stage.file(f"{name}.entries"), table)
    ends = np.append(order.starts[1:], len(order.order))[: len(order.starts)]
    firsts = order.order[order.starts]
    sizes = {"key": table.column("key").take(firsts), "entries": pa.array(ends - order.starts)}
    write_run(stage.file(f"{name}.sizes"), pa.table(sizes, schema=SIZES))
    below = table.column("type").to_numpy()[order.order] == DIRECTORY
    edges = table.select(["key", "target"]).take(order.order[below])
    write_run(stage.file(f"{name}.edges"), edges.cast(EDGES))


def merge(stage: Stage, task: str, edges: list[Path], sizes: list[Path], index: int, count: int) -> dict[str, int]:
    """Bring edges and sizes of a range of keys into one run each: every level asks for them."""
    low, high = bounds(index, count)
    edge = read_range(edges, EDGES, low, high)
    write_sorted(stage.file(f"{task}.edges"), edge)
    write_sorted(stage.file(f"{task}.sizes"), read_range(sizes, SIZES, low, high))
    return {"rows": edge.num_rows}


def manifests(stage: Stage, task: str, export: GraphExport, file: TableFile, rows: int) -> dict[str, int]:
    """Write which directories of a file of `directory` need not hash to their identifiers, in runs of about `rows`."""
    pieces = export.batches("directory", file, ["id"], ["raw_manifest"])
    count = 0
    for number, table in enumerate(batched((_manifests(piece, file) for piece in pieces), rows)):
        write_sorted(stage.file(f"{task}-{number:05d}.manifests"), table)
        count += table.num_rows
    return {"rows": count}


def _manifests(piece: pa.Table, file: TableFile) -> pa.Table:
    piece = piece.filter(piece.column("raw_manifest").is_valid())
    try:
        return pa.table([keys_of_hex(piece.column("id").cast(pa.string()))], schema=MANIFESTS)
    except ValueError as error:
        raise SourceError(f"{file.path}: {error}; is this a graph export?") from None


def reach(
    stage: Stage, task: str, visit: list[Path], seen: list[Path], merged: Path, roots: int, index: int, count: int
) -> dict[str, int]:  # fmt: skip
    """Visit one level of directories in a range of keys, and write those below them as the next one.

    `seen` and `merged` are folders cut into the same ranges. `.pairs` are the directories that a root meets for
    the first time, so that cycles end; `.counts` their entries.
    """
    low, high = bounds(index, count)
    given = read_range(visit, PAIRS, low, high)
    if not given.num_rows:
        write_run(stage.file(f"{task}.pairs"), PAIRS.empty_table())
        return {"pairs": 0, "next": 0}
    order = Sorted(given.column("key"))
    # One number for each pair of directory and root, in the order of directories: sorting numbers is fast.
    codes = distinct(order.numbers * roots + given.column("root").to_numpy()[order.order])
    before = read_range([folder_ / f"{task}.pairs" for folder_ in seen], PAIRS)
    known = order.index.find(before.column("key"))
    old = known[known >= 0] * roots + before.column("root").to_numpy()[known >= 0]
    codes = codes[~np.isin(codes, old, assume_unique=True)] if len(old) else codes
    directory, root = np.divmod(codes, roots)
    firsts = given.column("key").take(order.order[order.starts])
    write_run(stage.file(f"{task}.pairs"), pa.table([firsts.take(directory), pa.array(root)], schema=PAIRS))

    amount = np.zeros(len(order.starts), np.int64)
    sized = read_range([merged / f"{task}.sizes"], SIZES)
    numbers, at = order.index.matches(sized.column("key"))
    np.add.at(amount, numbers, sized.column("entries").to_numpy()[at])
    members = distinct(root)
    at = np.searchsorted(members, root)
    weights = np.bincount(at, weights=amount[directory] + 1, minlength=len(members)).astype(np.int64)
    counted = pa.table([pa.array(members), pa.array(weights)], schema=COUNTS)
    write_unsorted(stage.file(f"{task}.counts"), counted)

    starts = np.searchsorted(directory, np.arange(len(order.starts) + 1))
    edge = read_range([merged / f"{task}.edges"], EDGES)
    numbers, at = order.index.matches(edge.column("key"))
    owners, positions = expand(starts[numbers], starts[numbers + 1] - starts[numbers])
    below = as_array(edge.column("target")).take(at[owners])
    following = pa.table([below, pa.array(root[positions])], schema=PAIRS)
    write_sorted(stage.file(f"{task}.next"), following)
    return {"pairs": len(codes), "next": following.num_rows}


def entries_of_roots(paths: list[Path], roots: int) -> Ints:
    """Return for each root the entries of all its distinct directories, and one more for each of these."""
    total = np.zeros(roots, np.int64)
    for path in paths:
        counted = read_unsorted(path, COUNTS)
        total[counted.column("root").to_numpy()] += counted.column("entries").to_numpy()
    return total


def route(
    stage: Stage, task: str, pairs: list[Path], given: list[Path], manifests: list[Path], group_of: Path, groups: int,
    index: int, count: int,
) -> dict[str, int]:  # fmt: skip
    """Bring the entries of directories in a range of keys to the groups of roots that have them.

    `pairs` are folders of levels, of the same ranges.
    """
    low, high = bounds(index, count)
    visited = read_range([level / f"{task}.pairs" for level in pairs], PAIRS)
    order = Sorted(visited.column("key"))
    group_of_root = np.load(group_of, mmap_mode="r")
    group = group_of_root[visited.column("root").to_numpy()[order.order]].astype(np.int64)
    codes = distinct(order.numbers * groups + group)
    directory, group = np.divmod(codes, groups)
    table = read_range(given, ENTRIES, low, high)
    at = order.index.find(table.column("key"))
    if (at < 0).any():
        table = table.filter(pa.array(at >= 0))
        at = at[at >= 0]
    lost = _lost(order, visited, at)
    raw = read_range(manifests, MANIFESTS, low, high).column("key")
    raw = raw.filter(pa.array(order.index.find(raw) >= 0))
    marks = pa.concat_tables([lost, _marks(raw, RAW)]).combine_chunks()
    if marks.num_rows:
        table = pa.concat_tables([table, marks]).combine_chunks()
        at = np.concatenate([at, order.index.find(marks.column("key"))])
    starts = np.searchsorted(directory, np.arange(len(order.starts) + 1))
    owners, positions = expand(starts[at], starts[at + 1] - starts[at])
    target = group[positions]
    # By group, and within it by directory: the ranges of a group, one after another, are then in order.
    order_ = np.argsort(target * max(1, len(order.starts)) + at[owners], kind="stable")
    write_groups(stage.file(f"{task}.routed"), table.take(owners[order_]), target[order_])
    return {"rows": len(order_), "lost": lost.num_rows}


def _lost(order: Sorted, visited: pa.Table, at: Ints) -> pa.Table:
    """Return one `LOST` entry for every directory without entries but the empty one, whatever the export says of it."""
    without = np.ones(len(order.starts), bool)
    without[at] = False
    firsts = visited.column("key").take(order.order[order.starts][without])
    empty = (rows(firsts) == np.frombuffer(EMPTY_TREE, np.uint8)).all(axis=1)
    return _marks(firsts.filter(pa.array(~empty)), LOST)


def _marks(directories: Any, kind: int) -> pa.Table:
    """Return one nameless entry of a kind for each directory."""
    count = len(directories)
    columns = [
        directories,
        pa.repeat(pa.scalar(b"", pa.binary()), count),
        pa.array(np.full(count, kind, np.int8)),
        directories,
        pa.array(np.full(count, MODE_DIRECTORY, np.int32)),
    ]
    return pa.table(columns, schema=ENTRIES)


class Forest:
    """The directories of a group of roots in memory: whose entries begin where, and which directory each leads to."""

    def __init__(self, table: pa.Table) -> None:
        """Take entries in the order of their directories."""
        order = Sorted(table.column("key"))
        if not np.array_equal(order.starts, _starts(rows(table.column("key")))):
            table = table.take(order.order)
            order = Sorted(table.column("key"))
        self.index = order.index
        self._keys = table.column("key").take(order.starts)
        self.starts: Ints = order.starts
        self.counts: Ints = np.append(order.starts[1:], table.num_rows)[: len(order.starts)] - order.starts
        self.names = as_array(table.column("name"))
        self.types: npt.NDArray[np.int8] = table.column("type").to_numpy()
        self.perms: npt.NDArray[np.int32] = table.column("perms").to_numpy()
        self.targets = as_array(table.column("target"))
        #: For each entry the number of the directory it leads to; -1 for an empty one, and for what is none.
        self.below: Ints = np.full(table.num_rows, -1, np.int64)
        is_directory = self.types == DIRECTORY
        self.below[is_directory] = self.index.find(table.column("target").filter(pa.array(is_directory)))
        self.odd = _odd_names(self.names)
        self._owner = np.repeat(np.arange(len(self.starts)), self.counts)

    def sizes(self, depth: int) -> npt.NDArray[np.float64]:
        """Return how many occurrences lie below each directory, at most `depth` levels down."""
        edges = np.flatnonzero(self.below >= 0)
        owner, below = self._owner[edges], self.below[edges]
        leaves = self.counts - np.bincount(owner, minlength=len(self.counts))
        total = leaves.astype(np.float64)
        for _ in range(depth):
            longer = leaves + np.bincount(owner, weights=total[below], minlength=len(leaves))
            if np.array_equal(longer, total):
                break
            total = np.minimum(longer, 1e18)
        return total

    def unsound(self) -> Bools:
        """Return which directories do not hash, as git trees, to their identifiers; lost and raw ones need not."""
        modes = pc.dictionary_encode(pa.array(self.perms))
        octal = pa.array([b"%o " % mode for mode in modes.dictionary.to_pylist()], pa.binary())
        words = octal.take(modes.indices)
        nul = pa.scalar(b"\0", pa.binary())
        body = pc.binary_join_element_wise(words, self.names, nul, self.targets.cast(pa.binary()), b"")
        data = memoryview(body.buffers()[2]) if len(body) else memoryview(b"")
        offsets = np.frombuffer(body.buffers()[1], np.int32, len(body) + 1)
        firsts, lasts = offsets[self.starts].tolist(), offsets[self.starts + self.counts].tolist()
        keys = rows(self._keys).tobytes()
        wrong = np.zeros(len(firsts), bool)
        for at, (first, last) in enumerate(zip(firsts, lasts, strict=True)):
            digest = hashlib.sha1(b"tree %d\0" % (last - first), usedforsecurity=False)
            digest.update(data[first:last])
            wrong[at] = digest.digest() != keys[20 * at : 20 * at + 20]
        # Entries are mostly in git's order already; where they are not, they are put into it.
        for at in np.flatnonzero(wrong).tolist():
            entries = range(int(self.starts[at]), int(self.starts[at] + self.counts[at]))
            made = ((int(self.perms[i]), self.names[i].as_py(), self.targets[i].as_py()) for i in entries)
            wrong[at] = tree_hash(made) != keys[20 * at : 20 * at + 20]
        excused = np.bincount(self._owner[(self.types == LOST) | (self.types == RAW)], minlength=len(wrong)) > 0
        return wrong & ~excused

    def in_cycles(self) -> Bools:
        """Return which directories lie on a cycle or below one: those that never come free of what leads to them."""
        edges = np.flatnonzero(self.below >= 0)
        owner, below = self._owner[edges], self.below[edges]
        waiting = np.bincount(below, minlength=len(self.counts))
        left = np.ones(len(self.counts), bool)
        free = np.flatnonzero(waiting == 0)
        by_owner = np.argsort(owner, kind="stable")
        first = np.searchsorted(owner[by_owner], np.arange(len(self.counts) + 1))
        while len(free):
            left[free] = False
            _, positions = expand(first[free], first[free + 1] - first[free])
            reached = below[by_owner[positions]]
            np.subtract.at(waiting, reached, 1)
            free = distinct(reached[waiting[reached] == 0])
        return left

    def ordered(self) -> Ints:
        """Return the entries of every directory in the order of their names."""
        at = pc.sort_indices(
            pa.table({"owner": self._owner, "name": self.names}), [("owner", "ascending"), ("name", "ascending")]
        )
        return np.asarray(at, np.int64)


def _starts(found: npt.NDArray[np.uint8]) -> Ints:
    if not len(found):
        return np.empty(0, np.int64)
    changed = (found[1:] != found[:-1]).any(axis=1)
    return np.flatnonzero(np.concatenate([[True], changed]))


def _odd_names(names: pa.Array) -> Bools:
    """Return which names cannot be part of a path as they are: empty, dots, with a slash or a NUL byte."""
    odd = pc.equal(pc.binary_length(names), 0)
    for text in (b"/", b"\0"):
        odd = pc.or_(odd, pc.match_substring(names, pattern=text))
    odd = pc.or_(odd, pc.is_in(names, pa.array([b".", b".."], names.type)))
    return np.asarray(odd.to_numpy(zero_copy_only=False), bool)


class Level(NamedTuple):
    """Occurrences at one depth, in columns: the root each belongs to, its entry in the forest, its path, its fate."""

    root: Ints
    entry: Ints
    paths: pa.Array
    fate: npt.NDArray[np.int8]


#: What becomes of an entry: an occurrence, a directory that is walked or empty (none), or one that cannot be walked.
OCCURRENCE: Final = 0
WALKED: Final = 1
TOO_DEEP: Final = 2
CIRCLE: Final = 3
BAD_NAME: Final = 4
UNSOUND: Final = 5


def walk(forest: Forest, roots: Ints, left: Ints, depth: int, unsound: Bools) -> Iterator[Level]:
    """Yield the occurrences below directories `roots` (-1: an empty one), level by level, at most `depth` of them.

    `unsound` directories are not walked. No root gives more entries than it has `left`, which is counted down; one that
    has more ends below zero.
    """
    root = np.flatnonzero(roots >= 0)
    directory = roots[root]
    prefix: pa.Array = pa.array([b""] * len(root), pa.binary())
    canonical: Ints | None = None
    cyclic = forest.in_cycles()
    # Directories of earlier levels, and which of them each came from: asked only where there are cycles.
    trail: list[tuple[Ints, Ints]] = []
    above = np.empty(0, np.int64)
    for level in range(depth):
        if not len(root):
            return
        if cyclic.any():
            trail.append((directory, above))
        counts = forest.counts[directory]
        amount = np.bincount(root, weights=counts, minlength=len(left)).astype(np.int64)
        if (amount > left).any():
            if canonical is None:
                canonical = forest.ordered()
            counts = _cut(root, counts, np.maximum(left, 0))
        left -= amount
        owners, entry = expand(forest.starts[directory], counts)
        if canonical is not None:
            entry = canonical[entry]
        below = forest.below[entry]
        fate = np.where(forest.types[entry] == DIRECTORY, WALKED, OCCURRENCE).astype(np.int8)
        fate[forest.types[entry] == RAW] = WALKED
        if level == depth - 1:
            fate[below >= 0] = TOO_DEEP
        if cyclic.any():
            suspect = np.flatnonzero((below >= 0) & cyclic[below])
            fate[suspect[_among_ancestors(below[suspect], owners[suspect], trail)]] = CIRCLE
        fate[(below >= 0) & unsound[below]] = UNSOUND
        fate[forest.odd[entry] & (forest.types[entry] < LOST)] = BAD_NAME
        kept = np.flatnonzero(fate != WALKED)
        paths = pc.binary_join_element_wise(prefix.take(owners[kept]), forest.names.take(entry[kept]), b"")
        yield Level(root[owners[kept]], entry[kept], paths, fate[kept])
        deeper = np.flatnonzero((below >= 0) & (fate == WALKED))
        above = owners[deeper]
        slash = pa.scalar(b"/", pa.binary())
        prefix = pc.binary_join_element_wise(prefix.take(above), forest.names.take(entry[deeper]), slash, b"")
        root, directory = root[above], below[deeper]


def _among_ancestors(directory: Ints, owner: Ints, trail: list[tuple[Ints, Ints]]) -> Bools:
    """Return which directories already stand above themselves; `owner` is each one's place in the last level."""
    met = np.zeros(len(directory), bool)
    at = owner
    for number in range(len(trail) - 1, -1, -1):
        directories, above = trail[number]
        met |= directories[at] == directory
        if number:
            at = above[at]
    return met


def _cut(root: Ints, counts: Ints, left: Ints) -> Ints:
    """Return how many entries of each directory are taken, so that no root takes more than it has left."""
    order = np.argsort(root, kind="stable")
    ends = np.cumsum(counts[order])
    first = np.searchsorted(root[order], np.arange(len(left)))
    base = np.concatenate([[0], ends])[first]
    before = ends - counts[order] - base[root[order]]
    out = np.empty_like(counts)
    out[order] = np.clip(left[root[order]] - before, 0, counts[order])
    return out
