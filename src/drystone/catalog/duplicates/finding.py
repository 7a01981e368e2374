"""Finds artifacts of a catalog that may be one, without comparing each with each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from drystone.catalog.duplicates.names import name_of, place_of
from drystone.catalog.duplicates.same import SameEntity, same_entity
from drystone.catalog.passports.passport import Identity

#: Artifacts that share a key; more are called so because the key says nothing, such as "test".
_MOST: Final = 200
#: Letters that two spellings of one name begin or end with.
_EDGE: Final = 6


@dataclass(frozen=True, slots=True)
class DuplicatePair:
    """Two artifacts that are one, or maybe are, by name."""

    one: str
    other: str
    found: SameEntity


def find_pairs(identities: Iterable[Identity]) -> list[DuplicatePair]:
    """Return the pairs that are one, then those that a person should look at, by name.

    Compared are those that share a hash, an address, a name without gaps, or its first or last letters and its owner.
    """
    by_name = {one.name: one for one in identities}
    groups: dict[Hashable, list[str]] = defaultdict(list)
    for one in by_name.values():
        for key in set(_keys(one)):
            groups[key].append(one.name)
    tried = {tuple(sorted(pair)) for names in groups.values() if len(names) <= _MOST for pair in combinations(names, 2)}
    found = [DuplicatePair(a, b, same_entity(by_name[a], by_name[b])) for a, b in sorted(tried)]
    return sorted(
        (pair for pair in found if pair.found.verdict != "two"), key=lambda pair: pair.found.verdict == "maybe"
    )


def _keys(one: Identity) -> Iterator[Hashable]:
    for version in one.versions:
        yield from ((one.kind, name.casefold(), value.casefold()) for name, value in version.hashes.items())
    for text in (one.name, one.title, *one.aliases, *([one.url] if one.url else [])):
        place = place_of(text)
        if place is not None:
            yield one.kind, place
        name = name_of(text if place is None else "/".join(place.split("/")[-2:]))
        if name.words:
            yield one.kind, name.joined
            yield one.kind, "".join(name.words)
            if name.owner is not None:
                yield one.kind, name.owner, name.joined[:_EDGE]
                yield one.kind, name.owner, name.joined[-_EDGE:], "end"
