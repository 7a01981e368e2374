"""What could stand for the last word of a query: fields, and values of those that have few. Knows no release."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from drystone.detect.languages.tables import languages
from drystone.detect.licenses.categories import categories
from drystone.search.filters import NO_LANGUAGE
from drystone.search.limits import By
from drystone.search.query import CHOICES, FIELDS, Either, parse

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


def narrowed(query: str, by: By, value: str) -> str | None:
    """Return the query that asks besides for one value of what files are counted by; None where none can.

    Raises `QueryError` where `query` is none.
    """
    term = _term(by, value)
    if term is None:
        return None
    return f"({query}) {term}" if isinstance(parse(query), Either) else f"{query} {term}"


def _term(by: By, value: str) -> str | None:
    if value == "unknown":
        return None
    match by:
        case "language":
            return f"lang:{_written(value.lower())}"
        case "license":
            return f'license:"{value}"'
        case "year":
            return f"year:{value}"
    plain = re.sub(r"[\\^$.|?*+()\[\]{}]", r"\\\g<0>", value).replace("/", "\\/")
    return f"repo:/^{plain}$/"


def _values(field: str) -> Iterable[str]:
    match field:
        case "lang":
            return (NO_LANGUAGE, *(name.lower() for name in languages()))
        case "license":
            return (*_FAMILIES, *categories())
        case "count":
            return ("all",)
    return CHOICES.get(field, ())


def _written(value: str) -> str:
    return f'"{value}"' if " " in value else value
