"""Files and folders that are there whole or not at all, also after a crash in the middle.

Each is written beside its place under a name that no other process on any host uses, then brought into place in one
step. Knows nothing of what is in them. Raises OSError as the system does; each room says it in words of its own.
"""

from __future__ import annotations

import errno
import os
import platform
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

#: How the name of everything ends that is not whole yet. No reader looks at such names.
PARTIAL: Final = ".partial"

#: Most bytes of a file's name (NAME_MAX of Linux's file systems, limits.h).
_NAME_MAX: Final = 255
_TOKEN: Final = re.compile(r"(.+)\.[A-Za-z0-9-]+-[0-9a-f]{16}\.partial\Z", re.DOTALL)
#: Files brought to disk at a time.
_SYNCS: Final = 8
_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
#: Called with each file and folder that has come into its place (`remote.mirror` puts it into an object store).
told_of_placed: set[Callable[[Path], object]] = set()


def partial(path: Path) -> Path:
    """Return a name beside `path` for what is not whole yet: the name, this host, random digits, `PARTIAL`."""
    host = re.sub(r"[^A-Za-z0-9-]", "-", platform.node())[:24] or "host"
    end = f".{host}-{secrets.token_hex(8)}{PARTIAL}"
    name = os.fsencode(path.name)[: _NAME_MAX - len(end)]
    return path.with_name(os.fsdecode(name) + end)


def intended(name: str) -> str:
    """Return the name that a file with a name by `partial` was to have; any other name as it is."""
    return found[1] if (found := _TOKEN.match(name)) is not None else name


def remove_partial(folder: Path) -> None:
    """Remove what processes that were killed have left half written in a folder; none may be writing there."""
    for path in folder.iterdir():
        if path.name != intended(path.name):
            _remove(path)


def why(error: OSError) -> str:
    """Return in words why something could not be written."""
    return "the disk is full" if error.errno in _FULL else (error.strerror or str(error))


@contextmanager
def whole(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """Give a name to write a file under, which stands under `path` once the block has ended, or not at all.

    With `durable` its bytes are on disk before it does. Raises OSError; nothing is left under either name then but what
    stood there before.
    """
    temporary = partial(path)
    try:
        yield temporary
        if durable:
            sync(temporary)
        temporary.replace(path)
        if durable:
            sync(path.parent)
        _tell(path)
    except BaseException:
        _remove(temporary)
        raise


@contextmanager
def whole_folder(path: Path, *, told: bool = True) -> Iterator[Path]:
    """Give a new folder to fill, which stands under `path` once the block has ended, or not at all.

    `told`: who wants to know of what comes into its place is told. Raises FileExistsError where there is one by then,
    which another process may have made, and OSError.
    """
    temporary = partial(path)
    try:
        temporary.mkdir()
        yield temporary
        try:
            temporary.rename(path)
        except OSError:
            if path.is_dir():
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
            raise
        if told:
            _tell(path)
    finally:
        _remove(temporary)


class Together:
    """Several files, each whole; the end of a block brings them to disk together, which costs about as much as one.

    Raises OSError, for `path` the one that it was about; nothing is left of the others that were not in place yet.
    """

    def __init__(self) -> None:
        self._paths: dict[Path, Path] = {}
        #: What is being brought into place.
        self.path: Path | None = None

    def name(self, path: Path) -> Path:
        """Return the name to write a file under that shall stand under `path`."""
        self._paths[path] = partial(path)
        return self._paths[path]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if kind is None:
                self._settle()
        finally:
            for temporary in self._paths.values():
                with suppress(OSError):  # what hinders this has hindered the writing, and is reported there
                    temporary.unlink(missing_ok=True)

    def _settle(self) -> None:
        with ThreadPoolExecutor(_SYNCS) as pool:  # a disk's journal takes many of these in one go
            self._wait({path: pool.submit(sync, temporary) for path, temporary in self._paths.items()})
            for path, temporary in self._paths.items():
                self.path = path
                temporary.replace(path)
            self._wait({folder: pool.submit(sync, folder) for folder in {path.parent for path in self._paths}})
        for path in self._paths:
            _tell(path)

    def _wait(self, synced: dict[Path, Future[None]]) -> None:
        for path, done in synced.items():
            self.path = path
            done.result()


def _tell(path: Path) -> None:
    for call in told_of_placed:
        call(path)


def sync(path: Path) -> None:
    """Bring a file or folder to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
