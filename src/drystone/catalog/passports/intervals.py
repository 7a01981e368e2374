"""Between which numbers a claim lies. Knows no scale and no artifact."""

from __future__ import annotations

import math
from typing import Final

#: Where nobody knows: everything may be.
NOWHERE: Final = (-math.inf, math.inf)


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
