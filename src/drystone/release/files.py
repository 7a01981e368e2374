"""Writing a file whole or not at all, reading and hashing files. Knows nothing of what is in them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from drystone.errors import ReleaseError, UsageError
from drystone.release.layout import shown
from drystone.work.files import Together, why

#: Bytes gathered before they are written.
_HELD: Final = 1 << 20


def read_bounded(path: Path, largest: int, hint: str = "") -> bytes:
    """Return what is in a file that somebody named. Raises `UsageError` where it cannot be read or is larger.

    `largest` is in bytes; `hint` follows what is wrong with a larger one: what it cannot be, or what to do.
    """
    name = shown(str(path))
    try:
        with path.open("rb") as opened:
            data = opened.read(largest + 1)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}") from None
    if len(data) > largest:
        raise UsageError(f"{name} is larger than {largest:,} bytes{'; ' + hint if hint else ''}")
    return data


def read_bounded_text(path: Path, largest: int) -> str:
    """Return the text of a file that somebody named. Raises `UsageError`, for one that is not UTF-8 too."""
    try:
        return read_bounded(path, largest).decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{shown(str(path))} is not UTF-8 (byte {error.start})") from None


class HashingSink:
    """A write-only binary file that keeps the SHA-256 and the number of the bytes written.

    Writers of Parquet write a page header here and a footer there, so small pieces are gathered first.
    """

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._hash = hashlib.sha256()
        self._held = bytearray()
        self.size = 0
        self.closed = False

    def write(self, data: bytes) -> int:
        """Write all of `data`."""
        if self.closed:
            return len(data)
        self._held += data
        self.size += len(data)
        if len(self._held) >= _HELD:
            self.drain()
        return len(data)

    def flush(self) -> None:
        """Do nothing: `drain` writes, at the end."""

    def close(self) -> None:
        """Take nothing more: what a failed writer still holds when it is thrown away goes nowhere."""
        self.closed = True

    def drain(self) -> None:
        """Write what was gathered."""
        self._hash.update(self._held)
        with memoryview(self._held) as held:
            start = 0
            while start < len(held):
                start += self._raw.write(held[start:])
        self._held.clear()

    def tell(self) -> int:
        """Return the number of bytes written."""
        return self.size

    def hexdigest(self) -> str:
        """Return the SHA-256 of what was written so far."""
        self.drain()
        return self._hash.hexdigest()


class WholeFiles:
    """Files whose bytes appear under their names only once all of them are on disk.

    Each is written under a temporary name; leaving the block brings them to disk together, which costs the disk about
    as much as one, then renames them. Raises `ReleaseError` naming the file where the disk is full or a file cannot be
    written; no temporary file is left behind.
    """

    def __init__(self) -> None:
        self._files = Together()

    @contextmanager
    def open(self, path: Path) -> Iterator[HashingSink]:
        """Give a sink for one of the files; its descriptor is closed at the end of this inner block."""
        with _explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with self._files.name(path).open("wb", buffering=0) as raw:
                sink = HashingSink(raw)
                yield sink
                sink.drain()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            self._files.__exit__(kind, error, at)
        except OSError as failed:
            raise _not_written(self._files.path, failed) from failed


@contextmanager
def whole_file(path: Path) -> Iterator[HashingSink]:
    """Give a sink whose bytes appear under `path` only once all are on disk (temporary name, fsync, rename).

    Raises `ReleaseError` naming the file where the disk is full or the file cannot be written; nothing is left behind.
    """
    with WholeFiles() as files, files.open(path) as sink:
        yield sink


def write_whole(path: Path, data: bytes) -> str:
    """Write `data` under `path` as `whole_file` does and return its SHA-256, hex."""
    with whole_file(path) as sink:
        sink.write(data)
    return sink.hexdigest()


def file_sha256(path: Path, seen: Callable[[int], None] = lambda _: None) -> str:
    """Return the SHA-256 of a file, hex; `seen` is told the number of bytes read since it was last called.

    Raises `ReleaseError` where the file is missing or cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb", buffering=0) as file:
            while block := file.read(1 << 20):
                digest.update(block)
                seen(len(block))
    except OSError as error:
        raise ReleaseError(f"{shown(str(path))} cannot be read: {error.strerror}") from None
    return digest.hexdigest()


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _not_written(path, error) from error


def _not_written(path: Path | None, error: OSError) -> ReleaseError:
    advice = "Free space there, or choose another folder, and run the command again; finished files are kept"
    return ReleaseError(f"{shown(str(path))} could not be written: {why(error)}. {advice}")
