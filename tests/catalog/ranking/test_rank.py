"""Ranks as intervals: the laws that no passport and no vote gets around."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from drystone.catalog.passports.passport import Passport
from drystone.catalog.passports.vocabulary import fact_kinds
from drystone.catalog.ranking.outcomes import Vote, count_votes, one_vote
from drystone.catalog.ranking.scoring import OUTCOMES, find_scoring, scorings
from tests.catalog.passports.made import disputed, known, unknown
from tests.catalog.ranking.made import F1, measured, ranked, reader, whole_reader


def test_who_is_better_in_every_case_is_ahead() -> None:
    found = ranked(whole_reader("good", 90.0), whole_reader("bad", 60.0), scoring=_without_matches())
    good, bad = found.find("good"), found.find("bad")
    assert good is not None
    assert bad is not None
    assert good.low > bad.high
    assert (good.places, bad.places) == ("1", "2")
    assert [row.name for row in found.rows()] == ["good", "bad"]
    assert good.known == pytest.approx(100)


def test_a_rank_by_hand() -> None:
    """F1 72.5 lies half way from 50 to 95; it has 3 of 9 shares of quality's 55 points."""
    row = ranked(reader("one", measured(F1, 72.5, "%", low=72.5, high=72.5))).row(0)
    assert row.low == pytest.approx(55 * 3 / 9 / 2)
    assert row.high == pytest.approx(100 - 55 * 3 / 9 / 2)
    assert row.known == pytest.approx(55 * 3 / 9)


def test_nothing_known_is_no_zero() -> None:
    row = ranked(reader("nobody")).row(0)
    assert (row.low, row.high, row.known) == (0, 100, 0)
    assert row.text == "0.0 to 100.0"


def test_an_unknown_widens_and_never_lowers() -> None:
    """Whichever facts are taken away: the interval holds the one that was, so that no unknown counts as 0."""
    full = whole_reader("one", 85.0)
    whole = ranked(full).row(0)
    names = [fact.name for fact in full.facts if fact.claims]
    draw = random.Random(1)
    for _ in range(50):
        left_out = set(draw.sample(names, draw.randint(1, len(names))))
        kept = [fact for fact in full.facts if fact.name not in left_out]
        row = ranked(full.model_copy(update={"facts": tuple(kept)})).row(0)
        assert row.low < whole.low
        assert row.high > whole.high


@pytest.mark.parametrize(
    "fact",
    [
        unknown(F1),
        {"name": F1, "status": "not_applicable"},
        measured(F1, "about ninety"),
        measured(F1, 0.9),
        measured(F1, 90.0, "points"),
        measured(F1, 900.0, "%"),
        measured(F1, True),
        disputed(F1, 90.0, "about ninety"),
        measured("size.parameters", 1, "parameters"),
    ],
    ids=lambda fact: str(fact.get("claims", fact["status"]))[:40],
)
def test_what_is_not_understood_is_unknown(fact: dict[str, object]) -> None:
    row = ranked(reader("one", fact)).row(0)  # type: ignore[arg-type]
    assert (row.low, row.high, row.known) == (0, 100, 0)


def test_a_disputed_fact_spans_its_claims() -> None:
    row = ranked(reader("one", disputed(F1, 86.0, 88.0, unit="%"))).row(0)
    outer = [ranked(reader("one", known(F1, value, unit="%"))).row(0) for value in (86.0, 88.0)]
    assert row.low == pytest.approx(outer[0].low)
    assert row.high == pytest.approx(outer[1].high)


def test_what_is_declared_is_taken_with_doubt() -> None:
    exact = {"low": 72.5, "high": 72.5, "unit": "%"}
    said = ranked(reader("one", known(F1, 72.5, **exact))).row(0)
    shown = ranked(reader("one", measured(F1, 72.5, **exact))).row(0)
    assert said.low < shown.low
    assert said.high > shown.high


def test_a_passport_cannot_declare_its_matches_nor_a_day_to_come() -> None:
    given = [measured(OUTCOMES, 100.0, "%"), measured("versions.newest", 0)]
    row = ranked(reader("one", *given, day="2999-01-01")).row(0)
    assert (row.low, row.high) == (0, 100)


def test_no_fact_moves_a_rank_by_more_than_its_points() -> None:
    for scoring in scorings().values():
        for measure in scoring.reader.measures:
            assert measure.fact in fact_kinds()
        assert sum(map(scoring.reader.points, scoring.reader.measures)) == pytest.approx(100)
    points = {one.fact: find_scoring().reader.points(one) for one in find_scoring().reader.measures}
    low, high = (ranked(reader("one", measured(F1, value, "%"))).row(0) for value in (0.0, 100.0))
    assert high.low - low.low == pytest.approx(points[F1])
    assert high.high - low.high == pytest.approx(points[F1])


def test_others_move_no_rank() -> None:
    one, others = whole_reader("one", 80.0), [whole_reader(f"other{n}", 50.0 + n) for n in range(40)]
    alone, among = ranked(one).find("one"), ranked(one, *others).find("one")
    assert alone is not None
    assert among is not None
    assert (alone.low, alone.high, alone.aspects) == (among.low, among.high, among.aspects)


def test_the_order_in_which_they_are_added_is_none() -> None:
    passports = [whole_reader(f"r{n}", f1) for n, f1 in enumerate((80.0, 60.0, 90.0, 80.0))]
    found = {tuple(row.name for row in ranked(*order).rows()) for order in itertools.permutations(passports)}
    assert len(found) == 1


def test_votes_of_one_person_are_one_vote() -> None:
    """A thousand votes by one person: the rank moves no further than the influence that is stated."""
    rivals = whole_reader("one", 80.0), whole_reader("other", 80.0)
    influence = one_vote(
        next(find_scoring().reader.points(m) for m in find_scoring().reader.measures if m.fact == OUTCOMES)
    )
    assert 0 < influence < 3
    for before in ([], [Vote("one", f"p{n}", n % 3 > 0) for n in range(20)]):
        for success in (True, False):
            thousand = [*before, *[Vote("one", "mallory", success)] * 1000]
            assert count_votes(thousand) == count_votes([*before, Vote("one", "mallory", success)])
            old, new = (_row(rivals, votes) for votes in (before, thousand))
            moved = max(abs(new.low - old.low), abs(new.high - old.high))
            assert 0 < moved <= influence + 1e-9
    switching = [Vote("one", "mallory", n % 2 == 0) for n in range(1001)]
    assert count_votes(switching) == count_votes([Vote("one", "mallory", True)])


def test_places_say_who_may_be_where() -> None:
    values = [whole_reader(f"r{n}", 50.0 + 4 * n) for n in range(12)]
    found = ranked(*values)
    low, high = found.ranks
    for at in range(len(found)):
        assert found.places[0][at] == 1 + np.sum(low > high[at])
        assert found.places[1][at] == len(found) - np.sum(high < low[at])


def _row(rivals: tuple[Passport, ...], votes: list[Vote]):  # type: ignore[no-untyped-def]
    found = ranked(*rivals, outcomes=count_votes(votes)).find("one")
    assert found is not None
    return found


def _without_matches():  # type: ignore[no-untyped-def]
    scoring = find_scoring()
    kind = scoring.reader
    measures = tuple(one for one in kind.measures if one.fact != OUTCOMES)
    weights = {**kind.weights, "matches": 0.0, "quality": kind.weights["quality"] + kind.weights["matches"]}
    return scoring.model_copy(update={"reader": kind.model_copy(update={"measures": measures, "weights": weights})})
