"""The `archive` source: tar (plain, gzip, bzip2, xz, Zstandard), zip, wheels and source distributions.

Read in one pass and bounded memory, nothing is unpacked to disk. Knows nothing of where an archive was fetched from.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, ClassVar, Final

from drystone.errors import SourceError
from drystone.identity.hashes import (
    MODE_EXECUTABLE,
    MODE_FILE,
    MODE_SYMLINK,
    Leaf,
    blob_hash,
    blob_hash_of_stream,
)
from drystone.sources._opened import StreamedRepository
from drystone.sources._paths import link_note, path_problem, without_dots
from drystone.sources.archives import tar as _tar
from drystone.sources.archives import zip as _zip
from drystone.sources.archives.streams import Budget, ByteStream, DamagedError, compression
from drystone.sources.base import (
    DEVICE,
    FILE,
    SYMLINK,
    UNREADABLE,
    About,
    Entry,
    Limits,
    OpenRepository,
    Repository,
    RepositorySource,
    SourceState,
)

_AGAIN: Final = "the archive lists this path again; unpacking would replace the earlier file"
MAX_LINK: Final = 1 << 16


@dataclass(frozen=True)
class ArchiveSource(RepositorySource):
    """One archive file.

    `sha256` (hex), where given, is compared before anything is read. `about` holds what the user says of the
    repository, by field of `Repository`.
    """

    path: Path
    sha256: str | None = None
    about: About = field(default_factory=About)

    kind: ClassVar[str] = "archive"
    random_access: ClassVar[bool] = False

    @property
    def spec(self) -> str:
        """The archive's path."""
        return str(self.path)

    @property
    def place(self) -> str:
        """The archive's own name after `archive:`."""
        return f"archive:{self.path.resolve().name}"

    @property
    def local(self) -> Path | None:
        """The file, where no origin is given."""
        return None if "origin" in self.about else self.path.resolve()

    def fetch(self, cache: Path) -> None:
        """Do nothing but look whether the file is there: it is local."""
        if not self.path.is_file():
            raise SourceError(f"{self.path}: there is no such file; give the path of an archive")

    def state(self, cache: Path) -> SourceState:
        """Return the state by size, inode and time of change."""
        self.fetch(cache)
        found = self.path.stat()
        about = sorted(self.about.items())
        return SourceState.of(
            found.st_size, self.spec, about, self.sha256, found.st_size, found.st_ino, found.st_mtime_ns
        )

    @contextmanager
    def open(self, cache: Path, limits: Limits) -> Iterator[OpenRepository]:
        """Open for reading; raise `SourceError` where the file is no archive or damaged from the start."""
        self.fetch(cache)
        found = Repository(f"archive:{self.path.name}", self.kind, self.path.name, directory="")
        with open_archive(self.path, found, self.about, limits, self.sha256) as opened:
            yield opened


@contextmanager
def open_archive(
    path: Path, found: Repository, about: About, limits: Limits, sha256: str | None = None
) -> Iterator[OpenRepository]:
    """Open an archive file as the repository that `found` and `about` describe.

    Adds the file's SHA-256 to the metadata. Raises `SourceError` where the file cannot be read or is no archive.
    """
    # Only what happens here is the archive's fault: errors of the caller's own work pass through.
    try:
        packed = _look_at(path, found, sha256)
        if packed == "zip":
            archive = _zip.open_zip(path, limits)
        else:
            opened = _OpenTar(path, packed, found, about, limits)
            opened.check()
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror or error})") from error
    if packed == "zip":
        with archive:
            yield _OpenZip(path, archive, found, about, limits)
    else:
        yield opened


def _look_at(path: Path, found: Repository, sha256: str | None) -> str | None:
    """Compare and note down a file's SHA-256; return its compression, "zip", or None for what may be a plain tar."""
    with path.open("rb") as file:
        measured = hashlib.file_digest(file, "sha256").hexdigest()
        if sha256 is not None and measured != sha256.lower():
            raise SourceError(
                f"{path}: its SHA-256 is {measured}, not {sha256.lower()} as asked for; get it again, or "
                "correct the hash"
            )
        found.metadata["sha256"] = measured
        file.seek(0)
        head = file.read(8)
        packed = compression(head)
        if packed is not None or (not head.startswith(b"PK") and _is_plain_tar(file)):
            return packed
    if _zip.is_zip(path):
        return "zip"
    if head.startswith(b"PK\x03\x04"):
        raise SourceError(f"{path} is a zip archive that was cut short; get it again from where it came")
    return None


