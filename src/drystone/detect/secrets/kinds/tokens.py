"""Provider tokens: a hit of a rule's pattern, judged in a window around it. Knows no engine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Final

from drystone.detect.secrets import checks
from drystone.detect.secrets.catalog import Rule
from drystone.detect.secrets.spans import Span, covering

#: A pattern's match is sought at most this many bytes before the end of a hit.
WIDEST: Final = 2048

# A token may begin after an escape in a string literal (`\nghp_...`) or in a URL (`%3Dghp_...`).
_LEFT: Final = r"(?:(?<![A-Za-z0-9+])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2})|(?=[^A-Za-z0-9_]))"

# `sha256=S4GY3z-rf_BGu...`: the rest of a digest that chance made look like a token.
_DIGEST = re.compile(rb"(?i)sha\d{1,3}[=:-][A-Za-z0-9+/_=-]{0,60}$")


def exact(rule: Rule) -> re.Pattern[bytes]:
    """Return the rule's pattern between boundaries, as `re` takes it."""
    last_class = re.search(r"\[([^\[\]]*)\](?:\{[^{}]*\}|[?*+])*\)?$", rule.pattern)
    right = "A-Za-z0-9" + ("_-" if last_class and last_class[1].endswith("_-") else "")
    return re.compile(f"{_LEFT}(?:{rule.pattern})(?![{right}])".encode())


def first_match(rule: Rule) -> str:
    """Return the rule's pattern as Hyperscan should look for it: no longer than needed, so that it reports once."""
    found = re.sub(r"(?:\[=\]|=)(?:\{0,\d\}|\?)(\)*)$", r"\1", rule.pattern)
    return re.sub(r"\{(\d+),\d*\}(\)*)$", r"{\1}\2", found)


def judge(rule: Rule, value: bytes) -> float:
    """Return the confidence that `value`, in the rule's format, is a secret; 0 for none."""
    if rule.near is not None and checks.counting(value):
        return 0.0
    if checks.digits(value) < rule.digits or checks.entropy(value) < rule.entropy or checks.masked(value):
        return 0.0
    sure = rule.confidence
    if rule.check is not None:
        sure = min(sure, checks.CHECKS[rule.check](value))
    return sure


class Token:
    """Judges the hits of one rule."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.kind = "token"
        self.most = 1.0
        self.expression = first_match(rule)
        # Where no repetition is open-ended, how far before a hit's end its match can begin.
        counts = re.findall(r"\{(?:\d+,)?(\d+)\}", self.expression)
        open_ended = re.search(r"\{\d+,\}|[+*](?!\])", self.expression)
        self._back = WIDEST if open_ended else min(WIDEST, sum(map(int, counts)) * 2 + len(self.expression))

    @cached_property
    def _exact(self) -> re.Pattern[bytes]:
        return exact(self.rule)

    def spans(self, text: bytes, hit: int, since: int, path: str | None) -> Iterator[Span]:
        """Yield the span whose match covers byte `hit` - 1, if it holds."""
        for match in covering(self._exact, text, max(since, hit - self._back), hit, WIDEST):
            start, end = match.span(1) if self._exact.groups and match[1] is not None else match.span()
            sure = judge(self.rule, text[start:end])
            if sure and not _DIGEST.search(text, max(0, start - 64), start):
                yield Span("token", self.rule.id, start, end, sure)
