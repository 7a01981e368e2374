"""The `archive` source: tar (plain, gzip, bzip2, xz, Zstandard), zip, 7z, and packages made of them.

Read in one pass and bounded memory, nothing is unpacked to disk but tars inside an archive, while they are read. Knows
nothing of where an archive was fetched from.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, BinaryIO, ClassVar, Final, NamedTuple, cast

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
from drystone.sources.archives import seven_zip as _seven_zip
from drystone.sources.archives import tar as _tar
from drystone.sources.archives import zip as _zip
from drystone.sources.archives.streams import Budget, ByteStream, DamagedError, compression
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
    OpenRepository,
    Repository,
    RepositorySource,
    SourceState,
)

_AGAIN: Final = "the archive lists this path again; unpacking would replace the earlier file"
MAX_LINK: Final = 1 << 16
#: Packed bytes of a tar inside an archive that are held in memory; the others lie in a file that has no name.
_SPOOLED: Final = 16 << 20
#: Names of tars at the top of an archive, and those whose files its own tool puts at the top: data.tar.gz of a gem,
#: contents.tar.gz of Erlang's and Elixir's packages, pkg-*.tar.zst and info-*.tar.zst of conda's.
_INNER: Final = re.compile(rb"[^/]+\.(?:tar(?:\.(?:gz|bz2|xz|zst))?|tgz|tbz2?|txz)")
_AT_THE_TOP: Final = re.compile(rb"(?:data|contents|(?:pkg|info)-[^/]+)\.tar(?:\.(?:gz|bz2|xz|zst))?")


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
        archive: zipfile.ZipFile | None = None
        opened: _OpenArchive
        if packed == "zip":
            archive = _zip.open_zip(path, limits)
            opened = _OpenZip(path, archive, found, about, limits)
        elif packed == "7z":
            _seven_zip.check(path)
            opened = _OpenSevenZip(path, found, about, limits)
        else:
            opened = _OpenTar(path, packed, found, about, limits)
            opened.check()
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror or error})") from error
    try:
        yield opened
    finally:
        if archive is not None:
            archive.close()


def _look_at(path: Path, found: Repository, sha256: str | None) -> str | None:
    """Compare and note down a file's SHA-256; return its compression, "zip", "7z", or None for a plain tar."""
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
        packed = "7z" if head.startswith(_seven_zip.MAGIC) else compression(head)
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


class _Inside(NamedTuple):
    """A tar inside an archive: its own path there, and the folder in which its files are put, with a slash or empty."""

    path: bytes
    folder: bytes


def _inside(path: bytes) -> _Inside | None:
    """Return how a file of an archive is read as a tar; None where it is none by its name, or not at the top."""
    if b"/" in path or not _INNER.fullmatch(path):
        return None
    return _Inside(path, b"" if _AT_THE_TOP.fullmatch(path) else path + b"/")


