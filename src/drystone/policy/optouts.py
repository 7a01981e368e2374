"""What an opt-out means for a repository: who made it, what it is a fork of, and which request takes it out.

Knows nothing of how requests are made or verified; asks a registry's snapshot.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drystone.registry import OptOuts


def request_for(optouts: OptOuts, origin: str, metadata: Mapping[str, Any]) -> str | None:
    """Return the request that takes a whole repository out, by its origin and what a source knows of it."""
    return optouts.repository(origin, authors_of(metadata), forked_from(metadata))


def authors_of(metadata: Mapping[str, Any]) -> list[str]:
    """Return who made a repository's revision: `Name <address>`, address, or a hash where the source has only that.

    A source tells `author` and `committer` as text, or as a mapping with `name` and `email`.
    """
    found: list[str] = []
    for role in ("author", "committer"):
        person = metadata.get(role)
        if isinstance(person, Mapping) and isinstance(person.get("email"), str):
            found.append(f"{person.get('name') or ''} <{person['email']}>".strip())
        elif isinstance(person, str) and person:
            found.append(person)
    return found


def forked_from(metadata: Mapping[str, Any]) -> str | None:
    """Return what a source says that a repository is a fork of."""
    place = metadata.get("forked_from")
    return place if isinstance(place, str) and place else None
