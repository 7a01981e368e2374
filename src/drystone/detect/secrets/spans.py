"""Spans: where something was found, as which kind, by which rule. Holds no text."""

from __future__ import annotations

from collections.abc import Iterable
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
    for span in order:
        if all(span.end <= other.start or span.start >= other.end for other in kept):
            kept.append(span)
    return sorted(kept, key=lambda s: s.start)