def _is_plain_tar(file: BinaryIO) -> bool:
    file.seek(0)
    return _tar.is_tar(file.read(512))


class _OpenTar(StreamedRepository):
    _empty = "the archive has no files"

    def __init__(self, path: Path, packed: str | None, found: Repository, about: About, limits: Limits) -> None:
        super().__init__(found, about)
        self._path = path
        self._packed = packed
        self._limits = limits

    def check(self) -> None:
        """Raise `SourceError` where the first block is no tar header."""
        with self._path.open("rb") as file:
            try:
                head = ByteStream(file, self._packed, Budget(1 << 40, self._limits)).take(512)
            except DamagedError as error:
                raise SourceError(f"{self._path}: {error}; get it again from where it came") from None
        if not _tar.is_tar(head):
            inside = f"holds {self._packed} data that is" if self._packed else "is"
            raise SourceError(
                f"{self._path} {inside} no archive that Drystone reads; those are tar (plain or compressed with gzip, "
                "bzip2, xz or Zstandard), zip and wheel"
            )

    def _listed(self) -> Iterator[Entry]:
        links: list[tuple[bytes, bytes, Leaf]] = []
        with self._path.open("rb") as file:
            budget = Budget(self._path.stat().st_size, self._limits)
            stream = ByteStream(file, self._packed, budget)
            try:
                for member in _tar.members(stream):
                    budget.add_entry()
                    budget.check_directories(self._tree.directories)
                    entry, cut = self._entry(member, stream, links)
                    if entry is not None:
                        yield entry
                    if cut:
                        return
                yield from _trailing(stream)
            except DamagedError as error:
                yield _damage(str(error))
        if links:
            yield from self._hard_links(links)

    def _entry(
        self, member: _tar.TarMember, stream: ByteStream, links: list[tuple[bytes, bytes, Leaf]]
    ) -> tuple[Entry | None, bool]:
        """Return a member's entry, None for directories and hard links yet to come, and whether the stream ended."""
        path, kind, raw_mode, size, target, problem = member
        path = without_dots(path)
        if kind is _tar.DIRECTORY and problem is None:
            if path and path_problem(path, self._limits) is None:
                self._tree.add_directory(path)
            return None, False
        problem = problem or path_problem(path, self._limits)
        mode = MODE_EXECUTABLE if raw_mode & 0o111 else MODE_FILE
        if problem is not None:
            return _unreadable(path, mode, size, problem), False
        if kind is _tar.REGULAR:
            try:
                if size <= self._limits.max_file_bytes:
                    data: bytes | None = stream.take(size)
                    assert data is not None
                    blob = blob_hash(data) if len(data) == size else None
                else:
                    data = None
                    blob = blob_hash_of_stream(size, stream.pieces(size))
            except DamagedError as error:
                return _unreadable(path, mode, size, str(error)), True
            if blob is None:
                return _unreadable(path, mode, size, "the archive is cut short in the middle of this file"), True
            again = self._tree.add(path, mode, blob, size)
            return Entry(path, FILE, mode, blob, size, data, None, _AGAIN if again else None), False
        if kind is _tar.SYMBOLIC_LINK:
            blob = blob_hash(target)
            again = self._tree.add(path, MODE_SYMLINK, blob, len(target))
            note = link_note(path, target) or (_AGAIN if again else None)
            return Entry(path, SYMLINK, MODE_SYMLINK, blob, len(target), note=note, target=target), False
        if kind is _tar.HARD_LINK:
            target = without_dots(target)
            leaf = self._tree.find(target) if path_problem(target, self._limits) is None else None
            name = target[:200].decode("utf-8", "backslashreplace")
            if leaf is None:
                return _unreadable(
                    path, mode, None, f"a hard link to {name}, which is not earlier in the archive"
                ), False
            again = self._tree.add(path, *leaf)
            note = f"a hard link to {name}" + (f"; {_AGAIN}" if again else "")
            if leaf.mode != MODE_SYMLINK and leaf.size is not None and leaf.size <= self._limits.max_file_bytes:
                links.append((path, note.encode(), leaf))
                return None, False
            kind_of_target = SYMLINK if leaf.mode == MODE_SYMLINK else FILE
            return Entry(path, kind_of_target, leaf.mode, leaf.blob, leaf.size, note=note), False
        return Entry(path, DEVICE, 0, None, None, note="a device or a pipe"), False

    def _hard_links(self, links: list[tuple[bytes, bytes, Leaf]]) -> Iterator[Entry]:
        """Yield hard links to files; a second pass over the archive finds the bytes, so that none need be kept."""
        wanted: dict[bytes, list[tuple[bytes, bytes, Leaf]]] = {}
        for link in links:
            wanted.setdefault(link[2].blob, []).append(link)
        with self._path.open("rb") as file:
            stream = ByteStream(file, self._packed, Budget(self._path.stat().st_size, self._limits))
            try:
                for member in _tar.members(stream):
                    if member.type is not _tar.REGULAR or member.size > self._limits.max_file_bytes:
                        continue
                    data = stream.take(member.size)
                    blob = blob_hash(data)
                    for path, note, leaf in wanted.pop(blob, ()):
                        yield Entry(path, FILE, leaf.mode, blob, len(data), data, None, note.decode())
                    if not wanted:
                        return
            except DamagedError:
                pass  # told by the first pass
        # Only where the file changed since the first pass; what it promised must still be accounted for.
        for path, note, leaf in (link for group in wanted.values() for link in group):
            problem = "the archive changed while it was read"
            yield Entry(path, UNREADABLE, leaf.mode, None, leaf.size, None, problem, note.decode())


