"""A synthetic graph export of any size, as ORC in the columns of swh-export: originals, forks, vendored libraries.

Half of the origins are forks, which share all of an original's directories but those on the way to one changed file.
Every original also holds one of `LIBRARIES` common subtrees. Identifiers are random: nothing here is hashed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import orc

LIBRARIES = 50
_LIBRARY_DIRECTORIES = 60
_FILES_PER_DIRECTORY = 5.0
_NAMES = 20_000
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)


def hex_strings(ids: np.ndarray[Any, Any]) -> pa.Array:
    """Return (count, 20) bytes as strings of 40 digits."""
    digits = np.empty((len(ids), 40), np.uint8)
    digits[:, 0::2] = _HEX[ids >> 4]
    digits[:, 1::2] = _HEX[ids & 15]
    offsets = pa.py_buffer(np.arange(0, 40 * len(ids) + 1, 40, dtype=np.int32))
    return pa.Array.from_buffers(pa.string(), len(ids), [None, offsets, pa.py_buffer(digits)])


class _Writer:
    """Collects rows of `directory_entry` and `directory`, and writes a file of each when there are enough."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.held: list[pa.Table] = []
        self.directories: list[pa.Array] = []
        self.count = 0
        self.total = 0
        self.files = 0

    def add(self, directory: Any, name: pa.Array, kind: pa.Array, target: Any, perms: Any) -> None:
        columns = [hex_strings(directory), name, kind, hex_strings(target), pa.array(perms, pa.int32())]
        self.held.append(pa.table(columns, names=["directory_id", "name", "type", "target", "perms"]))
        self.count += len(directory)
        if self.count >= 1_000_000:
            self.flush()

    def flush(self) -> None:
        if self.held:
            write(self.folder, "directory_entry", pa.concat_tables(self.held), self.files)
            write(self.folder, "directory", pa.table({"id": pa.chunked_array(self.directories)}), self.files)
            self.total += self.count
            self.files += 1
            self.held, self.directories, self.count = [], [], 0


def write(folder: Path, table: str, rows: pa.Table, number: int = 0) -> None:
    place = folder / "orc" / table
    place.mkdir(parents=True, exist_ok=True)
    orc.write_table(rows, place / f"{table}-{number:05d}.orc", compression="zstd")


def make(folder: Path, origins: int, entries: int, seed: int = 1) -> int:
    """Write an export of so many origins and about so many directory entries; return how many entries it has."""
    chance = np.random.default_rng(seed)
    words = [f"{'_'.join(chance.choice(_WORDS, 2))}_{i}{chance.choice(_ENDINGS)}".encode() for i in range(_NAMES)]
    names = pa.array(words, pa.binary())
    writer = _Writer(folder)
    libraries = np.concatenate(
        [_tree(writer, chance, names, _LIBRARY_DIRECTORIES, None)[0][:1] for _ in range(LIBRARIES)]
    )
    originals = origins - origins // 2
    mean = max(3, int(entries / originals / (_FILES_PER_DIRECTORY + 1)))
    roots: list[bytes] = []
    for number in range(originals):
        # As uneven as repositories are: half of the entries lie in a tenth of them.
        size = max(2, int(chance.lognormal(np.log(mean) - 0.5, 1.0)))
        size = min(size, 30 * mean)
        ids, parent, children = _tree(writer, chance, names, size, libraries)
        roots.append(ids[0].tobytes())
        if len(roots) + (originals - number - 1) < origins:
            roots.append(_fork(writer, chance, names, ids, parent, children))
    writer.flush()
    _above(folder, roots[:origins], chance)
    return writer.total


