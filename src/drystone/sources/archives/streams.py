"""Compressed files read forward in bounded memory, counted against the limits on what unpacks.

Knows gzip, bzip2, xz and Zstandard by their first bytes; nothing of what the bytes mean.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Final

import zstandard
from isal import igzip, isal_zlib

from drystone.sources.base import Limits

_CHUNK: Final = 1 << 18
_SALVAGE_PIECE: Final = 1 << 10
_ZSTD_PIECE: Final = 1 << 11
#: Memory that an xz or Zstandard file may ask for, in bytes; the strongest usual settings (xz -9, zstd --ultra) need 65
#: and 128 MiB.
_DECODER_MEMORY: Final = 192 << 20
#: Below this many unpacked bytes the ratio says nothing.
_RATIO_FROM: Final = 1 << 20

_MAGIC: Final = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}


# isal is only partly typed.
_open_gzip: Final[Callable[..., BinaryIO]] = igzip.open
_ISAL_ERROR: Final[Any] = isal_zlib.IsalError
_Reader = Callable[[int], bytes]


class DamagedError(Exception):
    """The bytes that follow cannot be read; the message says why."""


class Budget:
    """Counts unpacked bytes and members of one archive; raises `DamagedError` where a limit is passed."""

    def __init__(self, packed: int, limits: Limits) -> None:
        self.unpacked = 0
        self.entries = 0
        self._max_entries = limits.max_entries
        by_ratio = max(_RATIO_FROM, int(packed * limits.max_ratio))
        self._max_bytes = min(limits.max_total_bytes, by_ratio)
        self._why = (
            f"more than {limits.max_ratio:g} times its packed size"
            if by_ratio < limits.max_total_bytes
            else f"more than {limits.max_total_bytes} bytes"
        )

    def add_bytes(self, count: int) -> None:
        """Count unpacked bytes."""
        self.unpacked += count
        if self.unpacked > self._max_bytes:
            raise DamagedError(f"the archive unpacks to {self._why}; the rest was not read")

    def add_entry(self) -> None:
        """Count one member."""
        self.entries += 1
        if self.entries > self._max_entries:
            raise DamagedError(f"the archive has more than {self._max_entries} members; the rest was not read")

    def check_directories(self, count: int) -> None:
        """Compare the number of directories with the limit on members; one long path stands for thousands."""
        if count > self._max_entries:
            raise DamagedError(f"the archive has more than {self._max_entries} directories; the rest was not read")


def compression(head: bytes) -> str | None:
    """Return the compression that a file's first bytes tell, None for none."""
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)