class _OpenZip(StreamedRepository):
    _empty = "the archive has no files"

    def __init__(self, path: Path, archive: zipfile.ZipFile, found: Repository, about: About, limits: Limits) -> None:
        super().__init__(found, about)
        self._path = path
        self._archive = archive
        self._limits = limits

    def _listed(self) -> Iterator[Entry]:
        budget = Budget(self._path.stat().st_size, self._limits)
        try:
            for member in _zip.members(self._archive):
                budget.add_entry()
                budget.check_directories(self._tree.directories)
                # zipfile reads no more than the claimed size, so counting the claim is safe.
                budget.add_bytes(member.size)
                entry = self._entry(member)
                if entry is not None:
                    yield entry
        except DamagedError as error:
            yield _damage(str(error))

    def _entry(self, member: _zip.ZipMember) -> Entry | None:
        path = without_dots(member.path)
        problem = path_problem(path, self._limits)
        if path.endswith(b"/") or (not path and problem):
            if problem is None:
                self._tree.add_directory(path)
            return None
        mode = MODE_EXECUTABLE if member.mode & 0o111 else MODE_FILE
        if problem is not None:
            return _unreadable(path, mode, member.size, problem)
        if _zip.is_special(member):
            return Entry(path, DEVICE, 0, None, None, note="a device or a pipe")
        size = member.size
        data: bytes | None = None
        try:
            if _zip.is_link(member):
                if size > MAX_LINK:
                    raise DamagedError(f"a symbolic link with a target of {size} bytes")
                target = b"".join(_zip.pieces(self._archive, member.info))
                blob = blob_hash(target)
                again = self._tree.add(path, MODE_SYMLINK, blob, size)
                note = link_note(path, target) or (_AGAIN if again else None)
                return Entry(path, SYMLINK, MODE_SYMLINK, blob, size, note=note, target=target)
            read = _zip.pieces(self._archive, member.info)
            if size <= self._limits.max_file_bytes:
                data = b"".join(read)
                blob = blob_hash(data)
            else:
                hashed = blob_hash_of_stream(size, read)
                assert hashed is not None, "_zip.pieces gives as many bytes as it says"
                blob = hashed
        except DamagedError as error:
            return _unreadable(path, mode, size, str(error))
        again = self._tree.add(path, mode, blob, size)
        notes = [note for note in (member.name_note, _AGAIN if again else None) if note]
        return Entry(path, FILE, mode, blob, size, data, None, "; ".join(notes) or None)


def _unreadable(path: bytes, mode: int, size: int | None, problem: str) -> Entry:
    return Entry(path.lstrip(b"/"), UNREADABLE, mode, None, size, problem=problem)


def _damage(problem: str) -> Entry:
    """An entry for damage that belongs to no one member; its path is empty."""
    return Entry(b"", UNREADABLE, 0, None, None, problem=problem)


def _trailing(stream: ByteStream) -> Iterator[Entry]:
    """Read to the end, which checks the compressed data's checksum, and tell of bytes that no member holds."""
    start = stream.position
    hidden = 0
    for piece in stream.pieces(1 << 62):
        hidden += len(piece.strip(b"\0"))
    if hidden:
        yield _damage(f"{hidden} bytes after the archive's end mark (byte {start}) were not read")
