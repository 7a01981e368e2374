from __future__ import annotations

import pytest
from scipy.stats import beta

from drystone.catalog.ranking.outcomes import one_vote, success_ends


def test_nobody_is_nothing_known() -> None:
    low, high = success_ends(0, 0)
    assert (float(low), float(high)) == (0, 1)


@pytest.mark.parametrize(("good", "bad"), [(1, 0), (0, 1), (7, 3), (900, 100)])
def test_the_interval_is_the_posterior_s(good: int, bad: int) -> None:
    low, high = success_ends(good, bad)
    expected = beta(1 + good, 1 + bad).ppf([0.025, 0.975])
    assert float(low) == pytest.approx(expected[0] if good else 0)
    assert float(high) == pytest.approx(expected[1] if bad else 1)


def test_the_first_vote_moves_most() -> None:
    before = 0.0
    moves = []
    for votes in range(1, 30):
        low = float(success_ends(votes, 0)[0])
        moves.append(low - before)
        before = low
    assert moves == sorted(moves, reverse=True)
    assert one_vote(10) == pytest.approx(10 * moves[0])
