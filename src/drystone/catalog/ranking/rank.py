"""Ranks artifacts of one kind: each from 0 to 100 as an interval, and the places that it can have. Reads no passport.

What is unknown counts as everything from nothing to all, never as nothing: it widens the interval. An artifact is
before another only where its worst case is better than the other's best.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drystone.catalog.passports.passport import ArtifactKind
from drystone.catalog.ranking.gathering import Gathered
from drystone.catalog.ranking.scoring import ASPECTS, Aspect, KindScoring, ScoredFact, Scoring

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AspectScore:
    """What an aspect gives, in points of the rank: from `low` to `high`, at most `points`."""

    aspect: Aspect
    points: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class RankedArtifact:
    """An artifact's rank from `low` to `high` (0 to 100), and its best and worst place among its kind, from 1.

    `known`: points, of 100, that rest on something known; the others make the interval wide.
    """

    name: str
    title: str
    low: float
    high: float
    known: float
    best_place: int
    worst_place: int
    aspects: tuple[AspectScore, ...]

    @property
    def text(self) -> str:
        """The rank for people."""
        low, high = f"{self.low:.1f}", f"{self.high:.1f}"
        return low if low == high else f"{low} to {high}"

    @property
    def places(self) -> str:
        """The places for people."""
        if self.best_place == self.worst_place:
            return f"{self.best_place:,}"
        return f"{self.best_place:,} to {self.worst_place:,}"


@dataclass(frozen=True, slots=True)
class RankedKind:
    """All artifacts of a kind in their order, and the arrays that it was made from (`rows[i]` is row `i` of these).

    `low` and `high`: artifacts x measures, 0 to 1 on the scale of each measure.
    """

    kind: ArtifactKind
    scoring: KindScoring
    names: list[str]
    titles: list[str]
    low: Floats
    high: Floats
    known: NDArray[np.bool_]
    order: NDArray[np.int64]
    ranks: tuple[Floats, Floats]
    places: tuple[NDArray[np.int64], NDArray[np.int64]]

    def __len__(self) -> int:
        return len(self.names)

    def row(self, at: int) -> RankedArtifact:
        """Return the artifact in place `at` of the order, from 0."""
        return self._row(int(self.order[at]))

    def find(self, name: str) -> RankedArtifact | None:
        """Return an artifact by name."""
        return self._row(self.names.index(name)) if name in self.names else None

    def rows(self, most: int | None = None) -> list[RankedArtifact]:
        """Return the first artifacts of the order."""
        return [self._row(int(at)) for at in self.order[:most]]

    @property
    def known_points(self) -> Floats:
        """Points, of 100, that rest on something known, for each artifact."""
        return np.asarray(self.known @ _points(self.scoring))

    def _row(self, at: int) -> RankedArtifact:
        points = _points(self.scoring)
        parts = []
        for aspect in ASPECTS:
            here = np.array([one.aspect == aspect for one in self.scoring.measures])
            if here.any():
                ends = [float(values[at, here] @ points[here]) for values in (self.low, self.high)]
                parts.append(AspectScore(aspect, float(points[here].sum()), *ends))
        return RankedArtifact(
            self.names[at], self.titles[at], float(self.ranks[0][at]), float(self.ranks[1][at]),
            float(self.known[at] @ points), int(self.places[0][at]), int(self.places[1][at]), tuple(parts),
        )  # fmt: skip


def rank(gathered: Mapping[ArtifactKind, Gathered], scoring: Scoring) -> dict[ArtifactKind, RankedKind]:
    """Return artifacts by kind, ranked."""
    return {kind: _rank(kind, one, scoring) for kind, one in gathered.items()}


def _rank(kind: ArtifactKind, gathered: Gathered, scoring: Scoring) -> RankedKind:
    by, points = scoring.of(kind), _points(scoring.of(kind))
    known = ~np.isnan(gathered.low)
    low, high = np.zeros(known.shape), np.ones(known.shape)
    for at, measure in enumerate(by.measures):
        here = known[:, at]
        doubt = np.where(gathered.measured[here, at], 0.0, scoring.declared)
        ends = [scaled(measure, values[here, at]) for values in (gathered.low, gathered.high)]
        low[here, at] = np.clip(np.minimum(*ends) - doubt, 0, 1)
        high[here, at] = np.clip(np.maximum(*ends) + doubt, 0, 1)
    # Rounded, so that what is equal is equal whatever the order in which it was added.
    ranks = np.round(low @ points, 9), np.round(high @ points, 9)
    places = _places(*ranks)
    order = np.lexsort((np.array(gathered.names), places[1], places[0]))
    return RankedKind(kind, by, gathered.names, gathered.titles, low, high, known, order, ranks, places)


def scaled(measure: ScoredFact, values: Floats) -> Floats:
    """Return values on the scale of a measure, 0 (worst or beyond) to 1 (best or beyond)."""
    if measure.shape in {"yes", "outcomes"}:
        return np.clip(values, 0, 1)
    if measure.half_life is not None:
        return np.exp2(-values / measure.half_life)
    assert measure.worst is not None
    assert measure.best is not None
    worst, best = measure.worst, measure.best
    if measure.shape != "linear":
        values = np.log(np.maximum(values, min(worst, best)))
        worst, best = float(np.log(worst)), float(np.log(best))
    return np.clip((values - worst) / (best - worst), 0, 1)


def _places(low: Floats, high: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return best and worst places: as many are before an artifact in any case, and as many may be."""
    surely_before = len(low) - np.searchsorted(np.sort(low), high, "right")
    surely_behind = np.searchsorted(np.sort(high), low, "left")
    return 1 + surely_before, len(low) - surely_behind


def _points(scoring: KindScoring) -> Floats:
    return np.array([scoring.points(one) for one in scoring.measures])
