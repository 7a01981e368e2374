"""A made-up graph export in Software Heritage's layout, of any size, the same bytes for the same arguments.

    python -m benchmarks.software_heritage.synthetic FOLDER --origins 10000 --entries 50000000

Directories are real git trees: their ids are the hashes of their entries. Contents have ids and lengths, no bytes.
Shared as in the archive: forks have their parent's root directory or differ from it along one path, libraries are
vendored by many repositories, some contents are everywhere, earlier revisions differ from the head along one path.
Rows of a table lie in files by the hash of their id, as after the archive's journal. Written in a stream: memory does
not grow with the size.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.orc

from benchmarks.software_heritage.synthetic_tables import Ids, Tables, fixed, hexadecimal, schemas
from drystone.identity.hashes import snapshot_hash

Counts = npt.NDArray[np.int64]

#: Of 100 origins: as many have a tree of their own, the root directory of another one, or a changed copy of it.
_OWN: Final = 50
_FORKS: Final = 35
#: Of the head of a repository, measured: 7.5 files and a little less than one directory.
_ENTRIES_PER_DIRECTORY: Final = 8.4
_NAME: Final = 14
_FILE_WIDTH: Final = 6 + 1 + _NAME + 1 + 20  # mode, space, name, NUL, id
_DIRECTORY_WIDTH: Final = 5 + 1 + _NAME + 1 + 20
_BATCH: Final = 60_000  # directories made at a time
_MODES: Final = np.array([[*b"100644 "], [*b"100755 "], [*b"120000 "], [*b"160000 "]], dtype=np.uint8)
_PERMS: Final = np.array([0o100644, 0o100755, 0o120000, 0o160000, 0o040000], dtype=np.int32)
_TYPES: Final = pa.array(["file", "file", "file", "rev", "dir"])
_START: Final = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Summary:
    """What was written: rows of each table; `roots` distinct root directories of heads with `paths` leaves below them.

    A leaf is a file, a symbolic link or a submodule; `paths` counts each root once, however many origins have it.
    """

    rows: dict[str, int]
    origins: int
    roots: int
    paths: int


def generate(
    folder: Path,
    *,
    origins: int = 10_000,
    entries: int = 50_000_000,
    history: float = 0.25,
    files: int = 32,
    seed: int = 1,
    layout: Literal["orc", "parquet"] = "orc",
) -> Summary:
    """Write an export with so many origins and about so many directory entries under `FOLDER/orc` or `FOLDER/parquet`.

    `history` is the share of the directory entries that belong to earlier revisions only; `files` is how many files
    the large tables have. The summary is also written to `FOLDER/summary.json`, last.
    """
    with ExitStack() as stack:
        tables = stack.enter_context(Tables(folder / layout, layout, files))
        made = _Graph(np.random.default_rng(seed), tables, seed)
        libraries = made.libraries(max(20, origins // 25))
        budget = max(1, round(entries * (1 - history) / _ENTRIES_PER_DIRECTORY) - made.directories)
        for family in made.families(origins, budget, libraries, history):
            made.origin_rows(family)
        made.flush()
    summary = Summary(tables.rows, origins, made.roots, made.paths)
    (folder / "summary.json").write_text(json.dumps(summary.__dict__, indent=2) + "\n")
    return summary


@dataclass
class Family:
    """A repository with a tree of its own and what shares it: roots by origin, earlier roots, leaves by root."""

    number: int
    heads: list[bytes] = field(default_factory=list)  # of each origin: the parent, identical forks, changed forks
    earlier: list[bytes] = field(default_factory=list)


class _Contents:
    """Ids of contents by their number; the first `shared` of them are those that are everywhere."""

    shared: Final = 20_000

    def __init__(self, tables: Tables, seed: int) -> None:
        self._tables = tables
        self._salt = np.uint64(seed * 0x9E3779B97F4A7C15 % 2**64)
        self.count = self.shared
        self._written = 0

    def ids(self, numbers: Counts, salt: int = 0) -> Ids:
        """Return 20 bytes for each number (splitmix64, Steele, Lea and Flood 2014)."""
        words = [_mix(numbers.astype(np.uint64) * np.uint64(3) + np.uint64(i), self._salt + np.uint64(salt)) for i in
                 range(3)]  # fmt: skip
        return np.ascontiguousarray(np.stack(words, axis=1).view(np.uint8).reshape(-1, 24)[:, :20])

    def new(self, count: int) -> Counts:
        """Number as many new contents."""
        self.count += count
        return np.arange(self.count - count, self.count, dtype=np.int64)

    def write(self) -> None:
        """Write the rows of contents that were numbered since the last time."""
        numbers = np.arange(self._written, self.count, dtype=np.int64)
        self._written = self.count
        git = self.ids(numbers)
        parts = self._tables.part(git)
        order = np.argsort(parts, kind="stable")
        numbers, git, parts = numbers[order], git[order], parts[order]
        sha1, long = self.ids(numbers, 1), self.ids(numbers, 2)
        wide = np.concatenate([long, sha1[:, :12]], axis=1), np.concatenate([sha1, long[:, 8:]], axis=1)
        lengths = np.exp(np.clip((git[:, 1].astype(float) + git[:, 2]) / 51.2 + 3, 0, 16)).astype(np.int64)
        hashes = [hexadecimal(column) for column in (sha1, git, *wide)]
        # One in about a thousand was too large to be archived.
        kept = (git[:, 3] != 7) | (git[:, 4] % 4 != 0)
        for name, chosen, status, last in (
            ("content", kept, "visible", pa.nulls(len(git), pa.binary())),
            ("skipped_content", ~kept, "absent", pa.array(["Content too large"] * len(git))),
        ):
            where = pa.array(np.flatnonzero(chosen))
            columns = [*hashes, pa.array(lengths), pa.array([status] * len(git)), last]
            self._tables.write_parts(name, [column.take(where) for column in columns], parts[chosen])


@dataclass
class _Trees:
    """Directories whose parents come before them: entries of files and of directories as git writes them."""

    ids: bytearray
    files: bytearray
    file_at: list[int]  # first file entry of each directory, and the end
    below: bytearray
    below_at: list[int]
    parent: list[int]  # -1 for a root
    slot: list[int]  # which entry of `below` names this directory
    leaves: list[int]

    def body(self, i: int) -> tuple[bytearray, bytearray]:
        """Return the entries of a directory."""
        return (
            self.files[self.file_at[i] * _FILE_WIDTH : self.file_at[i + 1] * _FILE_WIDTH],
            self.below[self.below_at[i] * _DIRECTORY_WIDTH : self.below_at[i + 1] * _DIRECTORY_WIDTH],
        )


class _Graph:
    def __init__(self, rng: np.random.Generator, tables: Tables, seed: int) -> None:
        self._rng = rng
        self._tables = tables
        self.contents = _Contents(tables, seed)
        self._file_names = _names(rng, 40_000, b"abcdefghijklm", (b".py", b".js", b".c", b".h", b".md", b".json"))
        self._directory_names = _names(rng, 8_000, b"nopqrstuvwxyz", (b"",))
        self.directories = 0
        self.paths = 0
        self.roots = 0
        self._revisions = 0
        self._origins = 0
        self._snapshots: set[str] = set()
        self._changed: list[tuple[bytes, bytearray, bytearray]] = []
        self._rows: dict[str, list[tuple[Any, ...]]] = {}

    def libraries(self, count: int) -> list[tuple[bytes, int]]:
        """Make trees that repositories vendor; return their roots and the leaves below them."""
        sizes = np.clip(self._rng.lognormal(1.5, 0.9, count), 1, 200).astype(np.int64)
        trees = self._trees(sizes, [[] for _ in sizes])
        self._emit(trees)
        firsts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        return [(bytes(trees.ids[i * 20 : i * 20 + 20]), trees.leaves[i]) for i in firsts]

    def families(
        self, origins: int, budget: int, libraries: list[tuple[bytes, int]], history: float
    ) -> Iterator[Family]:
        """Make repositories with `budget` directories in all, a batch at a time."""
        rng = self._rng
        count = max(1, origins * _OWN // 100)
        same = _spread(rng, min(origins - count, origins * _FORKS // 100), count)
        changed = _spread(rng, origins - count - int(same.sum()), count)
        sizes = rng.lognormal(0, 1.1, count)
        sizes = np.maximum(1, sizes * budget / sizes.sum()).astype(np.int64)
        popular = 1 / np.arange(1, len(libraries) + 1) ** 0.8
        popular /= popular.sum()
        start = 0
        while start < count:
            end = max(start + 1, start + int(np.searchsorted(np.cumsum(sizes[start:]), _BATCH)))
            vendored = [
                sorted(set(rng.choice(len(libraries), rng.poisson(min(6, 1 + size / 40)), p=popular).tolist()))
                for size in sizes[start:end]
            ]
            trees = self._trees(sizes[start:end], [[libraries[i] for i in chosen] for chosen in vendored])
            self._emit(trees)
            at = 0
            for number in range(start, end):
                yield self._family(
                    trees, number, at, int(sizes[number]), int(same[number]), int(changed[number]), history
                )
                at += int(sizes[number])
            self._emit_changed()
            start = end

    def _family(
        self, trees: _Trees, number: int, first: int, size: int, same: int, changed: int, history: float
    ) -> Family:
        root = bytes(trees.ids[first * 20 : first * 20 + 20])
        family = Family(number, [root] * (1 + same))
        for _ in range(changed):
            family.heads.append(self._variant(trees, first, size)[0])
        self.roots += 1 + changed
        self.paths += (1 + changed) * trees.leaves[first]
        end = first + size
        rows = trees.file_at[end] - trees.file_at[first] + trees.below_at[end] - trees.below_at[first]
        left = rows * history / (1 - history)
        while left > 0:
            older, written = self._variant(trees, first, size)
            family.earlier.append(older)
            left -= written
        return family

    def _variant(self, trees: _Trees, first: int, size: int) -> tuple[bytes, int]:
        """Change one file of a tree; return the new root and how many entries the new directories have."""
        at = first + int(self._rng.integers(size))
        new = self.contents.ids(self.contents.new(1)).tobytes()
        files, below = trees.body(at)
        files[_FILE_WIDTH - 20 : _FILE_WIDTH] = new
        written = 0
        while True:
            written += len(files) // _FILE_WIDTH + len(below) // _DIRECTORY_WIDTH
            id_ = _tree_hash(files, below)
            self._changed.append((id_, files, below))
            if at == first:
                return id_, written
            slot, at = trees.slot[at] - trees.below_at[trees.parent[at]], trees.parent[at]
            files, below = trees.body(at)
            below[(slot + 1) * _DIRECTORY_WIDTH - 20 : (slot + 1) * _DIRECTORY_WIDTH] = id_

    def _trees(self, sizes: Counts, vendored: list[list[tuple[bytes, int]]]) -> _Trees:
        """Make a tree of each number of directories, the root first; libraries go below the roots."""
        rng = self._rng
        total = int(sizes.sum())
        firsts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        local = np.arange(total) - np.repeat(firsts, sizes)
        parent = (local * rng.random(total) ** 1.5).astype(np.int64) + np.repeat(firsts, sizes)
        parent[firsts] = -1
        # Most directories have a few files, some have hundreds.
        count = rng.geometric(1 / 6, total) + np.where(rng.random(total) < 0.005, rng.integers(100, 500, total), 0)
        files = self._file_entries(count)
        file_at = np.concatenate([[0], np.cumsum(count)])

        owners = np.concatenate([parent[parent >= 0], np.repeat(firsts, [len(v) for v in vendored])]).astype(np.int64)
        children = np.concatenate([np.flatnonzero(parent >= 0), np.full(len(owners) - (total - len(sizes)), -1)])
        order = np.argsort(owners, kind="stable")
        owners, children = owners[order], children[order]
        below_count = np.bincount(owners, minlength=total)
        below_at = np.concatenate([[0], np.cumsum(below_count)])
        below = np.empty((len(owners), _DIRECTORY_WIDTH), dtype=np.uint8)
        below[:, :6] = np.frombuffer(b"40000 ", dtype=np.uint8)
        below[:, 6 : 6 + _NAME] = self._pick(self._directory_names, below_count)
        below[:, 6 + _NAME] = 0
        slot = np.full(total, -1, dtype=np.int64)
        slot[children[children >= 0]] = np.flatnonzero(children >= 0)
        leaves = count.tolist()
        # Libraries come in the order of their repositories, as the free entries do.
        free = iter(np.flatnonzero(children < 0).tolist())
        for first, chosen in zip(firsts.tolist(), vendored, strict=True):
            for id_, number in chosen:
                below[next(free), -20:] = np.frombuffer(id_, dtype=np.uint8)
                leaves[first] += number
        made = _Trees(
            bytearray(total * 20), bytearray(files.tobytes()), file_at.tolist(), bytearray(below.tobytes()),
            below_at.tolist(), parent.tolist(), slot.tolist(), leaves,
        )  # fmt: skip
        for i in range(total - 1, -1, -1):
            id_ = _tree_hash(*made.body(i))
            made.ids[i * 20 : i * 20 + 20] = id_
            if made.parent[i] >= 0:
                at = (made.slot[i] + 1) * _DIRECTORY_WIDTH
                made.below[at - 20 : at] = id_
                leaves[made.parent[i]] += leaves[i]
        return made

    def _file_entries(self, count: Counts) -> Ids:
        rng = self._rng
        total = int(count.sum())
        firsts = np.concatenate([[0], np.cumsum(count)[:-1]])
        # The first file of a directory is new, so that no two directories are the same by chance.
        fresh = rng.random(total) < 0.5
        fresh[firsts] = True
        numbers = (self.contents.shared * rng.random(total) ** 4).astype(np.int64)
        numbers[fresh] = self.contents.new(int(fresh.sum()))
        kind = np.searchsorted([0.97, 0.995, 0.9995], rng.random(total))
        kind[firsts] = 0
        entries = np.empty((total, _FILE_WIDTH), dtype=np.uint8)
        entries[:, :7] = _MODES[kind]
        entries[:, 7 : 7 + _NAME] = self._pick(self._file_names, count)
        entries[:, 7 + _NAME] = 0
        entries[:, -20:] = self.contents.ids(numbers)
        return entries

    def _pick(self, names: Ids, count: Counts) -> Ids:
        """Take names for each directory, in order and each once."""
        firsts = np.repeat(np.concatenate([[0], np.cumsum(count)[:-1]]), count)
        rank = np.arange(int(count.sum())) - firsts
        step = np.maximum(1, len(names) // np.maximum(count, 1) - 1)
        start = (self._rng.random(len(count)) * np.maximum(1, len(names) - step * count)).astype(np.int64)
        return names[np.repeat(start, count) + rank * np.repeat(step, count)]

    def _emit(self, trees: _Trees) -> None:
        ids = np.frombuffer(trees.ids, dtype=np.uint8).reshape(-1, 20)
        self._write(ids, trees.files, np.diff(trees.file_at), trees.below, np.diff(trees.below_at))
        self.contents.write()

    def _emit_changed(self) -> None:
        ids = np.frombuffer(b"".join(id_ for id_, _, _ in self._changed), dtype=np.uint8).reshape(-1, 20)
        files = b"".join(files for _, files, _ in self._changed)
        below = b"".join(below for _, _, below in self._changed)
        counts = [len(f) // _FILE_WIDTH for _, f, _ in self._changed]
        below_counts = [len(b) // _DIRECTORY_WIDTH for _, _, b in self._changed]
        self._changed.clear()
        self._write(ids, files, np.array(counts, dtype=np.int64), below, np.array(below_counts, dtype=np.int64))
        self.contents.write()

    def _write(
        self, ids: Ids, files: bytes | bytearray, counts: Counts, below: bytes | bytearray, below_counts: Counts
    ) -> None:
        """Write directories and their entries, the entries of a directory together."""
        self.directories += len(ids)
        parts = self._tables.part(ids)
        order = np.argsort(parts, kind="stable")
        hexes = hexadecimal(ids)
        columns = [hexes.take(pa.array(order)), pa.nulls(len(ids), pa.binary())]
        self._tables.write_parts("directory", columns, parts[order])
        file_rows = np.frombuffer(files, dtype=np.uint8).reshape(-1, _FILE_WIDTH)
        below_rows = np.frombuffer(below, dtype=np.uint8).reshape(-1, _DIRECTORY_WIDTH)
        place = np.empty(len(ids), dtype=np.int64)
        place[order] = np.arange(len(ids))
        owner = np.concatenate([np.repeat(np.arange(len(ids)), counts), np.repeat(np.arange(len(ids)), below_counts)])
        rows = np.argsort(place[owner], kind="stable")
        second, fourth = file_rows[:, 1], file_rows[:, 3]
        leaf = np.select([second == ord("2"), second == ord("6"), fourth == ord("7")], [2, 3, 1])
        kind = np.concatenate([leaf, np.full(len(below_rows), 4)])[rows]
        names = np.concatenate([file_rows[:, 7 : 7 + _NAME], below_rows[:, 6 : 6 + _NAME]])[rows]
        targets = np.concatenate([file_rows[:, -20:], below_rows[:, -20:]])[rows]
        columns = [
            hexes.take(pa.array(owner[rows])), fixed(names, pa.binary()), _TYPES.take(pa.array(kind)),
            hexadecimal(targets), pa.array(_PERMS[kind]),
        ]  # fmt: skip
        self._tables.write_parts("directory_entry", columns, parts[owner[rows]])

    def origin_rows(self, family: Family) -> None:
        """Add what leads from the origins of a family to its root directories, and its earlier revisions."""
        older = [self._revision(root, 400 - i % 300) for i, root in enumerate(family.earlier)]
        for i, (child, parent) in enumerate(pairwise(older)):
            self._row("revision_history", child.hex(), parent.hex(), 0)
            if i % 500 == 0:
                self._release(child, b"v%d" % i)
        for fork, root in enumerate(family.heads):
            number = self._origins
            self._origins += 1
            url = f"https://github.com/owner{family.number:07}-{fork:05}/repository{family.number:07}"
            head = self._revision(root, 10 + number % 300)
            if older:
                self._row("revision_history", head.hex(), older[0].hex(), 0)
            main = b"refs/heads/master" if family.number % 3 == 0 else b"refs/heads/main"
            branches: dict[bytes, tuple[str, bytes]] = {main: ("revision", head)}
            if number % 10:
                branches[b"HEAD"] = ("alias", main)
            branches |= {b"refs/heads/feature-%d" % i: ("revision", id_) for i, id_ in enumerate(older[: number % 5])}
            earlier = {main: ("revision", older[0] if older else head)}
            self._row("origin", hashlib.sha1(url.encode()).hexdigest(), url)
            last = 1 + number % 3
            for visit in range(1, last + 1):
                moment = _START + timedelta(days=30 * visit + number % 30)
                at = moment.replace(tzinfo=None)
                found = self._snapshot(branches if visit == last else earlier)
                self._row("origin_visit", url, visit, at, "git")
                self._row("origin_visit_status", url, visit, at, "created", None, "git")
                self._row("origin_visit_status", url, visit, at + timedelta(minutes=5), "full", found, "git")
            if number % 7 == 0:
                # A later visit that did not reach its end does not count.
                at = (_START + timedelta(days=400)).replace(tzinfo=None)
                self._row("origin_visit", url, last + 1, at, "git")
                self._row("origin_visit_status", url, last + 1, at, "partial", self._snapshot(earlier), "git")
        if len(self._rows.get("revision", [])) > 50_000:
            self.flush()

    def flush(self) -> None:
        """Write the rows gathered so far."""
        names = schemas("orc")
        for name, rows in self._rows.items():
            columns = [list(column) for column in zip(*rows, strict=True)]
            dates = ("date", "committer_date") if name in ("revision", "release") else ()
            made = [
                self._tables.time(column) if field.name in dates else column
                for column, field in zip(columns, names[name], strict=True)
            ]
            self._tables.write(name, made)
        self._rows.clear()

    def _row(self, table: str, *values: Any) -> None:
        self._rows.setdefault(table, []).append(values)

    def _revision(self, root: bytes, days_ago: int) -> bytes:
        # Not the hash of the object: authors in a public export are hashed, so nobody can compute it again.
        self._revisions += 1
        id_ = hashlib.sha1(b"%s %d" % (root, self._revisions)).digest()
        moment = _START - timedelta(days=days_ago, seconds=self._revisions % 86_400)
        person = hashlib.sha256(b"%d" % (self._revisions % 5000)).digest()
        when = (person, moment, 0, b"+0000")
        self._row("revision", id_.hex(), b"Change a file\n", *when, *when, root.hex(), "git", None)
        return id_

    def _release(self, revision: bytes, name: bytes) -> None:
        id_ = hashlib.sha1(revision + name).hexdigest()
        self._row("release", id_, name, b"\n", revision.hex(), "revision", b"", _START, 0, b"+0000", None)

    def _snapshot(self, branches: dict[bytes, tuple[str, bytes]]) -> str:
        id_ = snapshot_hash(branches).hex()
        if id_ not in self._snapshots:
            self._snapshots.add(id_)
            self._row("snapshot", id_)
            for name, (kind, target) in branches.items():
                self._row("snapshot_branch", id_, name, target.hex(), kind)
        return id_


def _tree_hash(files: bytearray, below: bytearray) -> bytes:
    digest = hashlib.sha1(b"tree %d\0" % (len(files) + len(below)), usedforsecurity=False)
    digest.update(files)
    digest.update(below)
    return digest.digest()


def _mix(numbers: npt.NDArray[np.uint64], salt: np.uint64) -> npt.NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        z = (numbers + salt) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def _names(rng: np.random.Generator, count: int, first: bytes, endings: Sequence[bytes]) -> Ids:
    """Return distinct names of equal length in git's order."""
    letters = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz_", dtype=np.uint8)
    made: set[bytes] = set()
    while len(made) < count:
        start = first[int(rng.integers(len(first)))]
        ending = endings[int(rng.integers(len(endings)))]
        middle = letters[rng.integers(len(letters), size=_NAME - 1 - len(ending))].tobytes()
        made.add(bytes([start]) + middle + ending)
    return np.frombuffer(b"".join(sorted(made)), dtype=np.uint8).reshape(-1, _NAME)


def _spread(rng: np.random.Generator, forks: int, families: int) -> Counts:
    """Give forks to repositories, most of them to few."""
    weights = 1 / np.arange(1, families + 1)
    return rng.multinomial(forks, rng.permutation(weights / weights.sum())).astype(np.int64)


def main() -> None:
    """Write an export from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--origins", type=int, default=10_000)
    parser.add_argument("--entries", type=int, default=50_000_000)
    parser.add_argument("--history", type=float, default=0.25)
    parser.add_argument("--files", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--layout", choices=["orc", "parquet"], default="orc")
    given = vars(parser.parse_args())
    print(json.dumps(generate(given.pop("folder"), **given).__dict__, indent=2))


if __name__ == "__main__":
    main()