class _OpenArchive(StreamedRepository):
    """What all archives share: files, and tars inside in whose place their own files stand."""

    _empty = "the archive has no files"

    def __init__(self, path: Path, found: Repository, about: About, limits: Limits) -> None:
        super().__init__(found, about)
        self._path = path
        self._limits = limits

    def _of_inner(
        self, inside: _Inside, mode: int, size: int, pieces: Iterable[bytes], budget: Budget
    ) -> Iterator[Entry]:
        """Yield the files of a tar inside, or it itself where it is none; raise `DamagedError` where it ends early."""
        with tempfile.SpooledTemporaryFile(_SPOOLED) as spool:
            file = cast("IO[bytes]", spool)
            for piece in pieces:
                file.write(piece)
            if file.tell() < size:
                yield _lost(inside.path, mode, size, "the archive is cut short in the middle of this file")
                raise DamagedError("the archive is cut short")
            file.seek(0)
            packed = compression(file.read(8))
            file.seek(0)
            try:
                is_tar = _tar.is_tar(ByteStream(cast(BinaryIO, file), packed, Budget(1 << 40, self._limits)).take(512))
            except DamagedError as error:
                yield _lost(inside.path, mode, size, str(error))
                return
            file.seek(0)
            if is_tar:
                yield from self._of_tar(cast(BinaryIO, file), packed, budget, inside)
            else:
                yield self._of_file(inside.path, mode, size, iter(lambda: file.read(1 << 20), b""))

    def _of_file(
        self, path: bytes, mode: int, size: int, pieces: Iterable[bytes], notes: Iterable[str | None] = ()
    ) -> Entry:
        """Return the entry of a file that comes in pieces, as many bytes as `size` says."""
        data: bytes | None = None
        try:
            if size <= self._limits.max_file_bytes:
                data = b"".join(pieces)
                blob: bytes | None = blob_hash(data) if len(data) == size else None
            else:
                blob = blob_hash_of_stream(size, pieces)
        except DamagedError as error:
            return _lost(path, mode, size, str(error))
        if blob is None:
            return _lost(path, mode, size, f"the archive holds another number of bytes than {size}")
        again = self._tree.add(path, mode, blob, size)
        said = [note for note in (*notes, _AGAIN if again else None) if note]
        return Entry(path, FILE, mode, blob, size, data, None, "; ".join(said) or None)

    def _of_link(self, path: bytes, target: bytes) -> Entry:
        blob = blob_hash(target)
        again = self._tree.add(path, MODE_SYMLINK, blob, len(target))
        note = link_note(path, target) or (_AGAIN if again else None)
        return Entry(path, SYMLINK, MODE_SYMLINK, blob, len(target), note=note, target=target)

    def _of_tar(
        self, file: BinaryIO, packed: str | None, budget: Budget, inside: _Inside | None = None
    ) -> Iterator[Entry]:
        links: list[tuple[bytes, bytes, Leaf]] = []
        stream = ByteStream(file, packed, budget)
        where, note = (inside.path, f"in {_name(inside.path)}") if inside is not None else (b"", None)
        try:
            for member in _tar.members(stream):
                budget.add_entry()
                budget.check_directories(self._tree.directories)
                inner = _inside(without_dots(member.path)) if inside is None and member.type is _tar.REGULAR else None
                if inner is not None and member.problem is None:
                    mode = MODE_EXECUTABLE if member.mode & 0o111 else MODE_FILE
                    yield from self._of_inner(inner, mode, member.size, stream.pieces(member.size), budget)
                    continue
                entry, cut = self._entry(member, stream, links, inside)
                if entry is not None:
                    yield _noted(entry, note)
                if cut:
                    return
            yield from (replace(entry, path=where) for entry in _trailing(stream))
        except DamagedError as error:
            yield _damage(str(error), where)
        if links:
            yield from (_noted(entry, note) for entry in self._hard_links(file, packed, links))

    def _entry(
        self, member: _tar.TarMember, stream: ByteStream, links: list[tuple[bytes, bytes, Leaf]], inside: _Inside | None
    ) -> tuple[Entry | None, bool]:
        """Return a member's entry, None for directories and hard links yet to come, and whether the stream ended."""
        path, kind, raw_mode, size, target, problem = member
        path, folder = without_dots(path), inside.folder if inside is not None else b""
        if kind is _tar.DIRECTORY and problem is None:
            if path and path_problem(path, self._limits) is None:
                self._tree.add_directory(folder + path)
            return None, False
        refused = path_problem(path, self._limits)
        path = folder + path
        mode = MODE_EXECUTABLE if raw_mode & 0o111 else MODE_FILE
        if refused is not None:
            return _refused(path, mode, size, problem or refused), False
        if problem is not None:
            return _lost(path, mode, size, problem), False
        if kind is _tar.REGULAR:
            return self._regular(path, mode, size, stream)
        if kind is _tar.SYMBOLIC_LINK:
            return self._of_link(path, target), False
        if kind is _tar.HARD_LINK:
            return self._hard_link(path, mode, target, folder, links), False
        return Entry(path, DEVICE, 0, None, None, note="a device or a pipe"), False

    def _regular(self, path: bytes, mode: int, size: int, stream: ByteStream) -> tuple[Entry, bool]:
        # As `_of_file`, written out: an inventory has millions of them.
        try:
            if size <= self._limits.max_file_bytes:
                data: bytes | None = stream.take(size)
                assert data is not None
                blob = blob_hash(data) if len(data) == size else None
            else:
                data = None
                blob = blob_hash_of_stream(size, stream.pieces(size))
        except DamagedError as error:
            return _lost(path, mode, size, str(error)), True
        if blob is None:
            return _lost(path, mode, size, "the archive is cut short in the middle of this file"), True
        again = self._tree.add(path, mode, blob, size)
        return Entry(path, FILE, mode, blob, size, data, None, _AGAIN if again else None), False

    def _hard_link(
        self, path: bytes, mode: int, target: bytes, folder: bytes, links: list[tuple[bytes, bytes, Leaf]]
    ) -> Entry | None:
        """Return the entry of a hard link; None for one to a file, which goes to `links` until its bytes are found."""
        target = without_dots(target)
        leaf = self._tree.find(folder + target) if path_problem(target, self._limits) is None else None
        name = _name(target)
        if leaf is None:
            return _lost(path, mode, None, f"a hard link to {name}, which is not earlier in the archive")
        again = self._tree.add(path, *leaf)
        note = f"a hard link to {name}" + (f"; {_AGAIN}" if again else "")
        if leaf.mode != MODE_SYMLINK and leaf.size is not None and leaf.size <= self._limits.max_file_bytes:
            links.append((path, note.encode(), leaf))
            return None
        kind_of_target = SYMLINK if leaf.mode == MODE_SYMLINK else FILE
        return Entry(path, kind_of_target, leaf.mode, leaf.blob, leaf.size, note=note)

    def _hard_links(
        self, file: BinaryIO, packed: str | None, links: list[tuple[bytes, bytes, Leaf]]
    ) -> Iterator[Entry]:
        """Yield hard links to files; a second pass over the archive finds the bytes, so that none need be kept."""
        wanted: dict[bytes, list[tuple[bytes, bytes, Leaf]]] = {}
        for link in links:
            wanted.setdefault(link[2].blob, []).append(link)
        file.seek(0)
        stream = ByteStream(file, packed, Budget(self._path.stat().st_size, self._limits))
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
            yield replace(_lost(path, leaf.mode, leaf.size, problem), note=note.decode())


