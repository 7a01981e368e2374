"""The provider rules of rules/*.toml as data. Knows no text and no engine."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_KEYS = {"pattern", "near", "context", "check", "entropy", "digits", "confidence"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One provider's format.

    `pattern` is a regular expression over bytes in the syntax that Hyperscan and `re` share; its group 1, or else all
    of it, is the secret. With `near`, the format has no mark of its own: it counts only in a run of random characters
    with a name that `near` matches before it on the line (and one that `context` matches, where given).
    `check` names a function of `checks`. `entropy` (bits a character) and `digits` are the least the secret must have.
    """

    id: str
    pattern: str
    near: str | None
    context: str | None
    check: str | None
    entropy: float
    digits: int
    confidence: float

    @property
    def provider(self) -> str:
        """The provider's name: the rule's first word."""
        return self.id.split("-", 1)[0]


@cache
def rules() -> tuple[Rule, ...]:
    """Return all provider rules, sorted by id."""
    return tuple(sorted(_read(), key=lambda rule: rule.id))


@cache
def services() -> frozenset[str]:
    """Return names, in small letters, of services that are reached with a key."""
    text = files(__package__).joinpath("services.txt").read_text("utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())


def _read() -> Iterator[Rule]:
    seen: set[str] = set()
    for file in sorted(files(__package__).joinpath("rules").iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".toml"):
            continue
        for name, entry in tomllib.loads(file.read_text("utf-8")).items():
            unknown = set(entry) - _KEYS
            if unknown or name in seen:
                raise ValueError(f"{file.name}: rule {name} has unknown keys {sorted(unknown)} or occurs twice")
            if "(" in entry.get("near", ""):
                raise ValueError(f"{file.name}: rule {name}: near is alternatives of words, without groups")
            seen.add(name)
            yield Rule(
                id=name,
                pattern=entry["pattern"],
                near=entry.get("near"),
                context=entry.get("context"),
                check=entry.get("check"),
                entropy=entry.get("entropy", 2.5),
                digits=entry.get("digits", 0),
                confidence=entry.get("confidence", 0.85 if "near" in entry else 0.95),
            )
