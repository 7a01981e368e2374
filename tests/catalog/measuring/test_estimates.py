from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import poisson

from drystone.catalog.measuring.estimates import Interval, ratio, widened


def test_of_the_whole_it_is_exact() -> None:
    assert ratio(np.array([1.0, 3.0]), np.array([10.0, 10.0]), 2, whole=True) == (0.2, 0.2, 0.2)


def test_groups_that_are_alike_say_more_than_groups_that_are_not() -> None:
    counts = np.full(20, 10.0)
    alike = ratio(np.full(20, 5.0), counts, 1000, whole=False)
    apart = ratio(np.tile([0.0, 10.0], 10), counts, 1000, whole=False)
    assert alike == (0.5, 0.5, 0.5)
    assert apart.high - apart.low == pytest.approx(2 * 2.093 * np.sqrt(20 / 19 * 20 * 25) / 200, rel=0.02)
    assert ratio(np.array([5.0]), np.array([10.0]), 9, whole=False).high == np.inf, "one group says nothing of others"
    assert ratio(np.array([5.0]), np.array([10.0]), 1, whole=False) == (0.5, 0.5, 0.5), "there are no others"


def test_chance_is_never_left_out() -> None:
    """The exact Poisson interval: its ends are where as many or more, as few or fewer, come by 2.5 %."""
    found = widened(Interval(0.05, 0.05, 0.05), 5, 100, share=False)
    assert poisson.sf(4, 100 * found.low) == pytest.approx(0.025)
    assert poisson.cdf(5, 100 * found.high) == pytest.approx(0.025)
    none = widened(Interval(0.0, 0.0, 0.0), 0, 100, share=True)
    assert none.low == 0
    assert poisson.cdf(0, 100 * none.high) == pytest.approx(0.025)
    assert widened(Interval(1.0, 1.0, 1.0), 3, 3, share=True).high == 1
