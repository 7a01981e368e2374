"""Spans: where something was found, as which kind, by which rule. Holds no text."""

from __future__ import annotations

import re
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
    earlier, the rule first in the alphabet. A span that lost grows the winner where it reaches beyond it only if both
    grant access (private_key, token, password, high_entropy), so that no half of a secret stays in the text.
    """
    order = sorted(spans, key=lambda s: (_RANK[s.kind], -s.confidence, s.start - s.end, s.start, s.rule))
    kept: list[Span] = []
    starts: list[int] = []
    for span in order:
        # What is kept does not overlap, so only the neighbours on either side can be in the way.
        at = bisect_left(starts, span.start)
        if at and kept[at - 1].end > span.start:
            continue
        if at < len(kept) and kept[at].start < span.end:
            continue
        kept.insert(at, span)
        starts.insert(at, span.start)
    return kept


def covering(pattern: re.Pattern[bytes], text: bytes, hit: int, back: int, ahead: int) -> Iterator[re.Match[bytes]]:
    """Yield matches that cover the byte before `hit`: they begin at most `back` before it, end at most `ahead` after.

    Matching is tried at each place rather than searched for, so that nothing behind `hit` is read without a match.
    """
    stop = min(len(text), hit + ahead)
    start = max(0, hit - back)
    while start < hit:
        match = pattern.match(text, start, stop)
        if match is not None and match.end() >= hit:
            yield match
            start = match.end()
        start += 1
