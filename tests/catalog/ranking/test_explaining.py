"""Every number of a rank leads to its evidence, and what would turn an order is the least that would."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from drystone.catalog.ranking.explaining import explain, what_would_turn
from drystone.catalog.ranking.outcomes import Outcomes, success_ends
from drystone.catalog.ranking.rank import RankedKind
from tests.catalog.passports.made import disputed, known, unknown
from tests.catalog.ranking.made import F1, measured, ranked, reader, whole_reader

SCORED = Outcomes(400, 10)


def test_the_measures_add_up_to_the_rank_and_show_their_evidence() -> None:
    passport = reader("one", disputed(F1, 86.0, 88.0, unit="%"), known("formats", "safetensors"), unknown("window"))
    found = explain(ranked(passport), passport, {})
    assert found is not None
    assert sum(one.low for one in found.measures) == pytest.approx(found.artifact.low)
    assert sum(one.high for one in found.measures) == pytest.approx(found.artifact.high)
    by = {one.measure.fact: one for one in found.measures}
    assert by[F1].fact is not None
    assert [claim.evidence[0].quote for claim in by[F1].fact.claims] == ["F1 of 87.1"] * 2
    assert by[F1].value == "disputed: 86% or 88%"
    assert by["window"].said == "Unknown counts as everything from nothing to all. Settled by: asking the maintainer"
    assert by["matches.success_share"].value == "unknown: nobody said how a match went"
    assert explain(ranked(passport), reader("other"), {}) is None


def test_what_is_not_in_the_unit_says_so() -> None:
    passport = reader("one", measured(F1, 0.9))
    found = explain(ranked(passport), passport, {})
    assert found is not None
    assert next(one for one in found.measures if one.measure.fact == F1).said.startswith("It is not said in the unit")


@pytest.mark.parametrize("f1", [(95.0, 60.0), (95.0, 52.0), (80.0, 70.0)])
def test_no_fewer_facts_turn_an_order(f1: tuple[float, float]) -> None:
    good, bad = whole_reader("good", f1[0]), whole_reader("bad", f1[1])
    found = ranked(good, bad, outcomes={"good": SCORED, "bad": SCORED})
    turn = what_would_turn(found, "bad", "good", {"good": SCORED, "bad": SCORED})
    assert turn.certain
    assert (turn.ahead, turn.behind) == ("good", "bad")
    assert turn.facts
    assert _turned(found, [(one.artifact, one.fact) for one in turn.facts])
    every = [(name, measure.fact) for name in ("good", "bad") for measure in found.scoring.measures]
    for fewer in itertools.combinations(every, len(turn.facts) - 1):
        assert not _turned(found, list(fewer))


def test_no_fewer_votes_turn_an_order() -> None:
    outcomes = {"good": Outcomes(6, 2), "bad": Outcomes(2, 6)}
    good, bad = whole_reader("good", 90.0), whole_reader("bad", 77.0)
    found = ranked(good, bad, outcomes=outcomes)
    turn = what_would_turn(found, "good", "bad", outcomes)
    assert turn.certain
    assert turn.votes is not None
    best = None
    for votes in range(1, turn.votes + 1):
        for against in range(votes + 1):
            more = {"good": Outcomes(6, 2 + against), "bad": Outcomes(2 + votes - against, 6)}
            again = ranked(good, bad, outcomes=more)
            if again.ranks[0][0] <= again.ranks[1][1] + 1e-9:
                best = best or votes
    assert best == turn.votes


def test_votes_cannot_turn_what_weighs_more() -> None:
    outcomes = {"good": SCORED, "bad": SCORED}
    found = ranked(whole_reader("good", 95.0), whole_reader("bad", 50.0), outcomes=outcomes)
    turn = what_would_turn(found, "good", "bad", outcomes)
    assert turn.certain
    low, high = map(float, success_ends(*SCORED))
    assert turn.gap > 15 * (low + 1 - high), "more than all votes can move"
    assert turn.votes is None
    assert "No number of people" in turn.said


def test_equal_ones_have_no_order() -> None:
    outcomes = {"one": SCORED, "two": SCORED}
    found = ranked(whole_reader("one", 80.0), whole_reader("two", 80.0), outcomes=outcomes)
    turn = what_would_turn(found, "one", "two", outcomes)
    assert not turn.certain
    assert "is open" in turn.said


def _turned(found: RankedKind, wrong: list[tuple[str, str]]) -> bool:
    """Return whether the order is open once these facts are the worst for the one ahead, and the best for the other."""
    low, high = found.low.copy(), found.high.copy()
    for name, fact in wrong:
        column = [one.fact for one in found.scoring.measures].index(fact)
        if name == "good":
            low[found.names.index(name), column] = 0
        else:
            high[found.names.index(name), column] = 1
    points = np.array([found.scoring.points(one) for one in found.scoring.measures])
    return bool((low @ points)[found.names.index("good")] <= (high @ points)[found.names.index("bad")] + 1e-9)
