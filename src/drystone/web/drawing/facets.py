"""Counts by which what is shown can be narrowed down, each with the address that does it. Knows no route."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from drystone.search.limits import By
from drystone.search.results.offered import narrowed

#: Values of each property that are shown.
_VALUES: Final = 8


@dataclass(frozen=True)
class Facet:
    """Files by one property: the most frequent values, each with an address that asks for it, and how many more.

    A value that all files have has no address: it narrows nothing down.
    """

    name: str
    values: list[tuple[str, int, str | None]]
    more: int


def facets(
    query: str, counts: Mapping[str, Mapping[str, int]], by: Iterable[By], address: Callable[[str], str]
) -> list[Facet]:
    """Return what a query can be narrowed down by: of each property the values counted, where there are any.

    `address` is that of the page for another query.
    """
    found = [_facet(query, name, counts[name], address) for name in by]
    return [each for each in found if each.values]


def _facet(query: str, name: By, counts: Mapping[str, int], address: Callable[[str], str]) -> Facet:
    first = list(counts.items())[:_VALUES]
    closer = {value: narrowed(query, name, value) if len(counts) > 1 else None for value, _ in first}
    values = [
        (value, count, address(asked) if (asked := closer[value]) is not None else None) for value, count in first
    ]
    return Facet(name, values, len(counts) - len(first))
