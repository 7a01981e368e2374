"""Git's object hashes: blobs, trees, any other object, and Software Heritage's snapshots.

Pure functions over bytes, checked against git and swh.model. Knows nothing of repositories or files on disk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

#: Git modes of tree entries (git-fast-import, "filemodify").
MODE_FILE: Final = 0o100644
MODE_EXECUTABLE: Final = 0o100755
MODE_SYMLINK: Final = 0o120000
MODE_SUBMODULE: Final = 0o160000
MODE_DIRECTORY: Final = 0o040000

#: The tree without entries.
EMPTY_TREE: Final = bytes.fromhex("4b825dc642cb6eb9a060e54bf8d69288fbee4904")


def object_hash(kind: str, body: bytes) -> bytes:
    """Return the 20-byte git hash of an object: SHA-1 over "KIND LENGTH NUL" and the body.

    `kind` is "blob", "tree", "commit", "tag" or, with Software Heritage, "snapshot".
    """
    digest = hashlib.sha1(b"%s %d\0" % (kind.encode(), len(body)), usedforsecurity=False)
    digest.update(body)
    return digest.digest()


def blob_hash(data: bytes) -> bytes:
    """Return the 20-byte git blob hash of `data`."""
    digest = hashlib.sha1(b"blob %d\0" % len(data), usedforsecurity=False)
    digest.update(data)
    return digest.digest()


def blob_hash_of_stream(size: int, pieces: Iterable[bytes]) -> bytes | None:
    """Return the git blob hash of `size` bytes given in pieces; None where the pieces have another length."""
    digest = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    seen = 0
    for piece in pieces:
        seen += len(piece)
        digest.update(piece)
    return digest.digest() if seen == size else None


def tree_hash(entries: Iterable[tuple[int, bytes, bytes]]) -> bytes:
    """Return the 20-byte git tree hash of (mode, name, 20-byte id) entries, given in any order.

    Git orders entries by name, where the name of a directory counts as if it ended in "/" (git: `base_name_compare`).
    """
    ordered = sorted((name + b"/" if mode == MODE_DIRECTORY else name, mode, name, id_) for mode, name, id_ in entries)
    return object_hash("tree", b"".join(b"%o %s\0%s" % (mode, name, id_) for _, mode, name, id_ in ordered))


def parse_tree(body: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield (mode, name, 20-byte id) of a git tree object's body; raise ValueError where it is malformed."""
    at, end = 0, len(body)
    while at < end:
        space = body.index(b" ", at, at + 8)
        nul = body.index(b"\0", space)
        if nul + 21 > end:
            raise ValueError("a tree entry is cut short")
        mode = body[at:space]
        if not mode.isdigit():
            raise ValueError("a tree entry's mode is not a number")
        yield int(mode, 8), body[space + 1 : nul], body[nul + 1 : nul + 21]
        at = nul + 21


def snapshot_hash(branches: Mapping[bytes, tuple[str, bytes] | None]) -> bytes:
    """Return the 20-byte hash of a Software Heritage snapshot (ISO/IEC 18670, 5.6).

    `branches` maps full reference names to (type, target): type is "content", "directory", "revision", "release" or
    "snapshot" with a 20-byte id, or "alias" with the name of another branch. None is a dangling branch.
    """
    lines = []
    for name in sorted(branches):
        kind, target = branches[name] or ("dangling", b"")
        lines.append(b"%s %s\0%d:%s" % (kind.encode(), name, len(target), target))
    return object_hash("snapshot", b"".join(lines))


#: Directories that a `Tree` finds again by their whole name.
_MAX_KNOWN: Final = 10_000


class Leaf(NamedTuple):
    """A file, symbolic link or submodule in a `Tree`. `size` is in bytes, None where unknown."""

    mode: int
    blob: bytes
    size: int | None


class Tree:
    """A directory put together path by path, to know its git tree hash.

    Where a name comes twice, the later one counts, as unpacking an archive would have it. Directories without entries
    count (as in swh.model's `from_disk`; git itself cannot store them). Empty and "." parts of paths are passed over.
    """

    def __init__(self) -> None:
        self._root: dict[bytes, Leaf | _Node] = {}
        # Raw directory names seen before: archives list many files of one directory in a row.
        self._known: dict[bytes, _Node] = {b"": self._root}
        #: How many directories were made, the root not counted.
        self.directories = 0

    def add(self, path: bytes, mode: int, blob: bytes, size: int | None = None) -> bool:
        """Add a file, link or submodule; return whether that name was there before."""
        folder, _, name = path.rpartition(b"/")
        node = self._known.get(folder)
        if node is None:
            node = self.add_directory(folder)
        before = node.get(name)
        node[name] = Leaf(mode, blob, size)
        if before is None:
            return False
        if isinstance(before, dict):
            self._known = {b"": self._root}
        return True

    def add_directory(self, path: bytes) -> _Node:
        """Add a directory and the ones above it; return its node."""
        node = self._root
        for part in path.split(b"/"):
            if part in (b"", b"."):
                continue
            below = node.get(part)
            if not isinstance(below, dict):
                below = node[part] = {}
                self.directories += 1
            node = below
        if len(self._known) > _MAX_KNOWN:
            self._known = {b"": self._root}
        self._known[path] = node
        return node

    def find(self, path: bytes) -> Leaf | None:
        """Return what stands at a path, None for directories and where nothing does."""
        folder, _, name = path.rpartition(b"/")
        node: Leaf | _Node | None = self._root
        for part in folder.split(b"/"):
            if part in (b"", b"."):
                continue
            node = node.get(part) if isinstance(node, dict) else None
        found = node.get(name) if isinstance(node, dict) else None
        return found if isinstance(found, Leaf) else None

    def hash(self) -> bytes:
        """Return the 20-byte git tree hash of the root."""
        *_, (_, root) = self.hashes()
        return root

    def hashes(self, *, empty: bool = True) -> Iterator[tuple[bytes, bytes]]:
        """Yield path and 20-byte git tree hash of every directory, those below before the one above, the root last.

        Without `empty` the hashes are those of the same tree without directories that hold no entry, as git has it.
        """
        # A loop, not recursion: hostile paths are thousands of directories deep.
        done: dict[int, bytes] = {}
        stack = [(b"", self._root, False)]
        while stack:
            path, node, ready = stack.pop()
            if not ready:
                stack.append((path, node, True))
                below = ((name, item) for name, item in node.items() if isinstance(item, dict))
                stack.extend((path + b"/" + name if path else name, item, False) for name, item in below)
                continue
            entries = [
                (MODE_DIRECTORY, name, done.pop(id(item))) if isinstance(item, dict) else (item.mode, name, item.blob)
                for name, item in node.items()
            ]
            done[id(node)] = found = tree_hash(
                entries if empty else [each for each in entries if each[0] != MODE_DIRECTORY or each[2] != EMPTY_TREE]
            )
            yield path, found


_Node = dict[bytes, "Leaf | _Node"]
