"""The event log: append-only, each event's hash over itself and the hash before it, so that a change shows.

Knows how events are chained, and which kinds change what a build applies; not what their bodies mean.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypedDict

import sqlalchemy as sa

from drystone._json import Json
from drystone.errors import UsageError
from drystone.registry.log.bodies import Body, NewEvent
from drystone.registry.snapshot import GENESIS
from drystone.registry.storage.database import at_once, reading, writing
from drystone.registry.storage.tables import EVENTS

#: Kinds of events that change what a build applies. Others (a request comes in, a build reports what fell) leave the
#: head that releases carry as it is, so that the same build gives the same release.
EFFECTIVE: Final = (
    "blocked",
    "contested",
    "copies_settled",
    "decided",
    "license_decided",
    "place_recorded",
    "place_removed",
    "withdrawn",
)
_APPEND: Final = sa.text(
    "SELECT seq, previous, hash FROM drystone_append(CAST(:moment AS text), CAST(:what AS text), "
    "CAST(:whose AS text), CAST(:said AS text), CAST(:rest AS text))"
)


class EventRecord(TypedDict):
    """An event as it is shown: its body is the one of its kind (`bodies`)."""

    seq: int
    at: str
    kind: str
    request: str | None
    body: dict[str, Json]
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Event:
    """One event: number from 1, time (ISO 8601, UTC), kind, request, body (JSON text), hash before it and its own."""

    seq: int
    at: str
    kind: str
    request: str | None
    body: str
    previous: str
    hash: str

    def as_dict(self) -> EventRecord:
        """Return the event as plain data, its body parsed."""
        return {
            "seq": self.seq,
            "at": self.at,
            "kind": self.kind,
            "request": self.request,
            "body": json.loads(self.body),
            "previous": self.previous,
            "hash": self.hash,
        }


def event_hash(previous: str, seq: int, at: str, kind: str, request: str | None, body: str) -> str:
    """Return an event's hash: SHA-256 (hex) over the JSON array of these six, in ASCII without spaces."""
    text = json.dumps([previous, seq, at, kind, request, body], separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def now() -> datetime:
    """Return the time, UTC."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """Return a time as the registry writes it: ISO 8601, UTC, seconds."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def append(connection: sa.Connection, entries: Sequence[NewEvent], at: str | None = None) -> list[Event]:
    """Append (kind, request, body) in order and return the events; `connection` is one of `database.writing`."""
    last = connection.execute(sa.select(EVENTS.c.seq, EVENTS.c.hash).order_by(EVENTS.c.seq.desc()).limit(1)).first()
    seq, previous = (last.seq, last.hash) if last is not None else (0, GENESIS)
    moment = at or stamp(now())
    events: list[Event] = []
    for kind, request, content in entries:
        seq += 1
        body = json.dumps(content, sort_keys=True, separators=(",", ":"))
        hashed = event_hash(previous, seq, moment, kind, request, body)
        events.append(Event(seq, moment, kind, request, body, previous, hashed))
        previous = hashed
    if events:
        rows = [{name: getattr(event, name) for name in EVENTS.c.keys()} for event in events]  # noqa: SIM118
        connection.execute(sa.insert(EVENTS), rows)
    return events


def _by_the_server(engine: sa.Engine, kind: str, request: str | None, content: Body) -> Event:
    """Append one event by the function that migration 0003 made: it hashes what `event_hash` does."""
    moment, body = stamp(now()), json.dumps(content, sort_keys=True, separators=(",", ":"))
    rest = json.dumps([moment, kind, request, body], separators=(",", ":"))[1:]
    values = {"moment": moment, "what": kind, "whose": request, "said": body, "rest": rest}
    row = at_once(engine, _APPEND.bindparams(**values))
    return Event(row.seq, moment, kind, request, body, row.previous, row.hash)


def effective_head(connection: sa.Connection) -> str:
    """Return the hash of the last event that changed what a build applies."""
    query = sa.select(EVENTS.c.hash).where(EVENTS.c.kind.in_(EFFECTIVE)).order_by(EVENTS.c.seq.desc()).limit(1)
    return connection.execute(query).scalar() or GENESIS


def walk(connection: sa.Connection) -> Iterator[Event]:
    """Yield all events in order."""
    found = connection.execution_options(yield_per=2000).execute(sa.select(EVENTS).order_by(EVENTS.c.seq))
    for row in found:
        yield Event(**row._mapping)


def broken(events: Iterable[Event]) -> Iterator[str]:
    """Yield what is wrong with a chain: one line for each event that is missing, moved, or not what its hash says."""
    expected, previous = 1, GENESIS
    for event in events:
        if event.seq != expected:
            missing = f"event {expected}" if event.seq == expected + 1 else f"events {expected} to {event.seq - 1}"
            yield f"{missing}: removed"
        if event.previous != previous:
            yield f"event {event.seq}: does not follow the event before it"
        found = event_hash(event.previous, event.seq, event.at, event.kind, event.request, event.body)
        if found != event.hash:
            yield f"event {event.seq}: was altered (its hash is {event.hash[:12]}, its content gives {found[:12]})"
        expected, previous = event.seq + 1, event.hash


def read_log(path: Path) -> Iterator[Event]:
    """Yield the events of a log as it is printed, JSON Lines. Raises `UsageError` naming the line that is no event."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                yield _event(line, f"{path}, line {number}")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from None


def _event(line: bytes, where: str) -> Event:
    try:
        said = json.loads(line)
        if not isinstance(said, dict) or said.keys() != EventRecord.__annotations__.keys():
            raise ValueError
        texts = [said[name] for name in ("at", "kind", "previous", "hash")] + [said["request"] or ""]
        if type(said["seq"]) is not int or not all(isinstance(text, str) for text in texts):
            raise ValueError
        return Event(**{**said, "body": json.dumps(said["body"], sort_keys=True, separators=(",", ":"))})
    except (ValueError, RecursionError):
        raise UsageError(f"{where}: is no event, as drystone registry log --json prints one") from None


class Events:
    """The event log of one registry."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def append(self, kind: str, body: Body, request: str | None = None) -> Event:
        """Append one event; raises `RegistryError` where it could not be recorded."""
        if self._engine.dialect.name == "postgresql":
            return _by_the_server(self._engine, kind, request, body)
        with writing(self._engine) as connection:
            return append(connection, [(kind, request, body)])[0]

    def head(self) -> str:
        """Return the hash of the last event that changed what a build applies: what a release's manifest carries."""
        with reading(self._engine) as connection:
            return effective_head(connection)

    def holds(self, head: str) -> bool:
        """Return whether an event has this hash; every log holds the head of one without events."""
        if head == GENESIS:
            return True
        with reading(self._engine) as connection:
            return connection.execute(sa.select(EVENTS.c.seq).where(EVENTS.c.hash == head)).first() is not None

    def last(self) -> Event | None:
        """Return the newest event; None where there is none."""
        with reading(self._engine) as connection:
            row = connection.execute(sa.select(EVENTS).order_by(EVENTS.c.seq.desc()).limit(1)).first()
            return Event(**row._mapping) if row is not None else None

    def of(self, request: str) -> list[Event]:
        """Return the events of one request, in order."""
        with reading(self._engine) as connection:
            query = sa.select(EVENTS).where(EVENTS.c.request == request).order_by(EVENTS.c.seq)
            return [Event(**row._mapping) for row in connection.execute(query)]

    def all(self) -> list[Event]:
        """Return all events, in order."""
        with reading(self._engine) as connection:
            return list(walk(connection))
