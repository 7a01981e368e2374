"""Whether work can be done in a folder, found out before the first stage: on this host, and on each of a cluster.

Knows nothing of what the work is.
"""

from __future__ import annotations

import platform
import secrets
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Final, NamedTuple

from drystone._words import many
from drystone.errors import BuildError
from drystone.work.files import why
from drystone.work.remote import mirror

#: Bytes that are written to try a folder: a disk with less room is full.
_TOKEN: Final = 64 << 10


class HostReport(NamedTuple):
    """What a host says: versions of Drystone and Python, for each folder what is wrong with it, or "", and which of
    what is read it does not see."""

    drystone: str
    python: str
    problems: list[str]
    unseen: list[Path]


def this_program() -> tuple[str, str]:
    """Return the versions on which what a task gives depends: of Drystone, and of Python without its last number."""
    return version("drystone"), ".".join(platform.python_version_tuple()[:2])


def write_token(folder: Path, before: str = ".preflight") -> Path:
    """Make a folder where it is missing, write a small file into it and read it again; return its place.

    Its name is `before` and random digits. Raises `BuildError` naming the folder where it is read-only, full or no
    folder; no file is left then.
    """
    token = folder / f"{before}-{secrets.token_hex(8)}"
    data = secrets.token_bytes(_TOKEN)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with token.open("xb") as file:  # a new one, through no link
                file.write(data)
            if mirror.is_mirrored(folder):
                mirror.placed(token)
                token.unlink()
            if mirror.opened(token, Path.read_bytes) != data:
                raise BuildError(
                    f"{mirror.address(folder)}: gives other bytes than were written there; choose another folder"
                )
        except BaseException:
            with suppress(OSError):
                token.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise BuildError(f"{folder}: cannot be written ({why(error)}); free space, or choose another folder") from None
    return token


def remove_token(token: Path) -> None:
    """Remove a file of `write_token`, and those that hosts wrote beside it and could not remove any more."""
    for path in {token, *token.parent.glob(f"{token.name}*")}:
        mirror.remove(path)


def check(folders: Sequence[Path]) -> None:
    """Raise `BuildError` naming the first of the folders in which nothing can be written here."""
    for folder in folders:
        mirror.remove(write_token(folder))


def report(tokens: Sequence[Path], reads: Sequence[Path] = (), mirrors: Sequence[mirror.Mirror] = ()) -> HostReport:
    """Return what this host finds out about the folders of files that another host wrote: for each what is wrong.

    `reads` are files and folders that it would read, `mirrors` folders that stand for object stores.
    """
    mirror.mount(mirrors)
    unseen = [path for path in reads if not path.exists()]
    problems = []
    for token in tokens:
        if not mirror.here(token).is_file():
            problems.append("does not see what this host has written there; mount the same file system on both")
            continue
        try:
            mirror.remove(write_token(token.parent, token.name))
        except BuildError as error:
            problems.append(str(error).removeprefix(f"{token.parent}: "))
        else:
            problems.append("")
    return HostReport(*this_program(), problems, unseen)


def judge(host: str, found: HostReport, folders: Sequence[Path]) -> None:
    """Raise `BuildError` naming a host, and what about it would spoil a build."""
    ours = this_program()
    for name, here, there in zip(("Drystone", "Python"), ours, (found.drystone, found.python), strict=True):
        if here != there:
            raise BuildError(f"host {host}: has {name} {there}, and this one {here}; install the same version on both")
    for folder, problem in zip(folders, found.problems, strict=True):
        if problem:
            raise BuildError(f"host {host}, {mirror.address(folder)}: {problem}")
    if found.unseen:
        more = f" and {many(len(found.unseen) - 1, 'other source')}" if len(found.unseen) > 1 else ""
        raise BuildError(
            f"host {host}, {found.unseen[0]}{more}: is not there; put sources under the same path on all hosts, or "
            "name them by URLs"
        )
