"""What passports say of the measures of a scoring, as arrays: 100,000 of them in a few seconds. Scores nothing.

Passports are read as the JSON that they are kept in: each was checked when it was added.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from drystone.catalog.passports.intervals import claim_ends
from drystone.catalog.passports.passport import ArtifactKind
from drystone.catalog.passports.vocabulary import FactKind, fact_kind
from drystone.catalog.ranking.outcomes import AllOutcomes, success_ends
from drystone.catalog.ranking.scoring import NEWEST, OUTCOMES, KindScoring, ScoredFact, Scoring

#: A fact of a passport, as JSON.
_Fact = Mapping[str, Any]
#: Its ends, and whether all of it was measured or derived.
_Read = tuple[float, float, bool]
#: Facts that were found to be wrong: (name of the artifact, name of the fact). They count as unknown.
Upheld = Collection[tuple[str, str]]
_MEASURED: Final = frozenset({"measured", "derived"})


@dataclass(frozen=True, slots=True)
class Gathered:
    """The artifacts of one kind. `low` and `high` (artifacts x measures, in units of the facts) are NaN where unknown.

    `measured`: what is not only declared.
    """

    names: list[str]
    titles: list[str]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    measured: NDArray[np.bool_]


def gather(
    passports: Iterable[bytes], scoring: Scoring, day: date, outcomes: AllOutcomes, upheld: Upheld = ()
) -> dict[ArtifactKind, Gathered]:
    """Return what the measures of a scoring take, by kind; ages in days before `day`."""
    kinds: tuple[ArtifactKind, ...] = ("dataset", "reader")
    plans = {kind: _Plan(scoring.of(kind)) for kind in kinds}
    for data in passports:
        passport = orjson.loads(data)
        plans[passport["artifact"]["kind"]].add(passport, day, upheld)
    return {kind: plan.gathered(outcomes) for kind, plan in plans.items()}


class _Plan:
    """Collects artifacts of one kind: a cell is appended for each fact that a measure takes, with its place."""

    def __init__(self, scoring: KindScoring) -> None:
        self._at = {one.fact: at for at, one in enumerate(scoring.measures)}
        self._facts = {one.fact: (at, one, fact_kind(one.fact)) for at, one in enumerate(scoring.measures)}
        self._names: list[str] = []
        self._titles: list[str] = []
        self._places: list[int] = []
        self._cells: list[_Read] = []

    def add(self, passport: Mapping[str, Any], day: date, upheld: Upheld) -> None:
        artifact, facts = passport["artifact"], self._facts
        start, name = len(self._names) * len(facts), artifact["name"]
        self._names.append(name)
        self._titles.append(artifact["title"])
        for fact in passport.get("facts", ()):
            wanted = facts.get(fact["name"])
            if wanted is not None and wanted[1].of_passport and "claims" in fact and (name, fact["name"]) not in upheld:
                read = read_fact(fact, wanted[1], wanted[2])
                if read is not None:
                    self._places.append(start + wanted[0])
                    self._cells.append(read)
        if NEWEST in facts and (name, NEWEST) not in upheld:
            age = _age(artifact.get("versions", ()), day)
            if age is not None:
                self._places.append(start + facts[NEWEST][0])
                self._cells.append((age, age, True))

    def gathered(self, outcomes: AllOutcomes) -> Gathered:
        shape = (len(self._names), len(self._at))
        low, high = np.full(shape, np.nan), np.full(shape, np.nan)
        measured = np.zeros(shape, np.bool_)
        if self._cells:
            cells = np.array(self._cells, np.float64)
            low.flat[self._places], high.flat[self._places] = cells[:, 0], cells[:, 1]
            measured.flat[self._places] = cells[:, 2] > 0
        at = self._at.get(OUTCOMES)
        voted = [row for row, name in enumerate(self._names) if name in outcomes] if outcomes else []
        if at is not None and voted:
            counts = np.array([outcomes[self._names[row]] for row in voted])
            some = counts.sum(1) > 0
            rows = np.array(voted)[some]
            low[rows, at], high[rows, at] = success_ends(counts[some, 0], counts[some, 1])
            measured[rows, at] = True
        return Gathered(self._names, self._titles, low, high, measured)


def read_fact(fact: _Fact, measure: ScoredFact, kind: FactKind) -> _Read | None:
    """Return between which numbers a fact lies, a disputed one from its lowest claim to its highest; None: unknown.

    What is not said as the measure takes it (another unit, a share over 100 %, words for a number) is not understood,
    and so unknown.
    """
    claims = fact.get("claims", ())
    ends = [_ends(claim, measure, kind) for claim in claims]
    known = [one for one in ends if one is not None]
    if not known or len(known) < len(ends):
        return None
    measured = all(claim["basis"] in _MEASURED for claim in claims)
    return min(low for low, _ in known), max(high for _, high in known), measured


def _ends(claim: Mapping[str, Any], measure: ScoredFact, kind: FactKind) -> tuple[float, float] | None:
    value = claim["value"]
    if measure.shape == "yes":
        return (float(value), float(value)) if isinstance(value, bool) else None
    if measure.shape == "count":
        listed = value if isinstance(value, list) else value.split(",") if isinstance(value, str) else None
        return None if listed is None else (len(listed), len(listed))
    if isinstance(value, bool) or not isinstance(value, int | float) or claim.get("unit") != kind.unit:
        return None
    low, high = claim_ends(value, claim.get("low"), claim.get("high"), kind.questions)
    if kind.unit == "%" and not 0 <= value <= 100:
        return None
    return (low, high) if math.isfinite(low) and math.isfinite(high) else None


def _age(versions: Iterable[Mapping[str, Any]], day: date) -> float | None:
    """Return the days since the newest version with a day; None where none has one, or it is still to come."""
    days = [one["date"] for one in versions if one.get("date") is not None]
    try:
        age = (day - date.fromisoformat(max(days))).days if days else -1
    except ValueError:
        return None
    return float(age) if age >= 0 else None
