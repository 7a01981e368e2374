"""The `folder` source: a plain directory tree, walked without following links. Knows nothing of version control."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from drystone.errors import SourceError
from drystone.identity.hashes import MODE_EXECUTABLE, MODE_FILE, MODE_SYMLINK, blob_hash, blob_hash_of_stream
from drystone.sources._opened import StreamedRepository
from drystone.sources._paths import link_note, path_problem
from drystone.sources.base import (
    DEVICE,
    FILE,
    LOST_CONTENT,
    LOST_DIRECTORY,
    SYMLINK,
    UNREADABLE,
    About,
    Entry,
    Limits,
    LostThing,
    OpenRepository,
    Repository,
    RepositorySource,
    SourceState,
)

_PIECE = 1 << 20


@dataclass(frozen=True)
class FolderSource(RepositorySource):
    """One directory tree. `about` holds what the user says of the repository, by field of `Repository`."""

    path: Path
    about: About = field(default_factory=About)

    kind: ClassVar[str] = "folder"
    random_access: ClassVar[bool] = False

    @property
    def spec(self) -> str:
        """The folder's path after `folder:`."""
        return f"folder:{self.path}"

    @property
    def place(self) -> str:
        """The folder's own name after `folder:`."""
        return f"folder:{self.path.resolve().name}"

    @property
    def local(self) -> Path | None:
        """The folder, where no origin is given."""
        return None if "origin" in self.about else self.path.resolve()

    def fetch(self, cache: Path) -> None:
        """Do nothing but look whether the folder is there: it is local."""
        if not self.path.is_dir():
            raise SourceError(f"{self.path}: there is no such folder; give the path of one")

    def state(self, cache: Path) -> SourceState:
        """Return the state by name, size, mode and time of change of everything below."""
        self.fetch(cache)
        listed: list[tuple[object, ...]] = []
        size = 0
        for parent, folders, files in os.walk(os.fsencode(self.path)):
            for name in (*folders, *files):
                try:
                    found = os.lstat(parent + b"/" + name)
                except OSError:  # gone since it was listed
                    continue
                size += found.st_size
                listed.append((parent, name, found.st_mode, found.st_size, found.st_ino, found.st_mtime_ns))
        return SourceState.of(size, self.spec, sorted(self.about.items()), sorted(listed))

    @contextmanager
    def open(self, cache: Path, limits: Limits) -> Iterator[OpenRepository]:
        """Open for reading; raise `SourceError` where the folder itself cannot be listed."""
        self.fetch(cache)
        try:
            root = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise SourceError(f"{self.path} cannot be listed ({error.strerror}); check its permissions") from error
        try:
            # A name by which the folder is known wherever it stands; only the root directory has none.
            name = self.path.resolve().name or "root"
            yield _OpenFolder(root, Repository(f"folder:{name}", self.kind, name, directory=""), self.about, limits)
        finally:
            os.close(root)


class _OpenFolder(StreamedRepository):
    _empty = "the folder has no files"

    def __init__(self, root: int, found: Repository, about: About, limits: Limits) -> None:
        super().__init__(found, about)
        self._root = root
        self._limits = limits

    def _listed(self) -> Iterator[Entry]:
        count = 0
        folders = [b""]
        while folders:
            folder = folders.pop()
            try:
                names = self._names(folder)
            except OSError as error:
                yield _lost(folder, LOST_DIRECTORY, f"cannot be listed ({error.strerror})")
                continue
            if folder:
                self._tree.add_directory(folder)
            below = []
            for name in names:
                path = folder + b"/" + name if folder else name
                count += 1
                if count > self._limits.max_entries:
                    problem = f"the folder has more than {self._limits.max_entries} entries; the rest was not read"
                    yield _lost(b"", LOST_DIRECTORY, problem)
                    return
                entry = self._entry(path, name)
                if entry is None:
                    below.append(path)
                else:
                    yield entry
            folders.extend(reversed(below))

    def _names(self, folder: bytes) -> list[bytes]:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=self._root) if folder else -1
        try:
            return sorted(map(os.fsencode, os.listdir(handle if folder else self._root)))  # noqa: PTH208
        finally:
            if folder:
                os.close(handle)

    def _entry(self, path: bytes, name: bytes) -> Entry | None:
        """Return what stands at a path, None for a folder to walk."""
        problem = path_problem(path, self._limits)
        if problem is not None:
            return Entry(path, UNREADABLE, 0, None, None, problem=problem)
        try:
            found = os.lstat(path, dir_fd=self._root)
            if name == b".git":
                problem = "git's own storage; name the repository as a git source to read it"
                return Entry(path, UNREADABLE, 0, None, None, problem=problem)
            if stat.S_ISDIR(found.st_mode):
                return None
            if stat.S_ISLNK(found.st_mode):
                target = os.readlink(path, dir_fd=self._root)
                blob = blob_hash(target)
                self._tree.add(path, MODE_SYMLINK, blob, len(target))
                return Entry(
                    path, SYMLINK, MODE_SYMLINK, blob, len(target), note=link_note(path, target), target=target
                )
            if not stat.S_ISREG(found.st_mode):
                return Entry(path, DEVICE, 0, None, None, note="a device, a pipe or a socket")
            return self._file(path)
        except OSError as error:
            return _lost(path, LOST_CONTENT, f"cannot be read ({error.strerror})")

    def _file(self, path: bytes) -> Entry:
        # Without waiting on a pipe that took the file's place; what was opened counts, not what was listed.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=self._root)
        try:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                return _lost(path, LOST_CONTENT, "changed while it was read")
            mode = MODE_EXECUTABLE if found.st_mode & 0o111 else MODE_FILE
            data: bytes | None = None
            if found.st_size <= self._limits.max_file_bytes:
                data = b"".join(_pieces(handle, self._limits.max_file_bytes + 1))
                size = len(data)
                blob = blob_hash(data) if size <= self._limits.max_file_bytes else None
            else:
                size = found.st_size
                blob = blob_hash_of_stream(size, _pieces(handle, size + 1))
        finally:
            os.close(handle)
        if blob is None:
            return _lost(path, LOST_CONTENT, "changed while it was read", mode)
        self._tree.add(path, mode, blob, size)
        return Entry(path, FILE, mode, blob, size, data)


def _lost(path: bytes, what: LostThing, problem: str, mode: int = 0) -> Entry:
    return Entry(path, UNREADABLE, mode, None, None, problem=problem, lost=what)


def _pieces(handle: int, count: int) -> Iterator[bytes]:
    """Yield up to `count` bytes, fewer where the file ends."""
    while count and (data := os.read(handle, min(count, _PIECE))):
        count -= len(data)
        yield data