class _OpenTar(_OpenArchive):
    def __init__(self, path: Path, packed: str | None, found: Repository, about: About, limits: Limits) -> None:
        super().__init__(path, found, about, limits)
        self._packed = packed

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
                "bzip2, xz or Zstandard), zip, 7z, and packages made of these (sdist, wheel, gem, conda, crate)"
            )

    def _listed(self) -> Iterator[Entry]:
        with self._path.open("rb") as file:
            yield from self._of_tar(file, self._packed, Budget(self._path.stat().st_size, self._limits))


class _OpenZip(_OpenArchive):
    def __init__(self, path: Path, archive: zipfile.ZipFile, found: Repository, about: About, limits: Limits) -> None:
        super().__init__(path, found, about, limits)
        self._archive = archive

    def _listed(self) -> Iterator[Entry]:
        budget = Budget(self._path.stat().st_size, self._limits)
        try:
            for member in _zip.members(self._archive):
                budget.add_entry()
                budget.check_directories(self._tree.directories)
                # zipfile reads no more than the claimed size, so counting the claim is safe.
                budget.add_bytes(member.size)
                yield from self._entries(member, budget)
        except DamagedError as error:
            yield _damage(str(error))

    def _entries(self, member: _zip.ZipMember, budget: Budget) -> Iterator[Entry]:
        path = without_dots(member.path)
        problem = path_problem(path, self._limits)
        if path.endswith(b"/") or (not path and problem):
            if problem is None:
                self._tree.add_directory(path)
            return
        mode = MODE_EXECUTABLE if member.mode & 0o111 else MODE_FILE
        read = _zip.pieces(self._archive, member.info)
        if problem is not None:
            yield _refused(path, mode, member.size, problem)
        elif _zip.is_special(member):
            yield Entry(path, DEVICE, 0, None, None, note="a device or a pipe")
        elif _zip.is_link(member):
            yield self._link(path, mode, member.size, read)
        elif (inside := _inside(path)) is not None:
            try:
                yield from self._of_inner(inside, mode, member.size, read, budget)
            except DamagedError as error:
                yield _lost(path, mode, member.size, str(error))
        else:
            yield self._of_file(path, mode, member.size, read, [member.name_note])

    def _link(self, path: bytes, mode: int, size: int, read: Iterable[bytes]) -> Entry:
        if size > MAX_LINK:
            return _lost(path, mode, size, f"a symbolic link with a target of {size} bytes")
        try:
            return self._of_link(path, b"".join(read))
        except DamagedError as error:
            return _lost(path, mode, size, str(error))


