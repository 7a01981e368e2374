"""Linguist's languages as look-up tables: by extension, file name, interpreter and alias.

Facts only (`data/linguist.json`, MIT, rewritten by `tools/update_language_tables.py`). Knows nothing of content.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import NotRequired, TypedDict


@dataclass(frozen=True, slots=True)
class Language:
    """One of Linguist's languages; `type` is programming, data, markup or prose, `color` `#rrggbb` or None.

    `group` names the language whose statistics it counts for, None where it is its own. `extensions` begin with a dot.
    """

    name: str
    id: int
    type: str
    color: str | None
    group: str | None
    aliases: tuple[str, ...]
    extensions: tuple[str, ...]
    filenames: tuple[str, ...]
    interpreters: tuple[str, ...]


class LanguageFacts(TypedDict):
    """What Linguist says of a language."""

    language_id: int
    type: str
    color: NotRequired[str]
    group: NotRequired[str]
    aliases: NotRequired[list[str]]
    extensions: NotRequired[list[str]]
    filenames: NotRequired[list[str]]
    interpreters: NotRequired[list[str]]
    tm_scope: NotRequired[str]


class HeuristicFacts(TypedDict):
    """Rules for files with one of some extensions; each names languages, and clauses that must hold."""

    extensions: list[str]
    rules: list[dict[str, list[object]]]


class LinguistFacts(TypedDict):
    """Linguist's tables; `vendor`, `documentation` and `generated` are regular expressions over paths."""

    source: str
    linguist_version: str
    package: str
    license: str
    heuristics: list[HeuristicFacts]
    vendor: list[str]
    documentation: list[str]
    generated: list[str]
    languages: dict[str, LanguageFacts]


@cache
def facts() -> LinguistFacts:
    """Return the table as it lies in `data/linguist.json`."""
    return json.loads((files(__package__) / "data" / "linguist.json").read_text("utf-8"))  # type: ignore[no-any-return]


@cache
def languages() -> Mapping[str, Language]:
    """Return every language that Linguist 9.6.0 knows, by its name, sorted by name."""
    return MappingProxyType(
        {
            name: Language(
                name,
                row["language_id"],
                row["type"],
                row.get("color"),
                row.get("group"),
                tuple(row.get("aliases", ())),
                tuple(row.get("extensions", ())),
                tuple(row.get("filenames", ())),
                tuple(row.get("interpreters", ())),
            )
            for name, row in facts()["languages"].items()
        }
    )


def _index(field: str, *, lower: bool) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for name, language in languages().items():
        for key in getattr(language, field):
            found[key.lower() if lower else key].append(name)
    return {key: tuple(dict.fromkeys(names)) for key, names in found.items()}


@cache
def by_extension() -> dict[str, tuple[str, ...]]:
    """Return lower-case extension (with its dot; some have two) -> languages, sorted by name."""
    return _index("extensions", lower=True)


@cache
def by_filename() -> dict[str, tuple[str, ...]]:
    """Return exact file name -> languages, sorted by name."""
    return _index("filenames", lower=False)


@cache
def by_interpreter() -> dict[str, tuple[str, ...]]:
    """Return interpreter (as in a shebang) -> languages, sorted by name."""
    return _index("interpreters", lower=False)


@cache
def by_alias() -> dict[str, str]:
    """Return lower-case name or alias -> language. A name goes before an alias, as in Linguist."""
    found: dict[str, str] = {}
    for name, language in languages().items():
        for alias in language.aliases:
            found.setdefault(alias.lower(), name)
    for name in languages():
        found[name.lower()] = name
        found[name.lower().replace(" ", "-")] = name
    return found


def language_problem(name: str) -> str | None:
    """Return what is wrong with a language's name, with the language that was likely meant; None where it is listed."""
    if name in languages():
        return None
    lower = name.lower()
    meant = by_alias().get(lower) or next(iter(by_extension().get(f".{lower.lstrip('.')}", ())), None)
    if meant is None:
        near = get_close_matches(lower, [known.lower() for known in languages()], 1) or get_close_matches(
            lower, by_alias(), 1
        )
        meant = by_alias()[near[0]] if near else None
    hint = f"; did you mean {meant!r}?" if meant else "; see https://github.com/github-linguist/linguist"
    return f"no language of Linguist's list{hint}"
