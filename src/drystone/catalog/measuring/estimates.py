"""What a sample says of the whole: shares and rates with 95 % intervals, by the groups that were drawn."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv
from scipy.stats import t as student

Floats = NDArray[np.float64]


class Interval(NamedTuple):
    """A value and the interval that holds the whole's (95 %)."""

    value: float
    low: float
    high: float

    @property
    def said(self) -> str:
        """The value with its interval."""
        return f"{self.value:.9g}" + ("" if self.low == self.high else f" (95 %: {self.low:.9g} to {self.high:.9g})")

    def times(self, factor: float) -> Interval:
        """Return it in another unit."""
        return Interval(self.value * factor, self.low * factor, self.high * factor)


def ratio(amounts: Floats, counts: Floats, groups: float, *, whole: bool) -> Interval:
    """Interval amounts for each count (files) from groups that were drawn out of `groups`.

    Cochran, Sampling Techniques, 6.4: a ratio's variance between groups, with the correction for a finite number; the
    interval has no end where one group was drawn of several, and none of its width is from rows within groups
    (`widened` sees to these). Of the `whole` it is exact.
    """
    total, drawn = float(counts.sum()), len(counts)
    value = float(amounts.sum()) / total
    if whole:
        return Interval(value, value, value)
    off = 0.0 if drawn == groups else math.inf
    if 1 < drawn < groups:
        left = amounts - value * counts
        variance = drawn / (drawn - 1) * float(left @ left) / total**2 * (1 - drawn / groups)
        off = float(student.ppf(0.975, drawn - 1)) * math.sqrt(variance)
    return Interval(value, max(0.0, value - off), value + off)


def widened(found: Interval, seen: float, files: int, *, share: bool) -> Interval:
    """Return an estimate that is no surer than what was `seen` in so many files allows by chance (Poisson, exact).

    `share`: it is one of 0 to 1.
    """
    low = float(gammaincinv(seen, 0.025)) / files if seen else 0.0
    high = float(gammaincinv(seen + 1, 0.975)) / files
    high = max(found.high, high)
    return Interval(found.value, max(0.0, min(found.low, low, found.value)), min(1.0, high) if share else high)
