"""What a catalog keeps of ranks: how they stood on earlier days, and disputes of facts. Ranks nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal
from urllib.parse import urlsplit

import sqlalchemy as sa

from drystone.catalog.passports.passport import ArtifactKind, Identity
from drystone.catalog.ranking.rank import RankedKind
from drystone.catalog.ranking.scoring import Scoring
from drystone.catalog.ranking.tables import DISPUTES, OWN, RANKINGS, RANKS
from drystone.catalog.shelf.tables import METADATA
from drystone.errors import UsageError

DisputeState = Literal["open", "upheld", "refused"]
#: Characters of the words of a dispute and of an answer, and of a link.
_FEWEST_WORDS, MOST_WORDS, MOST_LINK = 10, 2000, 2000
#: Open disputes about one fact, and about one artifact: more of them say no more.
MOST_OPEN_OF_FACT: Final = 5
MOST_OPEN: Final = 50


@dataclass(frozen=True, slots=True)
class PastRank:
    """How an artifact stood on a day (YYYY-MM-DD) by one scoring, among how many `artifacts` of its kind."""

    day: str
    version: str
    scoring_sha256: str
    low: float
    high: float
    known: float
    best_place: int
    worst_place: int
    artifacts: int


@dataclass(frozen=True, slots=True)
class Dispute:
    """What somebody says against a fact: in their words, with a link to what shows it.

    open: nobody decided yet; it is shown beside the fact and moves no rank. upheld: the fact counts as unknown until
    its passport is mended. refused: it does not count. `answer`: why, by whom, on which day.
    """

    number: int
    day: str
    artifact: str
    fact: str
    words: str
    link: str
    state: DisputeState
    answer: str | None = None
    answered_by: str | None = None
    answered_on: str | None = None


class RankBook:
    """The ranks and disputes of one catalog's database; without one there are none, and none can be kept."""

    def __init__(self, engine: sa.Engine | None) -> None:
        self._engine = engine
        self._there = engine is not None and all(map(sa.inspect(engine).has_table, [one.name for one in OWN]))

    @property
    def writable(self) -> bool:
        """Whether ranks and disputes can be kept."""
        return self._engine is not None

    def keep(self, ranked: Mapping[ArtifactKind, RankedKind], scoring: Scoring, day: date) -> None:
        """Keep the ranks of a day; those of the same day by the same scoring are replaced. Raises `UsageError`."""
        digest, at = sha256_of_scoring(scoring), day.isoformat()
        with self._writing() as connection:
            same = (RANKINGS.c.day == at) & (RANKINGS.c.scoring_sha256 == digest)
            old = connection.execute(sa.select(RANKINGS.c.number).where(same)).scalars().all()
            connection.execute(sa.delete(RANKS).where(RANKS.c.ranking.in_(old)))
            connection.execute(sa.delete(RANKINGS).where(RANKINGS.c.number.in_(old)))
            insert = sa.insert(RANKINGS).values(day=at, version=scoring.version, scoring_sha256=digest)
            insert = insert.returning(RANKINGS.c.number)
            number = connection.execute(insert).scalar_one()
            for kind, one in ranked.items():
                rows = _rows(kind, one, number)
                if rows:
                    connection.execute(sa.insert(RANKS), rows)

    def history(self, artifact: Identity) -> list[PastRank]:
        """Return how an artifact stood, under this name or an alias, the latest day first."""
        if self._engine is None or not self._there:
            return []
        columns = [RANKINGS.c.day, RANKINGS.c.version, RANKINGS.c.scoring_sha256]
        columns += [RANKS.c[each] for each in ("low", "high", "known", "best_place", "worst_place", "artifacts")]
        query = (
            sa.select(*columns)
            .join(RANKINGS, RANKINGS.c.number == RANKS.c.ranking)
            .where(RANKS.c.name.in_(_known_as(artifact)))
        )
        order = query.order_by(RANKINGS.c.day.desc(), RANKINGS.c.version.desc(), RANKINGS.c.scoring_sha256)
        with self._engine.connect() as connection:
            return [PastRank(*row) for row in connection.execute(order)]

    def dispute(self, artifact: str, fact: str, words: str, link: str, day: date) -> Dispute:
        """Keep a dispute and return it.

        Raises `UsageError` where it says too little or too much, its link is no https address, or there are too many
        about the same already. The same words with the same link are kept once.
        """
        words, link = words.strip(), link.strip()
        _check(words, link)
        with self._writing() as connection:
            about = (DISPUTES.c.artifact == artifact) & (DISPUTES.c.state == "open")
            waiting = [Dispute(*row) for row in connection.execute(sa.select(DISPUTES).where(about))]
            same = next((one for one in waiting if (one.fact, one.words, one.link) == (fact, words, link)), None)
            if same is not None:
                return same
            if len(waiting) >= MOST_OPEN or sum(one.fact == fact for one in waiting) >= MOST_OPEN_OF_FACT:
                raise UsageError(
                    f"{len(waiting)} disputes about {artifact} wait for an answer; more can come when they have one."
                )
            values = {"day": day.isoformat(), "artifact": artifact, "fact": fact, "words": words, "link": link}
            added = connection.execute(sa.insert(DISPUTES).values(**values, state="open").returning(DISPUTES.c.number))
            number = added.scalar_one()
        return Dispute(number, day.isoformat(), artifact, fact, words, link, "open")

    def answer(self, number: int, words: str, by: str, day: date, *, uphold: bool) -> Dispute:
        """Decide on a dispute, with the reason. Raises `UsageError` without a reason, or such a dispute."""
        if not _FEWEST_WORDS <= len(words.strip()) <= MOST_WORDS:
            raise UsageError(f"say why, in {_FEWEST_WORDS} to {MOST_WORDS:,} characters.")
        state: DisputeState = "upheld" if uphold else "refused"
        values = {"state": state, "answer": words.strip(), "answered_by": by, "answered_on": day.isoformat()}
        with self._writing() as connection:
            here = DISPUTES.c.number == number
            if not connection.execute(sa.update(DISPUTES).where(here).values(**values)).rowcount:
                raise UsageError(f"{number}: there is no dispute of this number.")
            return Dispute(*connection.execute(sa.select(DISPUTES).where(here)).one())

    def disputes(self, artifact: Identity | None = None) -> list[Dispute]:
        """Return disputes, the latest first: of one artifact, under this name or an alias, or of all."""
        if self._engine is None or not self._there:
            return []
        query = sa.select(DISPUTES).order_by(DISPUTES.c.number.desc())
        with self._engine.connect() as connection:
            about = query if artifact is None else query.where(DISPUTES.c.artifact.in_(_known_as(artifact)))
            return [Dispute(*row) for row in connection.execute(about)]

    def upheld(self) -> frozenset[tuple[str, str]]:
        """Return the facts that a dispute was upheld about, each with its artifact's name before it."""
        return frozenset((one.artifact, one.fact) for one in self.disputes() if one.state == "upheld")

    def _writing(self) -> AbstractContextManager[sa.Connection]:
        if self._engine is None:
            raise UsageError("no catalog is named to keep that in: name one with --catalog.")
        if not self._there:
            METADATA.create_all(self._engine, tables=list(OWN))
            self._there = True
        return self._engine.begin()


