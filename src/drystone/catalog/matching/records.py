"""Match records: each search with what it showed, and what people report of it. Knows nothing of ranking.

Who asks is a keyed hash of that day: days cannot be joined. A query is kept only where its seeker allows it. What a bot
asks, or one session asks again within a day, is recorded and counts for nothing; one session has one report of an
artifact, its last.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from drystone.catalog.matching.posterior import posterior
from drystone.catalog.matching.shapes import ArtifactHit, Confidence
from drystone.catalog.matching.tables import KEYS, METADATA, SEARCHES, SHOWN
from drystone.errors import UsageError

_DAY: Final = 86_400
#: Days after which a token no longer tells what came of a search.
VALID: Final = 30
#: Searches of one session within a minute; more are a bot's.
BUSY: Final = 30
_BOT: Final = re.compile(r"bot\b|crawl|spider|slurp|headless|scrap", re.IGNORECASE)
_TOKEN: Final = re.compile(r"([0-9a-f]{32})\.([a-z0-9][a-z0-9._-]{0,95})\.([0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class Seeker:
    """Who searches: anything that tells one from another (`session`), the program that it says it is, its leave.

    `keep_query`: whether the words of the query may be kept. Only hashes of `session` are.
    """

    session: str
    agent: str = ""
    keep_query: bool = False


class MatchRecords:
    """The match records in a catalog's database."""

    def __init__(self, engine: sa.Engine, now: Callable[[], float] = time.time) -> None:
        self._engine, self._now = engine, now
        METADATA.create_all(engine)
        self._key = self._kept_key()

    def _kept_key(self) -> bytes:
        wanted = sa.select(KEYS.c.key).where(KEYS.c.name == "match")
        try:
            with self._engine.begin() as connection:
                found = connection.execute(wanted).scalar()
                if found is None:
                    found = secrets.token_bytes(32)
                    connection.execute(sa.insert(KEYS).values(name="match", key=found))
        except IntegrityError:  # another process made it in between
            with self._engine.connect() as connection:
                found = connection.execute(wanted).scalar_one()
        return bytes(found)

    def _hash(self, *parts: str) -> str:
        return hmac.new(self._key, "\0".join(parts).encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]

    def record(self, query: str, filters: str, hits: Sequence[ArtifactHit], seeker: Seeker) -> str:
        """Keep a search with what it showed; return its id. `filters`: what else was asked, in any fixed form."""
        now, id = int(self._now()), secrets.token_hex(16)
        session = self._hash("session", str(now // _DAY), seeker.session)
        asked = self._hash("query", " ".join(query.casefold().split()), filters)
        mine = SEARCHES.c.session == session
        lately = sa.select(sa.func.count()).select_from(SEARCHES).where(mine, SEARCHES.c.at > now - 60)
        again = sa.select(SEARCHES.c.id).where(mine, SEARCHES.c.at > now - _DAY, SEARCHES.c.query_key == asked).limit(1)
        with self._engine.begin() as connection:
            busy = connection.execute(lately).scalar_one() >= BUSY
            mark = "bot" if busy or _BOT.search(seeker.agent) else "counted"
            if mark == "counted" and connection.execute(again).scalar() is not None:
                mark = "repeat"
            kept = query if seeker.keep_query else None
            connection.execute(
                sa.insert(SEARCHES).values(id=id, at=now, session=session, query_key=asked, query=kept, mark=mark)
            )
            if hits:
                rows = [
                    {"search": id, "artifact": hit.artifact, "place": place, "capability": hit.capability}
                    for place, hit in enumerate(hits)
                ]
                connection.execute(sa.insert(SHOWN), rows)
        return id

    def token(self, search: str, artifact: str) -> str:
        """Return what lets its bearer report once of an artifact that a search showed."""
        return f"{search}.{artifact}.{self._hash('report', search, artifact)}"

    def report(self, token: str, *, success: bool) -> str:
        """Keep what came of a search, in place of what was said before; return the artifact.

        Raises `UsageError` for a token that this catalog did not give, or gave too long ago.
        """
        parts = _TOKEN.fullmatch(token)
        if parts is None or not hmac.compare_digest(parts[3], self._hash("report", parts[1], parts[2])):
            raise UsageError("token: is none that this catalog gave with a result")
        search, artifact = parts[1], parts[2]
        now = int(self._now())
        with self._engine.begin() as connection:
            at = connection.execute(sa.select(SEARCHES.c.at).where(SEARCHES.c.id == search)).scalar()
            if at is None or at < now - VALID * _DAY:
                raise UsageError(f"token: is older than {VALID} days; search again")
            connection.execute(
                sa.update(SHOWN)
                .where(SHOWN.c.search == search, SHOWN.c.artifact == artifact)
                .values(success=success, reported_at=now)
            )
        return artifact

    def confidences(self, artifacts: Iterable[str]) -> dict[str, Confidence]:
        """Return how often each artifact was matched, and the posterior of what was reported of it."""
        names = sorted(set(artifacts))
        joined = sa.join(SHOWN, SEARCHES, SHOWN.c.search == SEARCHES.c.id)
        mine = SHOWN.c.artifact.in_(names) & (SEARCHES.c.mark == "counted")
        counts = sa.select(SHOWN.c.artifact, sa.func.count()).select_from(joined).where(mine).group_by(SHOWN.c.artifact)
        reports = (
            sa.select(SHOWN.c.artifact, SEARCHES.c.session, SHOWN.c.success, SHOWN.c.reported_at)
            .select_from(joined)
            .where(mine, SHOWN.c.success.is_not(None))
            .order_by(SHOWN.c.reported_at, SEARCHES.c.at, SHOWN.c.search)
        )
        with self._engine.connect() as connection:
            matched = {name: int(count) for name, count in connection.execute(counts)}
            said: dict[str, dict[str, tuple[bool, int]]] = {}
            for name, session, success, at in connection.execute(reports):
                said.setdefault(name, {})[session] = (success, at)
        return {name: self._confidence(matched.get(name, 0), list(said.get(name, {}).values())) for name in names}

    def reports(self) -> Iterator[tuple[str, str, bool, float]]:
        """Yield all reports that count, the oldest first: artifact, session, success, age in days."""
        joined = sa.join(SHOWN, SEARCHES, SHOWN.c.search == SEARCHES.c.id)
        query = (
            sa.select(SHOWN.c.artifact, SEARCHES.c.session, SHOWN.c.success, SHOWN.c.reported_at)
            .select_from(joined)
            .where(SEARCHES.c.mark == "counted", SHOWN.c.success.is_not(None))
            .order_by(SHOWN.c.reported_at, SEARCHES.c.at, SHOWN.c.search)
        )
        with self._engine.connect() as connection:
            for artifact, session, success, at in connection.execute(query):
                yield artifact, session, success, (self._now() - at) / _DAY

    def _confidence(self, matched: int, said: list[tuple[bool, int]]) -> Confidence:
        found = posterior((success, (self._now() - at) / _DAY) for success, at in said)
        if found is None:
            return Confidence(matched=matched)
        return Confidence(found.mean, found.low, found.high, len(said), found.weight, matched)

    def counted(self) -> tuple[int, int]:
        """Return how many searches were recorded, and how many of them count (no bots, no repeats)."""
        one = sa.case((SEARCHES.c.mark == "counted", 1), else_=0)
        with self._engine.connect() as connection:
            every, counted = connection.execute(
                sa.select(sa.func.count(), sa.func.sum(one)).select_from(SEARCHES)
            ).one()
        return int(every), int(counted or 0)
