"""What a request to opt out is, and reading requests out of the tables with everything that belongs to them.

Knows nothing of the steps by which a request comes about; `requests` has them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from drystone.errors import UsageError
from drystone.identity import origins
from drystone.registry.log import events
from drystone.registry.plain import DUE_DAYS, Outcome, Status
from drystone.registry.requests.subjects import Subject
from drystone.registry.storage.tables import (
    APPLICATIONS,
    DECISIONS,
    EVENTS,
    LOCATIONS,
    OBJECTIONS,
    REQUESTS,
    SUBJECTS,
    VERIFICATIONS,
)

#: Statuses whose accepted subjects builds leave out.
IN_FORCE: Final = ("accepted", "partly", "contested")
#: Statuses in which copies elsewhere go, too: while somebody contests a request, nobody but its requester loses files.
COPIES_GO: Final = ("accepted", "partly")

#: Letters of an id: Crockford's base 32, which leaves out those that are mistaken for others.
LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Verification:
    """One attempt to show where a request comes from; `state` is pending, succeeded, failed or expired."""

    nonce: str
    request: str
    method: str
    state: str
    created_at: str
    expires_at: str
    finished_at: str | None = None
    evidence: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OptOutDecision:
    """What a moderator decided: outcome, who, why, when, and the number of the event that says so."""

    event: int
    outcome: str
    moderator: str
    reason: str
    at: str


@dataclass(frozen=True, slots=True)
class Objection:
    """Who says that a request takes what is theirs, where that lies (without credentials), and when they said so."""

    event: int
    by: str
    place: str
    at: str


@dataclass(frozen=True, slots=True)
class Application:
    """Where a request was applied: a release by root hash and version, and what fell there."""

    release_root: str
    version: str
    repositories: int
    occurrences: int
    bytes: int
    at: str


@dataclass(frozen=True, slots=True)
class Request:
    """One request with all that is public of it; `revision` is the number of its last event, and
    `revision_hash` its hash.

    `held` are the places of releases and exports to which its decision was not applied yet: they may still hold its
    files. None where no such place is known at all.
    """

    id: str
    status: Status
    received_at: str
    due_at: str
    forks: bool
    copies: bool
    near: bool
    source: str | None
    revision: int
    revision_hash: str = ""
    subjects: tuple[Subject, ...] = ()
    verifications: tuple[Verification, ...] = ()
    decisions: tuple[OptOutDecision, ...] = ()
    applications: tuple[Application, ...] = ()
    held: tuple[str, ...] | None = None
    objections: tuple[Objection, ...] = ()

    def numbered(self) -> list[tuple[int, Subject]]:
        """Return the subjects with their numbers, from 1."""
        return list(enumerate(self.subjects, 1))

    @property
    def verified(self) -> frozenset[int]:
        """Return the numbers of the subjects that were shown to be the requester's; a moderator's word is for all.

        What was verified by an older program says no subjects: then it is what lies at the place that it names.
        """
        shown: set[int] = set()
        for each in self.verifications:
            if each.state != "succeeded":
                continue
            if (told := each.evidence.get("subjects")) is not None:
                shown.update(int(number) for number in told.split(","))
            elif each.method == "manual":
                shown.update(range(1, len(self.subjects) + 1))
            elif (place := each.evidence.get("place")) is not None:
                name = origins.canonical(place)
                shown.update(n for n, s in self.numbered() if name == s.value or s.value in origins.owners_of(name))
        return frozenset(shown)

    def overdue(self, moment: datetime | None = None) -> str | None:
        """Return what should have happened by now and did not, None where nothing is late."""
        at = moment or events.now()
        undecided = self.status in ("received", "verified", "contested") and not self.decisions
        if undecided and datetime.fromisoformat(self.due_at) < at:
            return f"not decided by {self.due_at[:10]}"
        if self.status == "contested":
            due = datetime.fromisoformat(self.objections[-1].at) + timedelta(days=DUE_DAYS)
            return f"contested, and not decided again by {due.date()}" if due < at else None
        if self.status in IN_FORCE and self.decisions:
            due = datetime.fromisoformat(self.decisions[-1].at) + timedelta(days=DUE_DAYS)
            if due < at and self.held:
                return f"decided, and by {due.date()} not applied to {', '.join(self.held)}"
            if due < at and self.held is None and not self.applications:
                return f"decided, and applied in no release by {due.date()}"
        return None


@dataclass(frozen=True, slots=True)
class NewRequest:
    """What comes in. `contact` and `words` are the requester's own and kept apart; `source` names an import's row.

    `decision` is (outcome, moderator, reason) for requests that were decided elsewhere.
    """

    subjects: Sequence[Subject]
    contact: str = ""
    words: str = ""
    forks: bool = True
    copies: bool = True
    near: bool = False
    source: str | None = None
    received_at: datetime | None = None
    due_days: int = DUE_DAYS
    decision: tuple[Outcome, str, str] | None = None


def in_order(*columns: Any) -> sa.Select[Any]:
    """Return a query for columns of requests in the order in which they came, within a second in that of events."""
    first = sa.and_(EVENTS.c.request == REQUESTS.c.id, EVENTS.c.kind == "received")
    return sa.select(*columns).join(EVENTS, first).order_by(REQUESTS.c.received_at, EVENTS.c.seq)


def find(connection: sa.Connection, beginning: str) -> str:
    """Return the id that begins so. Raises `UsageError` where none does, or several do."""
    text = beginning.strip().upper()
    if not text.startswith("R-") or len(text) > 12 or not set(text[2:]) <= set(LETTERS) or len(text) < 4:
        raise UsageError(f"{beginning[:40]!r} is not the id of a request; it reads R- and up to 10 letters or digits.")
    found = (
        connection.execute(
            sa.select(REQUESTS.c.id).where(REQUESTS.c.id.startswith(text)).order_by(REQUESTS.c.id).limit(2)
        )
        .scalars()
        .all()
    )
    if not found:
        raise UsageError(f"{text}: there is no such request. See: drystone optout list")
    if len(found) > 1:
        raise UsageError(f"{text}: begins the ids of several requests. Give more of it.")
    return str(found[0])


def load(connection: sa.Connection, ids: Sequence[str]) -> list[Request]:
    """Return requests in the order of `ids`, with everything that belongs to them."""
    parts: dict[str, _Parts] = {}
    for start in range(0, len(ids), 500):  # databases bound how many values one statement takes
        _load_some(connection, ids[start : start + 500], parts)
    query = sa.select(LOCATIONS.c.place, LOCATIONS.c.event).order_by(LOCATIONS.c.place)
    placed = [(place, event) for place, event in connection.execute(query)]
    return [parts[id_].request(placed) for id_ in ids]


@dataclass
class _Parts:
    """A request's row, and what the other tables hold of it."""

    row: sa.Row[Any]
    revision: int = 0
    revision_hash: str = ""
    subjects: list[Subject] = field(default_factory=list)
    verifications: list[Verification] = field(default_factory=list)
    decisions: list[OptOutDecision] = field(default_factory=list)
    applications: list[Application] = field(default_factory=list)
    objections: list[Objection] = field(default_factory=list)

    def request(self, placed: Sequence[tuple[str, int]]) -> Request:
        decided = self.decisions[-1].event if self.decisions else 0
        held = tuple(place for place, event in placed if event < decided) if placed else None
        return Request(
            held=held,
            **self.row._mapping,
            revision=self.revision,
            revision_hash=self.revision_hash,
            subjects=tuple(self.subjects),
            verifications=tuple(self.verifications),
            decisions=tuple(self.decisions),
            applications=tuple(self.applications),
            objections=tuple(self.objections),
        )


