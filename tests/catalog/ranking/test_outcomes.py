from __future__ import annotations

from pathlib import Path

import pytest
from scipy.stats import beta

from drystone.catalog.matching.posterior import HALF_LIFE, decayed
from drystone.catalog.matching.records import MatchRecords, Seeker
from drystone.catalog.matching.shapes import ArtifactHit
from drystone.catalog.ranking.outcomes import Outcomes, Vote, count_votes, one_vote, recorded_outcomes, success_ends
from drystone.catalog.ranking.ranking import rank_shelf
from drystone.catalog.shelf.shelf import Shelf

HITS = [ArtifactHit("mini", "reader", "mini", None, None, 1.0, ())]


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


def test_reports_of_searches_are_votes(tmp_path: Path) -> None:
    """One session's reports count once, those of bots not at all, and old ones less."""
    now = [1_800_000_000.0]
    with Shelf(tmp_path / "c.sqlite", make=True) as shelf:
        assert recorded_outcomes(shelf.engine) == {}
        assert shelf.engine is not None
        records = MatchRecords(shelf.engine, lambda: now[0])
        for session, query, agent in (("a", "one", ""), ("a", "two", ""), ("b", "one", ""), ("c", "one", "bot")):
            search = records.record(query, "", HITS, Seeker(session, agent))
            for _ in range(1000 if session == "a" else 1):
                records.report(records.token(search, "mini"), success=session != "b")
        assert count_votes(_votes(records)) == {"mini": Outcomes(1, 1)}
        assert rank_shelf(shelf).outcomes.keys() == {"mini"}
        now[0] += 86_400 * HALF_LIFE
        assert count_votes(_votes(records))["mini"].successes == pytest.approx(0.5)
    assert recorded_outcomes(None) == {}


def _votes(records: MatchRecords) -> list[Vote]:
    return [Vote(name, who, success, decayed(age)) for name, who, success, age in records.reports()]
