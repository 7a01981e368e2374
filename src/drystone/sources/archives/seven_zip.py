"""Members of a 7z archive, through libarchive, one after another and in bounded memory. Knows nothing of trees."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Final, Literal, NamedTuple

from drystone.errors import SourceError
from drystone.sources.archives.streams import DamagedError

#: How a 7z archive begins (7zFormat.txt of the LZMA SDK, "SignatureHeader").
MAGIC: Final = b"7z\xbc\xaf\x27\x1c"


class SevenZipMember(NamedTuple):
    """One member; `pieces` gives its `size` bytes, as long as the next member was not asked for."""

    path: bytes
    type: Literal["file", "directory", "link", "special"]
    mode: int
    size: int
    target: bytes
    pieces: Iterator[bytes]


def check(path: Path) -> None:
    """Raise `SourceError` where an archive cannot be opened, or nothing is installed that reads it."""
    archive = _libarchive(path)
    try:
        with archive.file_reader(str(path), format_name="7zip", filter_name="none"):
            pass
    except archive.ArchiveError as error:
        raise SourceError(f"{path} is a damaged 7z archive ({error}); get it again from where it came") from None


def members(path: Path) -> Iterator[SevenZipMember]:
    """Yield the members in order; raise `DamagedError` where no further one can be found."""
    archive = _libarchive(path)
    try:
        with archive.file_reader(str(path), format_name="7zip", filter_name="none") as opened:
            for entry in opened:
                kind: Literal["file", "directory", "link", "special"] = (
                    "directory" if entry.isdir else "link" if entry.issym else "file" if entry.isfile else "special"
                )
                name = (entry.pathname or "").encode("utf-8", "surrogateescape")
                target = (entry.linkpath or "").encode("utf-8", "surrogateescape") if kind == "link" else b""
                yield SevenZipMember(name, kind, entry.mode, entry.size or 0, target, _pieces(archive, entry))
    except archive.ArchiveError as error:
        raise DamagedError(f"the archive is damaged or encrypted ({error}); the rest was not read") from None


def _pieces(archive: ModuleType, entry: object) -> Iterator[bytes]:
    try:
        yield from entry.get_blocks()  # type: ignore[attr-defined]
    except archive.ArchiveError as error:
        raise DamagedError(f"the member is damaged or encrypted ({error})") from None


def _libarchive(path: Path) -> ModuleType:
    try:
        import libarchive  # noqa: PLC0415  only for archives of this kind
    except (ImportError, OSError, AttributeError, TypeError):  # without the library itself its binding fails anyhow
        raise SourceError(
            f"{path} is a 7z archive, which is read by libarchive: pip install 'drystone[seven-zip]', and where the "
            "library itself is missing, install it with the system's packages (Debian: libarchive13)"
        ) from None
    return libarchive  # type: ignore[no-any-return]
