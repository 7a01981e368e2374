"""Members of a zip archive or wheel, through the standard library's zipfile. Knows nothing of trees.

Format: PKWARE APPNOTE 6.3.10.
"""

from __future__ import annotations

import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from drystone.errors import SourceError
from drystone.sources.archives.streams import DamagedError
from drystone.sources.base import Limits

#: What zipfile lets through on damaged members.
_DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,  # also NotImplementedError: an unknown compression
    ValueError,
    OverflowError,
)
_UTF8: Final = 0x800
_ENCRYPTED: Final = 0x1
_UNIX: Final = 3
#: Systems whose paths have backslashes (APPNOTE 4.4.2.2): MS-DOS, NTFS, VFAT.
_MICROSOFT: Final = frozenset({0, 10, 14})
_MIN_DIRECTORY_ENTRY: Final = 46
#: Info-ZIP's Unicode Path Extra Field (APPNOTE 4.6.9).
_UNICODE_PATH: Final = 0x7075


class ZipMember(NamedTuple):
    """One member; `mode` is its Unix mode with type bits, 0 where it has none. `name_note` says how a name was read."""

    info: zipfile.ZipInfo
    path: bytes
    mode: int
    size: int
    name_note: str | None


def is_zip(path: Path) -> bool:
    """Return whether a file ends as a zip archive does."""
    return zipfile.is_zipfile(path)


def open_zip(path: Path, limits: Limits) -> zipfile.ZipFile:
    """Read an archive's central directory; raise `SourceError` where that cannot be done within the limits."""
    try:
        with path.open("rb") as file:
            size = _directory_size(file)
        if size // _MIN_DIRECTORY_ENTRY > limits.max_entries:
            raise SourceError(
                f"{path}: its central directory of {size} bytes stands for more than the limit of "
                f"{limits.max_entries} members; raise max_entries to read it"
            )
        return zipfile.ZipFile(path)
    except _DAMAGE as error:
        raise SourceError(f"{path} is a damaged zip archive ({error}); get it again from where it came") from error


def members(archive: zipfile.ZipFile) -> Iterator[ZipMember]:
    r"""Yield the members in the central directory's order.

    Tools of Windows write `\` between the parts of a name, against APPNOTE 4.4.17.1: it is read as a slash in what a
    system of Microsoft's wrote, and where no name of the archive has a slash.
    """
    backslashes = not any("/" in info.orig_filename for info in archive.infolist())
    for info in archive.infolist():
        path, note = _name(info)
        if b"\\" in path and (backslashes or info.create_system in _MICROSOFT):
            path, note = (
                path.replace(b"\\", b"/"),
                "; ".join(filter(None, [note, "the name is written with backslashes"])),
            )
        mode = info.external_attr >> 16 if info.create_system == _UNIX else 0
        yield ZipMember(info, path, mode, info.file_size, note)


def pieces(archive: zipfile.ZipFile, info: zipfile.ZipInfo, count: int = 1 << 20) -> Iterator[bytes]:
    """Yield a member's bytes piece by piece; raise `DamagedError` where they are not as the directory says."""
    if info.flag_bits & _ENCRYPTED:
        raise DamagedError("the member is encrypted")
    try:
        with archive.open(info) as file:
            left = info.file_size
            while left and (piece := file.read(min(count, left))):
                left -= len(piece)
                yield piece
            # One more read lets zipfile compare the checksum at the end.
            if left or file.read(1):
                raise DamagedError(f"{info.file_size - left} of {info.file_size} bytes could be read")
    except _DAMAGE as error:
        raise DamagedError(f"the member is damaged ({error})") from None


def _name(info: zipfile.ZipInfo) -> tuple[bytes, str | None]:
    """Return a member's name as the tool that wrote it meant it, and a note where it does not stand there so."""
    name = info.orig_filename
    if info.flag_bits & _UTF8:
        return name.encode("utf-8", "surrogatepass"), None
    # zipfile reads names without the flag as code page 437, which maps every byte: undo it. Many tools write UTF-8
    # without the flag.
    raw = name.encode("cp437")
    if (meant := _unicode_path(info.extra, raw)) is not None:
        return meant, None if meant == raw else "the name is that of the Unicode path field"
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return name.encode(), "the name is written in code page 437"
    return raw, None


def _unicode_path(extra: bytes, raw: bytes) -> bytes | None:
    """Return the name in UTF-8 that a member's extra fields hold for its name `raw`; None where they hold none."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        field = extra[at + 4 : at + 4 + size]
        at += 4 + size
        if kind == _UNICODE_PATH and len(field) > 5 and field[0] == 1:
            # Where the checksum is of another name, somebody renamed the member without knowing of the field.
            if struct.unpack_from("<L", field, 1)[0] != zlib.crc32(raw):
                continue
            try:
                field[5:].decode("utf-8")
            except UnicodeDecodeError:
                continue
            return field[5:]
    return None


def is_link(member: ZipMember) -> bool:
    """Return whether a member is a symbolic link; its bytes are the target."""
    return stat.S_ISLNK(member.mode)


def is_special(member: ZipMember) -> bool:
    """Return whether a member is a device, a pipe or a socket."""
    kind = stat.S_IFMT(member.mode)
    return kind not in (0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)


def _directory_size(file: BinaryIO) -> int:
    """Return the size of the central directory as the end record (4.3.16) or its Zip64 form (4.3.14) claims it."""
    end = file.seek(0, 2)
    file.seek(max(0, end - 65557 - 76))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + 22 > len(tail):
        return 0
    size = int(struct.unpack_from("<L", tail, at + 12)[0])
    zip64 = at - 76
    if zip64 >= 0 and tail.startswith(b"PK\x06\x06", zip64):
        size = max(size, struct.unpack_from("<Q", tail, zip64 + 40)[0])
    return size