def _tree(writer: _Writer, chance: Any, names: pa.Array, size: int, libraries: Any) -> tuple[Any, Any, Any]:
    """Write a random recursive tree of `size` directories; return ids, parents, and its rows by directory."""
    ids = np.frombuffer(chance.bytes(20 * size), np.uint8).reshape(-1, 20)
    parent = np.zeros(size, np.int64)
    parent[1:] = (chance.random(size - 1) * np.arange(1, size)).astype(np.int64)
    files = chance.poisson(_FILES_PER_DIRECTORY, size)
    owner = np.concatenate([np.repeat(np.arange(size), files), parent[1:]])
    blobs = np.frombuffer(chance.bytes(20 * int(files.sum())), np.uint8).reshape(-1, 20)
    target = np.concatenate([blobs, ids[1:]])
    is_dir = np.arange(len(owner)) >= len(blobs)
    # A name is met once in a directory: names are taken round and round from a random place.
    place = (np.arange(len(owner)) + chance.integers(_NAMES)) % _NAMES
    if libraries is not None:
        owner = np.append(owner, 0)
        target = np.vstack([target, libraries[chance.integers(len(libraries))][None]])
        is_dir = np.append(is_dir, True)
        place = np.append(place, chance.integers(_NAMES))
    kind = pa.array(["file", "dir"]).take(pa.array(is_dir.astype(np.int8)))
    name = names.take(pa.array(place))
    writer.directories.append(hex_strings(ids))
    writer.add(ids[owner], name, kind, target, np.where(is_dir, 0o040000, 0o100644))
    return ids, parent, (owner, place, is_dir, target)


def _fork(writer: _Writer, chance: Any, names: pa.Array, ids: Any, parent: Any, rows: Any) -> bytes:
    """Write a fork in which one directory has a file more; return its root."""
    owner, place, is_dir, target = rows
    at = int(chance.integers(len(ids)))
    fresh = chance.bytes(20)
    below: tuple[bytes, bytes] | None = None
    while True:
        here = np.flatnonzero(owner == at)
        targets = target[here].copy()
        if below is not None:
            old = np.frombuffer(below[0], np.uint8)
            targets[(targets == old).all(axis=1)] = np.frombuffer(below[1], np.uint8)
        else:
            targets = np.vstack([targets, np.frombuffer(chance.bytes(20), np.uint8)[None]])
        count = len(targets)
        dirs = np.append(is_dir[here], False)[:count]
        places = np.append(place[here], (int(place[here].max(initial=0)) + 7777) % _NAMES)[:count]
        kind = pa.array(["file", "dir"]).take(pa.array(dirs.astype(np.int8)))
        directory = np.tile(np.frombuffer(fresh, np.uint8), (count, 1))
        writer.directories.append(hex_strings(np.frombuffer(fresh, np.uint8).reshape(1, 20)))
        writer.add(directory, names.take(pa.array(places)), kind, targets, np.where(dirs, 0o040000, 0o100644))
        if at == 0:
            return fresh
        below, fresh, at = (ids[at].tobytes(), fresh), chance.bytes(20), int(parent[at])


def _above(folder: Path, roots: list[bytes], chance: Any) -> None:
    """Write origins, visits, snapshots and revisions that lead to `roots`; no contents."""
    count = len(roots)
    ids = np.frombuffer(chance.bytes(40 * count), np.uint8).reshape(2, count, 20)
    revision, snapshot = hex_strings(ids[0]), hex_strings(ids[1])
    urls = pa.array([f"https://example.org/{number}/project{number // 2}" for number in range(count)])
    when = pa.array(np.full(count, 1_700_000_000_000_000_000), pa.timestamp("ns"))
    directory = hex_strings(np.frombuffer(b"".join(roots), np.uint8).reshape(-1, 20))
    write(folder, "origin", pa.table({"id": snapshot, "url": urls}))
    visit = {"origin": urls, "visit": pa.array(np.ones(count, np.int64)), "date": when}
    kind = pa.repeat("git", count)
    write(folder, "origin_visit", pa.table({**visit, "type": kind}))
    status = {**visit, "status": pa.repeat("full", count), "snapshot": snapshot, "type": kind}
    write(folder, "origin_visit_status", pa.table(status))
    branch = {"snapshot_id": snapshot, "name": pa.repeat(b"refs/heads/main", count), "target": revision}
    write(folder, "snapshot_branch", pa.table({**branch, "target_type": pa.repeat("revision", count)}))
    row = {"id": revision, "date": when, "committer_date": when, "directory": directory, "type": kind}
    write(folder, "revision", pa.table(row))
    text = ["sha1", "sha1_git", "sha256", "blake2s256", "status"]
    schema = pa.schema([*[(name, pa.string()) for name in text], ("length", pa.int64())])
    write(folder, "content", schema.empty_table())


_WORDS = ["test", "util", "core", "main", "index", "config", "model", "view", "parse", "server", "client", "data"]
_ENDINGS = [".py", ".js", ".c", ".h", ".java", ".md", "", ".json"]
