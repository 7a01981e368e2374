"""Files and folders to scan: what is read, what is passed over and why. Finds no secret."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pygit2

#: A file is binary where one of its first bytes is NUL and it is not UTF-16 or UTF-32.
_HEAD: Final = 8192

_BOMS: Final = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class FileText:
    """A file's text as UTF-8 (other bytes as they are); `encoding` names what it was decoded from, where it was."""

    path: str
    data: bytes
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class Passed:
    """A path that was not scanned, and why."""

    path: str
    reason: str


def as_utf8(data: bytes) -> tuple[bytes, str | None] | None:
    """Return text as UTF-8 and the encoding it had if that was UTF-16 or UTF-32; None for binary data."""
    mark, encoding = next(((bom, name) for bom, name in _BOMS if data.startswith(bom)), (b"", _utf16(data[:1024])))
    if encoding is not None:
        return data[len(mark) :].decode(encoding, "replace").encode("utf-8"), encoding
    return None if b"\0" in data[:_HEAD] else (data, None)


def _utf16(head: bytes) -> str | None:
    """Return UTF-16's byte order where a text without a mark shows it: every other byte is mostly NUL."""
    size = len(head) // 2
    if size < 4:
        return None
    even, odd = head[0 : 2 * size : 2].count(0), head[1 : 2 * size : 2].count(0)
    if odd > 0.7 * size and even < 0.05 * size:
        return "utf-16-le"
    if even > 0.7 * size and odd < 0.05 * size:
        return "utf-16-be"
    return None


def files(roots: Sequence[Path], git_ignored: bool) -> Iterator[Path | Passed]:
    """Yield the regular files under `roots`, sorted by path within each folder; symbolic links are passed over.

    The folder `.git` is never entered. What git ignores is left out unless `git_ignored`.
    """
    for root in roots:
        try:
            mode = root.lstat().st_mode
        except OSError as error:
            yield Passed(str(root), error.strerror or "unreadable")
            continue
        if stat.S_ISDIR(mode):
            yield from _walk(root, None if git_ignored else _repository(root))
        else:
            yield root if stat.S_ISREG(mode) else _irregular(root, mode)


def _repository(folder: Path) -> pygit2.Repository | None:
    found = pygit2.discover_repository(os.fspath(folder))
    if found is None:
        return None
    repository = pygit2.Repository(found)
    return None if repository.is_bare else repository


def _walk(root: Path, repository: pygit2.Repository | None) -> Iterator[Path | Passed]:
    pending = [root]
    base = Path(repository.workdir).resolve() if repository is not None else None
    while pending:
        folder = pending.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            yield Passed(str(folder), error.strerror or "unreadable")
            continue
        folders = []
        for entry in entries:
            path = folder / entry.name
            if base is not None and repository is not None and _ignored(repository, base, path, entry.is_dir()):
                continue
            if entry.is_dir(follow_symlinks=False):
                if entry.name != ".git":
                    folders.append(path)
            elif entry.is_file(follow_symlinks=False):
                yield path
            else:
                yield _irregular(path, path.lstat().st_mode)
        pending += reversed(folders)


def _ignored(repository: pygit2.Repository, base: Path, path: Path, folder: bool) -> bool:
    try:
        inside = path.parent.resolve().relative_to(base) / path.name
        return bool(repository.path_is_ignored(os.fspath(inside) + "/" * folder))
    except (ValueError, UnicodeError, pygit2.GitError):
        return False


def _irregular(path: Path, mode: int) -> Passed:
    return Passed(str(path), "symbolic link" if stat.S_ISLNK(mode) else "not a regular file")


def texts(paths: Iterable[Path | Passed], largest: int) -> Iterator[FileText | Passed]:
    """Yield each file's text, or why it has none; files over `largest` bytes are passed over."""
    for path in paths:
        if isinstance(path, Passed):
            yield path
            continue
        try:
            # Opened without following a link that may have taken the file's place, and never waiting for a pipe.
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                data = file.read(largest + 1)
        except OSError as error:
            yield Passed(str(path), error.strerror or "unreadable")
            continue
        if len(data) > largest:
            yield Passed(str(path), f"larger than {largest} bytes")
            continue
        text = as_utf8(data)
        yield Passed(str(path), "binary") if text is None else FileText(str(path), *text)
