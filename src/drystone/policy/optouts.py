"""What an opt-out means for a repository: who made it, what it is a fork of, and which request takes it out.

Knows nothing of how requests are made or verified; asks a registry's snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import orjson

from drystone.identity import origins
from drystone.registry import OptOuts

if TYPE_CHECKING:
    from drystone.release.columns import RepositoryRow

#: Unrelated owners that may have the same file before it counts as common, as a library that all copy.
MOST_ORIGINS: Final = 10
_UNKNOWN: Final[Mapping[str, Any]] = MappingProxyType({})


def request_for(optouts: OptOuts, origin: str, metadata: Mapping[str, Any] = _UNKNOWN) -> str | None:
    """Return the request that takes a whole repository out, by its origin and what a source knows of it.

    The one answer to "is this repository out": before it is opened its origin alone is known.
    """
    return optouts.repository(origin, authors_of(metadata), forked_from(metadata))


def out_among(optouts: OptOuts, repositories: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[int, str]:
    """Return which of (origin, metadata) are out: their positions, each with its request."""
    asked = ((at, request_for(optouts, *each)) for at, each in enumerate(repositories))
    return {at: request for at, request in asked if request is not None}


def authors_of(metadata: Mapping[str, Any]) -> list[str]:
    """Return who made a repository's revision: `Name <address>`, address, or a hash where the source has only that.

    A source tells `author` and `committer` as text, or as a mapping with `name` and `email`.
    """
    found: list[str] = []
    for role in ("author", "committer"):
        person = metadata.get(role)
        if isinstance(person, Mapping) and isinstance(person.get("email"), str):
            found.append(f"{person.get('name') or ''} <{person['email']}>".strip())
        elif isinstance(person, list):
            found += [each for each in person if isinstance(each, str)]  # hashes
        elif isinstance(person, str) and person:
            found.append(person)
    return found


def family_of(origin: str, upstream: str | None = None) -> str:
    """Return by what places count as related: the owner of a repository, or of what it says that it is a fork of."""
    name = origins.canonical(upstream or origin)
    return next(iter(origins.owners_of(name)), name)


def forked_from(metadata: Mapping[str, Any]) -> str | None:
    """Return what a source says that a repository is a fork of."""
    place = metadata.get("forked_from")
    return place if isinstance(place, str) and place else None


def about(repository: RepositoryRow) -> tuple[list[str], str | None]:
    """Return who made the revision of a repository and what it is a fork of, as the source recorded it."""
    try:
        known = orjson.loads(repository["metadata"] or "{}")
    except orjson.JSONDecodeError:
        return [], None
    return authors_of(known), forked_from(known)