class _OpenSevenZip(_OpenArchive):
    def _listed(self) -> Iterator[Entry]:
        budget = Budget(self._path.stat().st_size, self._limits)
        try:
            for member in _seven_zip.members(self._path):
                budget.add_entry()
                budget.check_directories(self._tree.directories)
                yield from self._entries(member, budget)
        except DamagedError as error:
            yield _damage(str(error))

    def _entries(self, member: _seven_zip.SevenZipMember, budget: Budget) -> Iterator[Entry]:
        path = without_dots(member.path.rstrip(b"/"))
        problem = path_problem(path, self._limits)
        mode = MODE_EXECUTABLE if member.mode & 0o111 else MODE_FILE
        if member.type == "directory":
            if problem is None:
                self._tree.add_directory(path)
        elif problem is not None:
            # What is passed over is unpacked as well.
            budget.add_bytes(max(0, member.size))
            yield _refused(path, mode, member.size, problem)
        elif member.type == "link":
            yield self._of_link(path, member.target)
        elif member.type == "special":
            budget.add_bytes(max(0, member.size))
            yield Entry(path, DEVICE, 0, None, None, note="a device or a pipe")
        elif (inside := _inside(path)) is not None:
            yield from self._of_inner(inside, mode, member.size, _counted(member.pieces, budget), budget)
        else:
            yield self._of_file(path, mode, member.size, _counted(member.pieces, budget))


def _counted(pieces: Iterable[bytes], budget: Budget) -> Iterator[bytes]:
    for piece in pieces:
        budget.add_bytes(len(piece))
        yield piece


def _name(path: bytes) -> str:
    return path[:200].decode("utf-8", "backslashreplace")


def _noted(entry: Entry, note: str | None) -> Entry:
    return entry if note is None else replace(entry, note="; ".join(filter(None, [note, entry.note])))


def _refused(path: bytes, mode: int, size: int | None, problem: str) -> Entry:
    """An entry for what is there and is not taken."""
    return Entry(path.lstrip(b"/"), UNREADABLE, mode, None, size, problem=problem)


def _lost(path: bytes, mode: int, size: int | None, problem: str) -> Entry:
    """An entry for what is named, and whose bytes cannot be had."""
    return replace(_refused(path, mode, size, problem), lost=LOST_CONTENT)


def _damage(problem: str, path: bytes = b"") -> Entry:
    """An entry for damage that belongs to no one member; its path is empty, or that of the archive inside."""
    return Entry(path, UNREADABLE, 0, None, None, problem=problem, lost=LOST_DIRECTORY)


def _trailing(stream: ByteStream) -> Iterator[Entry]:
    """Read to the end, which checks the compressed data's checksum, and tell of bytes that no member holds."""
    start = stream.position
    hidden = 0
    for piece in stream.pieces(1 << 62):
        hidden += len(piece.strip(b"\0"))
    if hidden:
        yield _damage(f"{hidden} bytes after the archive's end mark (byte {start}) were not read")
