"""Spans: where something was found, as which kind, by which rule. Holds no text."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple


class Span(NamedTuple):
    """Bytes [start, end) of a text are of `kind` (see `settings.KINDS`), says `rule`, with `confidence` 0 to 1."""

    kind: str
    rule: str
    start: int
    end: int
    confidence: float


#: Where spans overlap, the kind earlier in this list stays: what grants access before what names a person.
PRECEDENCE: Final = (
    "private_key",
    "token",
    "password",
    "credit_card",
    "iban",
    "email",
    "ip_address",
    "phone",
    "name",
    "high_entropy",
)
_RANK: Final = {kind: rank for rank, kind in enumerate(PRECEDENCE)}


def resolve(spans: Iterable[Span]) -> list[Span]:
    """Return spans that do not overlap, sorted by start.

    Of overlapping spans stays the one whose kind comes first in `PRECEDENCE`, then the more confident, the longer, the
    earlier, the rule first in the alphabet.
    """
    order = sorted(spans, key=lambda s: (_RANK[s.kind], -s.confidence, s.start - s.end, s.start, s.rule))
    kept: list[Span] = []
    starts: list[int] = []
    for span in order:
        index = bisect_left(starts, span.start)
        clear = index == len(kept) or kept[index].start >= span.end
        if clear and (index == 0 or kept[index - 1].end <= span.start):
            kept.insert(index, span)
            starts.insert(index, span.start)
    return kept


def line_start(text: bytes, at: int, reach: int) -> int:
    """Return where the line of byte `at` begins, or `at` - `reach` where that is nearer."""
    least = max(0, at - reach)
    return max(text.rfind(b"\n", least, at) + 1, least)


def covering(pattern: re.Pattern[bytes], text: bytes, start: int, hit: int, ahead: int) -> Iterator[re.Match[bytes]]:
    """Yield matches that begin at `start` or later, cover the byte before `hit`, and end at most `ahead` behind it.

    Matching is tried at each place rather than searched for, so that nothing behind `hit` is read without a match.
    """
    stop = min(len(text), hit + ahead)
    start = max(0, start)
    while start < hit:
        match = pattern.match(text, start, stop)
        if match is not None and match.end() >= hit:
            yield match
            start = match.end()
        start += 1


def after_escape(text: bytes, start: int, stop: int) -> int:
    """Return where a word begins that seems to begin at `start`, if that is the letter of an escape such as `\\n`."""
    slashes = 0
    while slashes < 8 and start - slashes > 0 and text[start - slashes - 1] == 0x5C:
        slashes += 1
    if slashes % 2:
        letter = text[start : start + 1]
        length = {b"x": 3, b"u": 5, b"U": 9}.get(letter, 1)
        if letter in b"abfnrtv0xuU":
            return min(stop, start + length)
    return start
