"""Linguist's rules that tell the languages of one extension apart by patterns in the content, and some of our own.

Knows nothing of names beyond the extension, and nothing of how likely a language is.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Final

from drystone.detect.languages.tables import facts
from drystone.detect.patterns import PatternSet

#: Linguist looks at this many bytes from the start (`HEURISTICS_CONSIDER_BYTES`).
CONSIDERED_BYTES: Final = 50 * 1024


#: Rules of our own: extension, then languages with a pattern in order.
_OWN: Final = Path(__file__).with_name("data") / "rules.toml"


class _Rules:
    """The rules of one group of extensions, with all their patterns in one set."""

    def __init__(self, rows: list[dict[str, list[object]]]) -> None:
        patterns: dict[str, int] = {}
        self.rows = []
        for row in rows:
            clauses = []
            for clause in row["all"]:
                assert isinstance(clause, dict)
                wanted = "any" in clause
                ids = frozenset(patterns.setdefault(p, len(patterns)) for p in clause["any" if wanted else "none"])
                clauses.append((ids, wanted))
            self.rows.append((tuple(map(str, row["languages"])), clauses))
        self._set = PatternSet(list(patterns), lines=True) if patterns else None

    def judge(self, content: bytes) -> tuple[str, ...]:
        found = self._set.matching(content[:CONSIDERED_BYTES]) if self._set else set()
        for names, clauses in self.rows:
            if all(bool(ids & found) is wanted for ids, wanted in clauses):
                return names
        return ()


@cache
def _groups() -> dict[str, list[dict[str, list[object]]]]:
    rules = {e: list(group["rules"]) for group in facts()["heuristics"] for e in group["extensions"]}
    for extension, own in tomllib.loads(_OWN.read_text("utf-8")).items():
        known = rules.setdefault(extension, [])
        # Linguist's last rule may name a language without any pattern: ours stand before it.
        place = len(known) - (bool(known) and not known[-1]["all"])
        known[place:place] = [{"languages": [name], "all": [{"any": [pattern]}]} for name, pattern in own.items()]
    return rules


@cache
def _rules(extension: str) -> _Rules | None:
    rows = _groups().get(extension)
    return _Rules(rows) if rows else None


def by_heuristics(extension: str, content: bytes) -> tuple[str, ...]:
    """Return the languages that the first fitting rule of `extension` (lower case, with its dot) names.

    Empty where no rule fits or none exists.
    """
    rules = _rules(extension)
    return rules.judge(content) if rules else ()
