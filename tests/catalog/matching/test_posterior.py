from __future__ import annotations

import pytest

from drystone.catalog.matching.posterior import HALF_LIFE, posterior


def test_the_posterior_of_one_success() -> None:
    # Beta(2, 1) has the distribution x squared, so that its quantiles are square roots.
    assert posterior([(True, 0.0)]) == pytest.approx((2 / 3, 0.025**0.5, 0.975**0.5, 1.0))
    # Beta(1, 2) is its mirror image.
    assert posterior([(False, 0.0)]) == pytest.approx((1 / 3, 1 - 0.975**0.5, 1 - 0.025**0.5, 1.0))


def test_old_reports_count_half_and_none_is_unknown() -> None:
    new, old = posterior([(True, 0.0)]), posterior([(True, HALF_LIFE)])
    assert new is not None
    assert old is not None
    assert (new.weight, old.weight) == (1.0, 0.5)
    assert (new.mean, old.mean) == pytest.approx((2 / 3, 1.5 / 2.5))
    assert old.high - old.low > new.high - new.low
    assert posterior([]) is None
