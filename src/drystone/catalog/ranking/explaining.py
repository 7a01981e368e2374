"""Why a rank is what it is: measures with their points, scales and facts; and what would turn an order."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drystone._words import many
from drystone.catalog.passports.passport import Fact, Passport, text_of
from drystone.catalog.passports.vocabulary import fact_kind
from drystone.catalog.ranking.gathering import read_fact
from drystone.catalog.ranking.outcomes import AllOutcomes, Outcomes, one_vote, success_ends
from drystone.catalog.ranking.rank import RankedArtifact, RankedKind
from drystone.catalog.ranking.scoring import NEWEST, OUTCOMES, ScoredFact

#: Votes that are looked at to turn an order.
MOST_VOTES = 20_000


@dataclass(frozen=True, slots=True)
class MeasureScore:
    """What one measure gives to a rank: from `low` to `high` points of at most `points`.

    `value`: what is known, for people; `fact`: the cell of the passport with its evidence, None where the passport does
    not speak of it (or the measure is no fact); `said`: how the points follow.
    """

    measure: ScoredFact
    title: str
    points: float
    low: float
    high: float
    value: str
    fact: Fact | None
    said: str


@dataclass(frozen=True, slots=True)
class RankExplanation:
    """A rank with all that it is made of. `outcomes`: people who voted; `one_vote`: most points that one moves."""

    artifact: RankedArtifact
    measures: tuple[MeasureScore, ...]
    outcomes: Outcomes
    one_vote: float


@dataclass(frozen=True, slots=True)
class MovedFact:
    """A fact of an artifact, and by how many points it could move the order."""

    artifact: str
    fact: str
    title: str
    points: float


@dataclass(frozen=True, slots=True)
class Turn:
    """What it takes to turn, or to settle, the order of two artifacts.

    `certain`: `ahead` is ahead in every case. Then `facts` are the fewest that, if they were wrong, would leave the
    order open, and `votes` the fewest people whose votes would. Else `facts` are the fewest unknown or uncertain ones
    that could settle it, and `votes` is None. Where nothing of the kind is enough, there are none.
    """

    ahead: str
    behind: str
    certain: bool
    gap: float
    facts: tuple[MovedFact, ...]
    votes: int | None
    said: str


def explain(
    ranked: RankedKind, passport: Passport, outcomes: AllOutcomes, upheld: Collection[tuple[str, str]] = ()
) -> RankExplanation | None:
    """Return how the rank of an artifact follows from its passport; None where it was not ranked."""
    artifact = ranked.find(passport.artifact.name)
    if artifact is None:
        return None
    at = ranked.names.index(artifact.name)
    found = []
    for number, measure in enumerate(ranked.scoring.measures):
        points = ranked.scoring.points(measure)
        ends = float(ranked.low[at, number]) * points, float(ranked.high[at, number]) * points
        fact = passport.fact(measure.fact)
        value = _value(measure, passport, fact, outcomes)
        wrong = (artifact.name, measure.fact) in upheld
        said = _said(measure, fact, bool(ranked.known[at, number]), wrong)
        found.append(MeasureScore(measure, fact_kind(measure.fact).title, points, *ends, value, fact, said))
    most = next((one.points for one in found if one.measure.fact == OUTCOMES), 0.0)
    return RankExplanation(artifact, tuple(found), outcomes.get(artifact.name, Outcomes(0, 0)), one_vote(most))


def _value(measure: ScoredFact, passport: Passport, fact: Fact | None, outcomes: AllOutcomes) -> str:
    if measure.fact == NEWEST:
        days = [one.date for one in passport.artifact.versions if one.date is not None]
        return max(days) if days else "unknown"
    if measure.fact == OUTCOMES:
        found = outcomes.get(passport.artifact.name, Outcomes(0, 0))
        if not sum(found):
            return "unknown: nobody said how a match went"
        return f"{found.successes:g} of {sum(found):g} people succeeded"
    return text_of(fact)


def _said(measure: ScoredFact, fact: Fact | None, known: bool, wrong: bool) -> str:
    declared = fact is not None and any(claim.basis in {"declared", "editorial"} for claim in fact.claims)
    if wrong:
        return "A dispute about it was upheld, so that it counts as unknown: everything from nothing to all."
    if known:
        doubt = " It is declared, and so taken with doubt to either side." if declared else ""
        return f"{measure.said[0].upper()}{measure.said[1:]}.{doubt}"
    if fact is not None and fact.claims and _unread(fact, measure):
        return "It is not said in the unit of the scale, so that it counts as unknown: everything from nothing to all."
    settled = fact.settled_by if fact is not None else None
    return "Unknown counts as everything from nothing to all." + (f" Settled by: {settled}" if settled else "")


def _unread(fact: Fact, measure: ScoredFact) -> bool:
    return read_fact(fact.model_dump(mode="json"), measure, fact_kind(measure.fact)) is None


def what_would_turn(ranked: RankedKind, one: str, other: str, outcomes: AllOutcomes) -> Turn:
    """Return what it takes to turn the order of two artifacts of one kind, or to settle it. Both were ranked."""
    at, to = ranked.names.index(one), ranked.names.index(other)
    low, high = ranked.ranks
    if (low[at], high[at]) < (low[to], high[to]):
        at, to = to, at
    gap = float(low[at] - high[to])
    points = np.array([ranked.scoring.points(measure) for measure in ranked.scoring.measures])
    if gap > 0:
        moves = [(at, ranked.low[at] * points), (to, (1 - ranked.high[to]) * points)]
        facts = _fewest(ranked, [(row, np.where(ranked.known[row], move, 0)) for row, move in moves], gap)
        votes = _votes(ranked, at, to, outcomes, gap)
    else:
        widths = [(row, (ranked.high[row] - ranked.low[row]) * points) for row in (at, to)]
        facts, votes = _fewest(ranked, widths, -gap), None
    titles = ranked.titles[at], ranked.titles[to]
    said = _turn_said(titles, gap, facts, votes)
    return Turn(ranked.names[at], ranked.names[to], gap > 0, gap, facts, votes, said)


def _fewest(ranked: RankedKind, moves: list[tuple[int, NDArray[np.float64]]], gap: float) -> tuple[MovedFact, ...]:
    """Return the fewest facts whose moves together reach a gap: the largest first; none where all do not."""
    every = [
        MovedFact(ranked.names[row], measure.fact, fact_kind(measure.fact).title, float(move[at]))
        for row, move in moves
        for at, measure in enumerate(ranked.scoring.measures)
        if move[at] > 0
    ]
    found, left = [], gap
    for fact in sorted(every, key=lambda fact: (-fact.points, fact.artifact, fact.fact)):
        found.append(fact)
        left -= fact.points
        if left <= 0:
            return tuple(found)
    return ()


def _votes(ranked: RankedKind, at: int, to: int, outcomes: AllOutcomes, gap: float) -> int | None:
    """Return how few people close a gap by votes against the one ahead and for the other; None: no number does."""
    by = next((measure for measure in ranked.scoring.measures if measure.fact == OUTCOMES), None)
    if by is None:
        return None
    points, counts = ranked.scoring.points(by), np.arange(MOST_VOTES + 1)
    ahead, behind = (outcomes.get(ranked.names[row], Outcomes(0, 0)) for row in (at, to))
    lows, _ = success_ends(ahead.successes, ahead.failures + counts)
    _, highs = success_ends(behind.successes + counts, behind.failures)
    falls, rises = points * (lows[0] - lows), points * (highs - highs[0])
    needed = np.searchsorted(np.maximum.accumulate(rises), gap - falls)  # votes for, after 0, 1, ... votes against
    enough = needed < len(rises)
    return int((counts + needed)[enough].min()) if enough.any() else None


def _turn_said(titles: tuple[str, str], gap: float, facts: tuple[MovedFact, ...], votes: int | None) -> str:
    ahead, behind = titles
    these = many(len(facts), "fact")
    if gap > 0:
        by = f"{ahead} is ahead of {behind} by {gap:.1f} points in every case."
        turned = f" It takes {these} being wrong to leave that open." if facts else ""
        said = many(votes, "more person", "more people") if votes is not None else "No number of people"
        return f"{by}{turned} {said} could do it by votes."
    if not facts:
        return f"{ahead} and {behind} are equal, and nothing is known that would part them."
    return f"Which of {ahead} and {behind} is ahead is open. Knowing {these} could settle it."