def _load_some(connection: sa.Connection, ids: Sequence[str], parts: dict[str, _Parts]) -> None:
    columns = [c for c in REQUESTS.c if c.name != "token_sha256"]
    for row in connection.execute(sa.select(*columns).where(REQUESTS.c.id.in_(ids))):
        parts[row.id] = _Parts(row)
    last = sa.select(EVENTS.c.request, sa.func.max(EVENTS.c.seq)).where(EVENTS.c.request.in_(ids))
    for request, seq in connection.execute(last.group_by(EVENTS.c.request)):
        parts[request].revision = seq
    numbers = [parts[id_].revision for id_ in ids if id_ in parts]
    for request, hashed in connection.execute(
        sa.select(EVENTS.c.request, EVENTS.c.hash).where(EVENTS.c.seq.in_(numbers))
    ):
        parts[request].revision_hash = hashed
    for row in connection.execute(_of(SUBJECTS, ids).order_by(SUBJECTS.c.request, SUBJECTS.c.number)):
        parts[row.request].subjects.append(Subject(row.kind, row.value, row.prefix, row.place, row.accepted))
    for row in _verifications(connection, ids):
        parts[row.request].verifications.append(verification(row))
    for row in connection.execute(_of(DECISIONS, ids).order_by(DECISIONS.c.event)):
        found = OptOutDecision(row.event, row.outcome, row.moderator, row.reason, row.at)
        parts[row.request].decisions.append(found)
    for row in connection.execute(_of(OBJECTIONS, ids).order_by(OBJECTIONS.c.event)):
        parts[row.request].objections.append(Objection(row.event, row.by, row.place, row.at))
    for row in connection.execute(_of(APPLICATIONS, ids).order_by(APPLICATIONS.c.event)):
        names = ("release_root", "version", "repositories", "occurrences", "bytes", "at")
        parts[row.request].applications.append(Application(*(getattr(row, name) for name in names)))


def _verifications(connection: sa.Connection, ids: Sequence[str]) -> list[Any]:
    """Return the rows of verifications in the order in which they were opened: by the log within one second."""
    rows = list(connection.execute(_of(VERIFICATIONS, ids).order_by(VERIFICATIONS.c.created_at, VERIFICATIONS.c.nonce)))
    seconds = Counter((row.request, row.created_at) for row in rows)
    several = [request for (request, _), count in seconds.items() if count > 1]
    if not several:
        return rows
    asked = sa.select(EVENTS.c.seq, EVENTS.c.body).where(EVENTS.c.request.in_(several), EVENTS.c.kind == "challenged")
    opened = {json.loads(body)["nonce"]: seq for seq, body in connection.execute(asked)}
    return sorted(rows, key=lambda row: (row.created_at, opened.get(row.nonce, 0)))


def _of(table: sa.Table, ids: Sequence[str]) -> sa.Select[Any]:
    return sa.select(table).where(table.c.request.in_(ids))


def verification(row: Any) -> Verification:
    """Return a row of the table of verifications."""
    values = dict(row._mapping)
    values["evidence"] = json.loads(values["evidence"]) if values["evidence"] else {}
    return Verification(**values)
