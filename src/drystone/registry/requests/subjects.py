"""What a request is about: an owner, a repository, a path prefix, a blob or directory, an author. Checked, canonical.

Knows nothing of requests and decisions.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

from drystone.errors import UsageError
from drystone.identity import origins, swhid
from drystone.registry.snapshot import author_hashes

Kind = Literal["owner", "repository", "path", "content", "directory", "author"]
KINDS: Final[tuple[Kind, ...]] = ("owner", "repository", "path", "content", "directory", "author")

#: Longest path prefix, in bytes.
_MAX_PREFIX: Final = 4096
_MAX_ADDRESS: Final = 320


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing that a request is about.

    `value` is the canonical name of an owner or repository, a core SWHID, or an author's SHA-256; `prefix` is the path
    of kind `path`. `place` is where the repository or owner can be visited, without credentials. `accepted` is what a
    moderator decided of it, None before.
    """

    kind: Kind
    value: str
    prefix: str | None = None
    place: str | None = None
    accepted: bool | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.value}" + (f" {self.prefix}" if self.prefix is not None else "")


def owner(place: str) -> Subject:
    """Return an owner: all present and future repositories below a name."""
    return Subject("owner", origins.owner(place), place=origins.public(place))


def repository(place: str) -> Subject:
    """Return one repository."""
    return Subject("repository", origins.repository(place), place=origins.public(place))


def path(place: str, prefix: str) -> Subject:
    """Return a file or folder of one repository and everything below it.

    Raises `UsageError` for a prefix that is absolute in another root, leads upwards, or holds what no path does.
    """
    name = origins.repository(place)
    if len(prefix.encode("utf-8", "surrogateescape")) > _MAX_PREFIX:
        raise UsageError(f"A path prefix has at most {_MAX_PREFIX} bytes.")
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in prefix):
        raise UsageError(f"{prefix!r}: holds control or invisible characters, which no path prefix may.")
    parts = [part for part in prefix.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise UsageError(f"{prefix!r}: leads upwards with '..'; write the path from the root of the repository.")
    if not parts:
        raise UsageError(f"{prefix!r}: is the whole repository; ask for the repository instead.")
    clean = unicodedata.normalize("NFC", "/".join(parts))
    return Subject("path", name, clean, origins.public(place))


def object_(text: str) -> Subject:
    """Return a blob or a directory by SWHID; qualifiers are left out."""
    found = swhid.parse(text.strip())
    if found.kind == swhid.CONTENT:
        return Subject("content", str(found.core))
    if found.kind == swhid.DIRECTORY:
        return Subject("directory", str(found.core))
    raise UsageError(f"{found.core}: is neither a content nor a directory; those (cnt, dir) can be opted out")


def author(text: str) -> list[Subject]:
    """Return an author by e-mail address, `Name <address>` or SHA-256; only hashes are kept."""
    shown = text.strip()
    if len(shown) > _MAX_ADDRESS or not (
        re.fullmatch(r"[0-9a-fA-F]{64}", shown) or re.fullmatch(r"[^<>\s]+@[^<>\s]+|[^<>]*<[^<>\s]+@[^<>\s]+>", shown)
    ):
        raise UsageError("An author is an e-mail address, Name <address>, or the SHA-256 of one (64 hex digits).")
    return [Subject("author", hashed) for hashed in author_hashes(shown)]
