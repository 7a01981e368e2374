"""What could stand for the last word of a query: fields, and values of those that have few. Knows no release."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from drystone.detect.languages.tables import languages
from drystone.detect.licenses.categories import categories
from drystone.search.query import CHOICES, FIELDS

#: Words that name a family of licences, besides identifiers.
_FAMILIES: Final = ("permissive", "non_permissive", "copyleft", "none")


def complete(query: str) -> list[str]:
    """Return what could stand for the last word of `query`, sorted, each a whole word with its minus and field."""
    word = query.rsplit(" ", maxsplit=1)[-1]
    body = word.lstrip("-(")
    sign = word[: len(word) - len(body)]
    name, colon, begun = body.partition(":")
    if not colon:
        return [f"{sign}{field}:" for field in sorted(set(FIELDS.values())) if field.startswith(body)]
    plain = begun.removeprefix('"').casefold()
    fitting = sorted(value for value in _values(FIELDS.get(name, "")) if value.casefold().startswith(plain))
    return [f"{sign}{name}:{_written(value)}" for value in fitting]


def _values(field: str) -> Iterable[str]:
    match field:
        case "lang":
            return (name.lower() for name in languages())
        case "license":
            return (*_FAMILIES, *categories())
        case "count":
            return ("all",)
    return CHOICES.get(field, ())


def _written(value: str) -> str:
    return f'"{value}"' if " " in value else value