class ByteStream:
    """Bytes read forward. `position` counts them; `DamagedError` tells of damage and of limits passed."""

    def __init__(self, file: BinaryIO, kind: str | None, budget: Budget) -> None:
        self._read = _READERS[kind](file)
        self._budget = budget
        self._buffer = b""
        self._at = 0
        self._before = 0

    @property
    def position(self) -> int:
        """Bytes taken so far."""
        return self._before + self._at

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes, fewer only at the end."""
        end = self._at + count
        if end <= len(self._buffer):
            data = self._buffer[self._at : end]
            self._at = end
            return data
        return b"".join(self.pieces(count))

    def pieces(self, count: int) -> Iterator[bytes]:
        """Yield the next `count` bytes piece by piece, fewer only at the end."""
        while count > 0:
            if self._at == len(self._buffer) and not self._fill():
                return
            data = self._buffer[self._at : self._at + count]
            self._at += len(data)
            count -= len(data)
            yield data

    def skip(self, count: int) -> int:
        """Pass over the next `count` bytes; return how many there were."""
        if self._at + count <= len(self._buffer):
            self._at += count
            return count
        return sum(map(len, self.pieces(count)))

    def _fill(self) -> bool:
        self._before += len(self._buffer)
        self._buffer, self._at = b"", 0
        try:
            data = self._read(_CHUNK)
        except OSError as error:
            raise DamagedError(f"the file cannot be read ({error.strerror or error})") from None
        self._budget.add_bytes(len(data))
        self._buffer = data
        return bool(data)


def _gzip(file: BinaryIO) -> _Reader:
    source = _open_gzip(file, "rb")
    given = 0
    rest: Iterator[bytes] | None = None

    def read(count: int) -> bytes:
        nonlocal given, rest
        if rest is not None:
            return next(rest)
        try:
            data = source.read(count)
        except EOFError:
            rest = _salvage(file, given, "the compressed data is cut short")
        except (OSError, zlib.error, _ISAL_ERROR) as error:
            rest = _salvage(file, given, f"the compressed data is damaged ({error})")
        else:
            given += len(data)
            return data
        return next(rest)

    return read


def _salvage(file: BinaryIO, given: int, problem: str) -> Iterator[bytes]:
    """Yield what a damaged gzip file holds after `given` bytes and before the damage, then raise `DamagedError`.

    isal drops the whole piece in which it finds damage; here nothing is.
    """
    file.seek(0)
    decoder = zlib.decompressobj(31)
    step = _SALVAGE_PIECE
    while piece := file.read(step):
        before = decoder.copy() if step > 1 else decoder
        try:
            data, decoder = _gunzip(decoder, piece)
        except zlib.error:
            if step == 1:
                break
            file.seek(-len(piece), 1)
            decoder, step = before, 1
            continue
        if data[given:]:
            yield data[given:]
        given = max(0, given - len(data))
    raise DamagedError(problem)


def _gunzip(decoder: zlib._Decompress, piece: bytes) -> tuple[bytes, zlib._Decompress]:
    """Return what a piece unpacks to and the decoder for the next; one gzip stream may follow another."""
    data = b""
    while piece:
        if decoder.eof:
            decoder = zlib.decompressobj(31)
        data += decoder.decompress(piece)
        piece = decoder.unused_data
    return data, decoder


def _zstd(file: BinaryIO) -> _Reader:
    make = zstandard.ZstdDecompressor(max_window_size=_DECODER_MEMORY).decompressobj
    decoder = make()
    pending = b""

    def read(count: int) -> bytes:
        nonlocal decoder, pending
        while True:
            if not pending:
                # A block of four bytes unpacks to 128 KiB (RFC 8878, 3.1.1.2), so small pieces bound the memory.
                pending = file.read(_ZSTD_PIECE)
                if not pending:
                    if not decoder.eof:
                        raise DamagedError("the compressed data is cut short")
                    return b""
            if decoder.eof:
                decoder = make()
            try:
                data = decoder.decompress(pending)
            except zstandard.ZstdError as error:
                raise DamagedError(f"the compressed data is damaged ({error})") from None
            pending = decoder.unused_data if decoder.eof else b""
            if data:
                return data

    return read


def _in_streams(
    make: Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor],
) -> Callable[[BinaryIO], _Reader]:
    """Make a reader of files that hold one compressed stream after another (bzip2, xz)."""

    def open_(file: BinaryIO) -> _Reader:
        decoder = make()
        pending = b""

        def read(count: int) -> bytes:
            nonlocal decoder, pending
            while True:
                if decoder.eof:
                    # Padding of zeros may stand between and after streams (xz format, 2.2).
                    pending = (decoder.unused_data + pending).lstrip(b"\0")
                    while not pending and (more := file.read(_CHUNK)):
                        pending = more.lstrip(b"\0")
                    if not pending:
                        return b""
                    decoder = make()
                if decoder.needs_input and not pending:
                    pending = file.read(_CHUNK)
                    if not pending:
                        raise DamagedError("the compressed data is cut short")
                try:
                    data, pending = decoder.decompress(pending, count), b""
                except (OSError, EOFError, lzma.LZMAError) as error:
                    raise DamagedError(f"the compressed data is damaged ({error})") from None
                if data:
                    return data

        return read

    return open_


_READERS: Final[dict[str | None, Callable[[BinaryIO], _Reader]]] = {
    None: lambda file: file.read,
    "gzip": _gzip,
    "bzip2": _in_streams(bz2.BZ2Decompressor),
    "xz": _in_streams(lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_DECODER_MEMORY)),
    "zstd": _zstd,
}