def _known_as(artifact: Identity) -> list[str]:
    """Return the names under which something of an artifact may have been kept: two that were one are merged."""
    return [artifact.name, *artifact.aliases]


def sha256_of_scoring(scoring: Scoring) -> str:
    """Return the SHA-256 of all that a scoring says, in hex."""
    return hashlib.sha256(scoring.model_dump_json().encode()).hexdigest()


def _rows(kind: ArtifactKind, ranked: RankedKind, number: int) -> list[dict[str, object]]:
    columns = {
        "name": ranked.names, "low": ranked.ranks[0].tolist(), "high": ranked.ranks[1].tolist(),
        "known": ranked.known_points.tolist(),
        "best_place": ranked.places[0].tolist(), "worst_place": ranked.places[1].tolist(),
    }  # fmt: skip
    fixed = {"ranking": number, "kind": kind, "artifacts": len(ranked)}
    return [{**fixed, **dict(zip(columns, row, strict=True))} for row in zip(*columns.values(), strict=True)]


def _check(words: str, link: str) -> None:
    if not _FEWEST_WORDS <= len(words) <= MOST_WORDS:
        raise UsageError(f"Say what is wrong, in {_FEWEST_WORDS} to {MOST_WORDS:,} characters.")
    try:
        parts = urlsplit(link)
        fits = parts.scheme == "https" and bool(parts.hostname) and parts.username is None
    except ValueError:
        fits = False
    if not fits or len(link) > MOST_LINK or not link.isprintable() or " " in link:
        raise UsageError("Name a page that shows it: an address that begins with https://.")
