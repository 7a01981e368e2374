"""Every revision that leads to others: who wrote it, when, what they said, and which files it changed.

The `git` command walks and compares; this reads what it prints, in a stream. Nothing is redacted here.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from drystone.sources.git import remote

#: What a file's status means to people; renames are those of files that did not change.
_CHANGES: Final = {b"A": "added", b"M": "changed", b"T": "changed", b"D": "removed", b"R": "renamed"}
_FIELDS: Final = "%x00%H%x00%P%x00%ct%x00%at%x00%an%x00%ae%x00%B%x00"
_PIECE: Final = 1 << 20
#: Settings of a repository that would run programs, or change what is printed.
_SETTINGS: Final = ("log.showSignature=false", "log.mailmap=false", "i18n.logOutputEncoding=UTF-8")


class FileChange(NamedTuple):
    """What became of a file: the kind of change, its path and blob now (hex), and those before; None where none."""

    change: str
    path: bytes
    blob: str | None
    before_path: bytes | None
    before: str | None


class Revision(NamedTuple):
    """A revision: hex ids, seconds since 1970, what its author is called, and what it changed."""

    id: str
    parents: list[str]
    committed: int
    written: int
    name: str
    email: str
    message: str
    changes: list[FileChange]


def revisions(place: Path, heads: Sequence[str]) -> Iterator[Revision]:
    """Yield the revisions that lead to `heads`, and these, parents before children. Raises `SourceError`.

    Changes are against the first parent, all files of one without parents; a merge has none. `place` is the
    repository's folder.
    """
    mark = secrets.token_bytes(16).hex()
    asked = (
        "log", "--topo-order", "--reverse", "--raw", "-z", "--no-abbrev", "-M100%", "--root", "--diff-merges=off",
        "--no-show-signature", "--no-mailmap", "--no-ext-diff", "--no-color", f"--format=format:{mark}{_FIELDS}",
    )  # fmt: skip
    kept = b""
    between = mark.encode() + b"\0"
    for piece in remote.streamed(str(place), "-C", str(place), *asked, *heads, "--", settings=_SETTINGS, size=_PIECE):
        *records, kept = (kept + piece).split(between)
        yield from map(_revision, filter(None, records))
    if kept:
        yield _revision(kept)


def _revision(record: bytes) -> Revision:
    id_, parents, committed, written, name, email, message, *raw = record.split(b"\0")
    changes: list[FileChange] = []
    at = 0
    while at + 1 < len(raw) and (meta := raw[at].lstrip(b"\n")).startswith(b":"):
        _, _, before, now, status = meta.split(b" ")
        change, old, new = _CHANGES.get(status[:1], "changed"), before.decode(), now.decode()
        if change == "renamed":
            changes.append(FileChange(change, raw[at + 2], new, raw[at + 1], old))
            at += 3
            continue
        path = raw[at + 1]
        if change == "added":
            changes.append(FileChange(change, path, new, None, None))
        else:
            changes.append(FileChange(change, path, None if change == "removed" else new, path, old))
        at += 2
    who, where, said = (text.decode("utf-8", "backslashreplace") for text in (name, email, message))
    above = parents.decode().split()
    return Revision(id_.decode(), above, int(committed or 0), int(written or 0), who, where, said, changes)
