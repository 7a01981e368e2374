"""A catalog ranked as it stands: its passports, the outcomes of matches, what was found wrong, by one scoring."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from drystone.catalog.passports.passport import ArtifactKind, Passport
from drystone.catalog.passports.reading import json_of
from drystone.catalog.ranking.book import Dispute, RankBook
from drystone.catalog.ranking.explaining import RankExplanation, Turn, explain, what_would_turn
from drystone.catalog.ranking.gathering import Upheld, gather
from drystone.catalog.ranking.outcomes import AllOutcomes, Outcomes, recorded_outcomes
from drystone.catalog.ranking.rank import RankedKind, rank
from drystone.catalog.ranking.scoring import Scoring, find_scoring, scorings
from drystone.catalog.shelf.shelf import Shelf
from drystone.errors import UsageError
from drystone.release.layout import shown


@dataclass(frozen=True, slots=True)
class RankedCatalog:
    """All artifacts of a catalog ranked on a day, by kind. `upheld`: facts that count as unknown after a dispute."""

    scoring: Scoring
    day: date
    kinds: Mapping[ArtifactKind, RankedKind]
    outcomes: AllOutcomes
    upheld: Upheld

    def explain(self, passport: Passport) -> RankExplanation:
        """Return how the rank of an artifact follows. Raises `UsageError` where it was not ranked."""
        found = explain(self.kinds[passport.artifact.kind], passport, self.outcomes, self.upheld)
        if found is None:
            raise UsageError(f"{passport.artifact.name}: was not ranked.")
        return found

    def turn(self, one: Passport, other: Passport) -> Turn:
        """Return what would turn the order of two artifacts. Raises `UsageError` where they are one, or two kinds."""
        first, second = one.artifact, other.artifact
        if first.kind != second.kind:
            raise UsageError(f"{first.name} is a {first.kind}, {second.name} a {second.kind}: they have no order.")
        if first.name == second.name:
            raise UsageError(f"{first.name} is named twice")
        return what_would_turn(self.kinds[first.kind], first.name, second.name, self.outcomes)


def rank_shelf(
    shelf: Shelf, scoring: str | None = None, besides: Iterable[Passport] = (), day: date | None = None
) -> RankedCatalog:
    """Rank what a shelf holds, and `besides` what it does not; `day` is today where none is given.

    `scoring`: a version, or the path of a file like scoring.toml. Raises `UsageError`.
    """
    chosen, today = find_scoring(scoring), day or datetime.now(UTC).date()
    upheld = {(_name_now(shelf, name), fact) for name, fact in RankBook(shelf.engine).upheld()}
    outcomes = _by_their_names(shelf, recorded_outcomes(shelf.engine))
    others = [json_of(one) for one in besides if shelf.find(one.artifact.name) is None]
    gathered = gather([*others, *shelf.stored()] if others else shelf.stored(), chosen, today, outcomes, upheld)
    return RankedCatalog(chosen, today, rank(gathered, chosen), outcomes, upheld)


def _by_their_names(shelf: Shelf, outcomes: AllOutcomes) -> AllOutcomes:
    """Return outcomes by the names that artifacts have now: those of one that was merged are the other's."""
    found: dict[str, Outcomes] = {}
    for name, more in outcomes.items():
        now = _name_now(shelf, name)
        old = found.get(now, Outcomes(0, 0))
        found[now] = Outcomes(old.successes + more.successes, old.failures + more.failures)
    return found


def _name_now(shelf: Shelf, name: str) -> str:
    passport = shelf.find(name)
    return name if passport is None else passport.artifact.name


def dispute(shelf: Shelf, artifact: str, fact: str, words: str, link: str) -> Dispute:
    """Keep a dispute of a fact. Raises `UsageError` where the artifact has no such fact, or it cannot be kept."""
    passport = shelf.get(artifact)
    if passport.fact(fact) is None:
        raise UsageError(f"{passport.artifact.name}: its passport has no fact '{shown(fact)[:100]}'.")
    today = datetime.now(UTC).date()
    return RankBook(shelf.engine).dispute(passport.artifact.name, fact, words, link, today)


class RankedNow:
    """The ranking of a shelf for many who ask: made anew once what it took to make it is a tenth of its age."""

    def __init__(self, shelf: Shelf, clock: Callable[[], float] = time.monotonic) -> None:
        self._shelf, self._clock = shelf, clock
        self._lock = threading.Lock()
        self._made: dict[str | None, tuple[float, RankedCatalog]] = {}

    def get(self, version: str | None = None) -> RankedCatalog:
        """Return the ranking by a version that comes with the program. Raises `UsageError` for any other."""
        if version is not None and version not in scorings():
            raise UsageError(f"{shown(version)[:100]}: is no version of the scoring ({', '.join(scorings())}).")
        with self._lock:
            until, found = self._made.get(version, (0.0, None))
            began = self._clock()
            if found is None or began >= until or found.day != datetime.now(UTC).date():
                found = rank_shelf(self._shelf, version)
                ended = self._clock()
                self._made[version] = (ended + 10 * (ended - began), found)
            return found

    def forget(self) -> None:
        """Make it anew for the next who asks, as after a dispute was kept or decided."""
        with self._lock:
            self._made.clear()
