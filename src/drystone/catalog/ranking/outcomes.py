"""How matches went for an artifact, as an interval; one person counts once, however often they vote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

import numpy as np
import sqlalchemy as sa
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

from drystone.catalog.matching.posterior import decayed
from drystone.catalog.matching.records import MatchRecords
from drystone.catalog.matching.tables import SHOWN


class Vote(NamedTuple):
    """What one person (any name that stays the same, such as a hash) said of a match with an artifact.

    `weight`: what it counts for, 1 at most; old ones count less.
    """

    artifact: str
    person: str
    success: bool
    weight: float = 1.0


class Outcomes(NamedTuple):
    """People whose last word on an artifact was success or failure; fractions where some count for less."""

    successes: float
    failures: float


#: Outcomes of artifacts by name.
AllOutcomes: TypeAlias = Mapping[str, Outcomes]


def count_votes(votes: Iterable[Vote]) -> dict[str, Outcomes]:
    """Return outcomes by artifact: of each person the last vote counts, so that a thousand by one are one."""
    last = {(vote.artifact, vote.person): vote for vote in votes}
    found: dict[str, Outcomes] = {}
    for vote in last.values():
        good, bad = found.get(vote.artifact, Outcomes(0, 0))
        found[vote.artifact] = Outcomes(good + vote.weight * vote.success, bad + vote.weight * (not vote.success))
    return found


def recorded_outcomes(engine: sa.Engine | None) -> dict[str, Outcomes]:
    """Return the outcomes that people reported to a catalog; none without a database, or before the first search."""
    if engine is None or not sa.inspect(engine).has_table(SHOWN.name):
        return {}
    reports = MatchRecords(engine).reports()
    return count_votes(Vote(name, who, success, decayed(age)) for name, who, success, age in reports)


def success_ends(successes: ArrayLike, failures: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the 95 % interval of the share of successes: Beta posterior on a flat prior; 0 to 1 where nobody voted."""
    good, bad = np.asarray(successes, np.float64), np.asarray(failures, np.float64)
    low, high = betaincinv(1 + good, 1 + bad, 0.025), betaincinv(1 + good, 1 + bad, 0.975)
    nobody = good + bad == 0
    # Without a failure nothing speaks against a share of 1, and without a success nothing against one of 0.
    return np.where(nobody | (good == 0), 0.0, low), np.where(nobody | (bad == 0), 1.0, high)


def one_vote(points: float) -> float:
    """Return the most points by which one person's vote moves an end of a rank, if outcomes give up to `points`.

    It is the first vote: from then on each moves less.
    """
    low, _ = success_ends(1, 0)
    return points * float(low)
