"""Between which numbers a claim, or a fact, lies. Knows no scale and no artifact."""

from __future__ import annotations

import math
from typing import Final

from drystone.catalog.passports.passport import Fact

#: Where nobody knows: everything may be.
NOWHERE: Final = (-math.inf, math.inf)


def fact_ends(fact: Fact | None, questions: int | None = None) -> tuple[float, float]:
    """Return between which numbers a fact lies: all that its claims leave open; endless where nobody knows."""
    if fact is None or not fact.claims:
        return NOWHERE
    ends = [claim_ends(claim.number, claim.low, claim.high, questions) for claim in fact.claims]
    return min(low for low, _ in ends), max(high for _, high in ends)


def claim_ends(
    value: float | None, low: float | None = None, high: float | None = None, questions: int | None = None
) -> tuple[float, float]:
    """Return the interval that a claim gives; endless where its value is no number.

    Of a share (%) of so many `questions` that was given without one: 95 % by the normal approximation.
    """
    if low is not None and high is not None:
        return low, high
    if value is None:
        return NOWHERE
    if questions is None or not 0 <= value <= 100:
        return value, value
    off = 1.96 * math.sqrt(value * (100 - value) / questions)
    return value - off, value + off
