"""How sure it is that something does what people want of it, from what they reported. Knows no database.

Reports count less as they age: half after `HALF_LIFE` days. The posterior is Beta(1 + successes, 1 + failures) of what
they count for now, its interval the middle 95 % (Gelman and others, Bayesian Data Analysis, 3rd edition, 2.4).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from scipy.special import betaincinv

#: Days after which a report counts half.
HALF_LIFE: Final = 180.0


class Posterior(NamedTuple):
    """Mean and 95 % interval, of 0 to 1, and what all reports count for now."""

    mean: float
    low: float
    high: float
    weight: float


def decayed(age: float) -> float:
    """Return what a report of so many days counts for now."""
    return float(0.5 ** (max(0.0, age) / HALF_LIFE))


def posterior(reports: Iterable[tuple[bool, float]]) -> Posterior | None:
    """Return the posterior of reports, each whether it was a success and its age in days; None where there are none."""
    weights = [(success, decayed(age)) for success, age in reports]
    if not weights:
        return None
    successes = sum(weight for success, weight in weights if success)
    failures = sum(weight for success, weight in weights if not success)
    a, b = 1 + successes, 1 + failures
    return Posterior(a / (a + b), float(betaincinv(a, b, 0.025)), float(betaincinv(a, b, 0.975)), successes + failures)
