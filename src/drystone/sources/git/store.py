"""The objects of a git repository by id: loose ones read here, packed ones through libgit2. Always verified.

Loose objects are not left to libgit2: it loops for ever on one that is cut short (seen with 1.9.7). Knows nothing of
references or trees. Layout: gitrepository-layout, gitformat-loose.
"""

from __future__ import annotations

import re
import zlib
from pathlib import Path
from typing import BinaryIO, Final

import pygit2

from drystone.errors import SourceError
from drystone.identity.hashes import object_hash

_HEADER: Final = re.compile(rb"(commit|tree|blob|tag) ([0-9]{1,18})\0")
_MAX_HEADER: Final = 64
_MAX_ALTERNATES: Final = 16
_PIECE: Final = 1 << 16
_KINDS: Final = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}


class ObjectStore:
    """Objects under a repository's common folder and the places that it borrows objects from.

    Every method raises `SourceError` where the object is missing or damaged.
    """

    def __init__(self, folder: Path) -> None:
        self._packs = pygit2.Odb()
        self._loose = []
        for objects in _object_folders(folder / "objects"):
            if (objects / "pack").is_dir():
                self._packs.add_backend(pygit2.OdbBackendPack(str(objects)), 1)
            fans = {fan.name for fan in objects.iterdir() if len(fan.name) == 2}
            if fans:
                self._loose.append((objects, fans))

    def header(self, id_: bytes) -> tuple[str, int]:
        """Return an object's type and size in bytes."""
        damage = ""
        for path in self._loose_paths(id_):
            try:
                with path.open("rb") as file:
                    kind, size, _, _ = _loose_header(file)
                return kind, size
            except FileNotFoundError:
                continue
            except (OSError, zlib.error, ValueError) as error:
                damage = str(error)
        try:
            code, size = self._packs.read_header(pygit2.Oid(raw=id_))
        except KeyError:
            raise _lost(id_, damage) from None
        except (pygit2.GitError, ValueError, OSError) as error:
            raise _lost(id_, str(error)) from None
        return _KINDS.get(int(code), "unknown"), size

    def read(self, id_: bytes, limit: int) -> tuple[str, bytes]:
        """Return an object's type and bytes, which are those that its id names; refuse one over `limit` bytes."""
        kind, size = self.header(id_)
        if size > limit:
            raise SourceError(f"the object {id_.hex()} has {size} bytes, more than the limit of {limit}")
        damage = ""
        for path in self._loose_paths(id_):
            try:
                kind, data = _read_loose(path, limit)
            except FileNotFoundError:
                continue
            except (OSError, zlib.error, ValueError) as error:
                damage = str(error)
                continue
            if object_hash(kind, data) == id_:
                return kind, data
            damage = "its bytes are not those that its id names"
        try:
            # libgit2 compares the bytes with the id (GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, on by default).
            code, packed, *_ = self._packs.read(pygit2.Oid(raw=id_))
        except KeyError:
            raise _lost(id_, damage) from None
        except (pygit2.GitError, ValueError, OSError) as error:
            raise _lost(id_, str(error)) from None
        return _KINDS.get(int(code), "unknown"), packed

    def _loose_paths(self, id_: bytes) -> list[Path]:
        if not self._loose:
            return []
        name = id_.hex()
        return [objects / name[:2] / name[2:] for objects, fans in self._loose if name[:2] in fans]


def _lost(id_: bytes, damage: str) -> SourceError:
    return SourceError(f"the object {id_.hex()} is " + (f"damaged ({damage})" if damage else "missing"))


def _object_folders(first: Path) -> list[Path]:
    """Return a repository's folder of objects and its alternates, each once."""
    folders: list[Path] = []
    found = [first]
    while found and len(folders) < _MAX_ALTERNATES:
        folder = found.pop(0)
        if folder in folders or not folder.is_dir():
            continue
        folders.append(folder)
        listed = folder / "info/alternates"
        if listed.is_file():
            lines = listed.read_bytes().decode("utf-8", "surrogateescape").splitlines()
            found += [folder / line for line in lines if line and not line.startswith("#") and "\0" not in line]
    return folders


def _loose_header(file: BinaryIO) -> tuple[str, int, bytes, zlib._Decompress]:
    """Return type, size, the first bytes after the header, and the decompressor at that point."""
    decoder = zlib.decompressobj()
    head = decoder.decompress(file.read(_PIECE), _MAX_HEADER)
    match = _HEADER.match(head)
    if match is None:
        raise ValueError("its header is malformed")
    return match[1].decode(), int(match[2]), head[match.end() :], decoder


def _read_loose(path: Path, limit: int) -> tuple[str, bytes]:
    with path.open("rb") as file:
        kind, size, first, decoder = _loose_header(file)
        parts = [first]
        left = min(size, limit) + 1 - len(first)
        pending = decoder.unconsumed_tail
        while left > 0 and not decoder.eof:
            pending = pending or file.read(_PIECE)
            if not pending:
                raise ValueError("it is cut short")
            parts.append(decoder.decompress(pending, left))
            left -= len(parts[-1])
            pending = decoder.unconsumed_tail
    data = b"".join(parts)
    if len(data) != size:
        raise ValueError("its size is not what its header says")
    return kind, data
