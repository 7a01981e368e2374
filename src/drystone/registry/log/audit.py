"""The proof that a registry is what its event log says: the chain is whole, and every table follows from the events.

Reads everything and changes nothing. Contact data are not in the log: they can be erased.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

import sqlalchemy as sa

from drystone.registry.log import events, guards
from drystone.registry.log.bodies import (
    AppliedTo,
    Blocked,
    Challenged,
    ContactErased,
    Contested,
    CopiesSettled,
    Decided,
    LicenseDecided,
    PlaceRecorded,
    PlaceRemoved,
    Received,
    SupersededBody,
    Verified,
    Withdrawn,
)
from drystone.registry.log.checkpoints import LogState, watched
from drystone.registry.log.events import EFFECTIVE, Event
from drystone.registry.snapshot import GENESIS
from drystone.registry.storage.database import reading
from drystone.registry.storage.tables import (
    APPLICATIONS,
    BLOCKED,
    CONTACTS,
    DECISIONS,
    LIKENESSES,
    OBJECTIONS,
    PLACES,
    REQUESTS,
    REVIEW_DECISIONS,
    SETTLED,
    SUBJECTS,
    SUPERSEDED,
    VERIFICATIONS,
)


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found.

    `head` is the hash of the last event, `release_head` that of the last one that changed what builds apply, which
    manifests carry. `problems` holds one line for each thing that is not as the log says.
    """

    events: int
    head: str
    release_head: str
    kinds: dict[str, int]
    problems: tuple[str, ...]


def audit(engine: sa.Engine, heads: Iterable[str] = (), checkpoints: Sequence[LogState] = ()) -> Audit:
    """Check the whole registry; `heads` are hashes from elsewhere (manifests, receipts) that the log must hold.

    Removing the last events, or writing the log anew, leaves a chain that is whole: only a head or one of the
    `checkpoints` that are known from elsewhere shows it.
    """
    with reading(engine) as connection:
        expected = LoggedTables()
        found = audit_events(events.walk(connection), heads, checkpoints, expected.take)
        return replace(
            found, problems=(*found.problems, *expected.differences(connection), *guards.differences(connection))
        )


def audit_events(
    log: Iterable[Event],
    heads: Iterable[str] = (),
    checkpoints: Sequence[LogState] = (),
    each: Callable[[Event], object] = lambda event: None,
) -> Audit:
    """Check a log by itself, as anyone can who has it: its chain, `heads`, `checkpoints`; `each` gets every event."""
    kinds: Counter[str] = Counter()
    head = release_head = GENESIS
    wanted = set(heads) - {GENESIS}
    problems: list[str] = []

    def seen() -> Iterator[Event]:
        nonlocal head, release_head
        for event in watched(log, checkpoints, problems):
            kinds[event.kind] += 1
            head = event.hash
            if event.kind in EFFECTIVE:
                release_head = event.hash
            wanted.discard(event.hash)
            each(event)
            yield event

    broken = list(events.broken(seen()))
    problems += [f"head {missing}: no event has this hash, so events were removed" for missing in sorted(wanted)]
    return Audit(sum(kinds.values()), head, release_head, dict(sorted(kinds.items())), (*broken, *problems))


#: What lies in tables by content and is logged as a number and a hash.
_LISTS: Final[dict[str, sa.Column[Any]]] = {
    "blocked contents": BLOCKED.c.blob,
    "settled copies": SETTLED.c.blob,
    "samples of contents": LIKENESSES.c.sample,
}
#: A row of a table by column; only compared.
_Row: TypeAlias = dict[str, object]


class LoggedTables:
    """What the tables should hold, as the events tell it."""

    def __init__(self) -> None:
        self.requests: dict[str, _Row] = {}
        self.subjects: dict[str, dict[int, _Row]] = {}
        self.verifications: dict[str, _Row] = {}
        self.rows: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
        #: By list: event -> request, how many, and the hash over them.
        self.listed: dict[str, dict[int, tuple[str, int, str]]] = {name: {} for name in _LISTS}
        self.erased: set[str] = set()

    def take(self, event: Event) -> None:
        """Apply one event; what does not read as one of its kind is left out, and shows as a difference."""
        try:
            body = json.loads(event.body)
            step = getattr(self, f"_{event.kind}", None)
            if step is not None:
                step(event, body)
        except (ValueError, KeyError, TypeError):
            return

    def _received(self, event: Event, body: Received) -> None:
        of_request = {name: value for name, value in body.items() if name != "subjects"}
        self.requests[event.request or ""] = {"near": False, **of_request, "status": "received"}
        numbered: dict[int, _Row] = {n: {**subject, "accepted": None} for n, subject in enumerate(body["subjects"], 1)}
        self.subjects[event.request or ""] = numbered

    def _challenged(self, event: Event, body: Challenged) -> None:
        self.verifications[body["nonce"]] = {
            "request": event.request,
            "method": body["method"],
            "state": "pending",
            "created_at": event.at,
            "expires_at": body["expires_at"],
            "finished_at": None,
            "evidence": None,
        }

    def _verified(self, event: Event, body: Verified) -> None:
        if body["method"] == "manual":
            self.erased.discard(event.request or "")  # the note lies with the contact data
        # A moderator's own word is opened and met in one step, without a challenge.
        opened = self.verifications.get(body["nonce"], {"created_at": event.at, "expires_at": event.at})
        self.verifications[body["nonce"]] = {
            **opened,
            "request": event.request,
            "method": body["method"],
            "state": "succeeded",
            "finished_at": event.at,
            "evidence": body["evidence"],
        }
        request = self.requests[event.request or ""]
        if request["status"] == "received":
            request["status"] = "verified"

    def _decided(self, event: Event, body: Decided) -> None:
        self.requests[event.request or ""]["status"] = body["outcome"]
        taken = set(body["accepted"])
        for number, subject in self.subjects[event.request or ""].items():
            subject["accepted"] = number in taken
        self.rows["decisions"].add(
            (event.seq, event.request, body["outcome"], body["moderator"], body["reason"], event.at)
        )

    def _contested(self, event: Event, body: Contested) -> None:
        self.erased.discard(event.request or "")  # what they say lies with the contact data
        self.requests[event.request or ""]["status"] = "contested"
        said = (body["by"], body["place"], body["evidence_sha256"])
        self.rows["objections"].add((event.seq, event.request, *said, event.at))

    def _withdrawn(self, event: Event, body: Withdrawn) -> None:
        if "note_sha256" in body:
            self.erased.discard(event.request or "")  # the note lies with the contact data
        self.requests[event.request or ""]["status"] = "withdrawn"

    def _contact_erased(self, event: Event, body: ContactErased) -> None:
        self.erased.add(event.request or "")

    def _place_recorded(self, event: Event, body: PlaceRecorded) -> None:
        self.rows["places"].add((event.seq, body["kind"], body["old"], body["new"]))

    def _place_removed(self, event: Event, body: PlaceRemoved) -> None:
        self.rows["places"] = {row for row in self.rows["places"] if row[0] != body["event"]}

    def _blocked(self, event: Event, body: Blocked) -> None:
        self.listed["blocked contents"][event.seq] = (event.request or "", body["contents"], body["sha256"])
        if "samples" in body:
            told = (event.request or "", body["samples"], body["samples_sha256"])
            self.listed["samples of contents"][event.seq] = told

    def _copies_settled(self, event: Event, body: CopiesSettled) -> None:
        self.listed["settled copies"][event.seq] = (event.request or "", body["contents"], body["sha256"])

    def _applied(self, event: Event, body: AppliedTo) -> None:
        fell = (body["release_root"], body["version"], body["repositories"], body["occurrences"], body["bytes"])
        self.rows["applications"].add((event.seq, event.request, *fell, event.at))

    def _superseded(self, event: Event, body: SupersededBody) -> None:
        before = next((row for row in self.rows["superseded"] if row[1] == body["root"]), None)
        self.rows["superseded"].discard(before or ())
        retracted = bool(body["retracted"] or (before is not None and before[-1]))
        said = (body["root"], body["version"], body["by_root"], body["by_version"])
        self.rows["superseded"].add((event.seq, *said, retracted))

    def _license_decided(self, event: Event, body: LicenseDecided) -> None:
        said = (body["text_sha256"], body["expression"], body["reviewer"], body["decided_at"], body["reason"])
        self.rows["license_decisions"].add(said)

    def differences(self, connection: sa.Connection) -> Iterator[str]:
        """Yield one line for each row that is not as the events say."""
        requests = {row.id: {**row._mapping} for row in connection.execute(sa.select(REQUESTS))}
        for row in requests.values():
            row.pop("id")
        yield from _compare("request", self.requests, requests)
        found = connection.execute(sa.select(SUBJECTS))
        subjects = {(row.request, row.number): {**row._mapping} for row in found}
        for subject in subjects.values():
            subject.pop("request")
            subject.pop("number")
            subject["accepted"] = None if subject["accepted"] is None else bool(subject["accepted"])
        told = {(request, number): s for request, all_ in self.subjects.items() for number, s in all_.items()}
        yield from _compare("subject", told, subjects)
        states = {row.nonce: {**row._mapping} for row in connection.execute(sa.select(VERIFICATIONS))}
        for state in states.values():
            state["evidence"] = _parsed(state["evidence"])
        yield from _compare("verification", self.verifications, states)
        contacts = {row.request: row.data for row in connection.execute(sa.select(CONTACTS))}
        for request in sorted(self.requests.keys() ^ contacts.keys()):
            yield f"contact {request}: a request and its contact data come and go together"
        for request in sorted(request for request in self.erased if contacts.get(request) is not None):
            yield f"contact {request}: was erased, and is there again"
        columns = {
            DECISIONS: ("event", "request", "outcome", "moderator", "reason", "at"),
            PLACES: ("event", "kind", "old", "new"),
            OBJECTIONS: ("event", "request", "by", "place", "evidence_sha256", "at"),
            APPLICATIONS: (
                "event", "request", "release_root", "version", "repositories", "occurrences", "bytes", "at",
            ),
            SUPERSEDED: ("event", "root", "version", "by_root", "by_version", "retracted"),
            REVIEW_DECISIONS: ("text_sha256", "expression", "reviewer", "decided_at", "reason"),
        }  # fmt: skip
        for table, names in columns.items():
            there = {tuple(row) for row in connection.execute(sa.select(*(table.c[name] for name in names)))}
            for text in sorted(map(repr, self.rows[table.name] ^ there)):
                yield f"{table.name} {text}: the table and the log differ"
        yield from self._listed_differences(connection)

    def _listed_differences(self, connection: sa.Connection) -> Iterator[str]:
        """Yield one line for each event whose contents are not those that lie in its table."""
        for (name, column), told in zip(_LISTS.items(), self.listed.values(), strict=True):
            digests: dict[int, Any] = defaultdict(hashlib.sha256)
            counts: Counter[int] = Counter()
            of: dict[int, set[str]] = defaultdict(set)
            table = column.table
            query = sa.select(table.c.event, table.c.request, column).order_by(table.c.event, table.c.blob)
            for event, request, value in connection.execute(query):
                digests[event].update(bytes(value))
                counts[event] += 1
                of[event].add(request)
            for event in sorted({*counts, *told}):
                request, count, sha256 = told.get(event, ("", 0, ""))
                there = (of[event] or {request}) == {request} and digests[event].hexdigest() == sha256
                if counts[event] != count or not there:
                    yield f"{name} of event {event}: {counts[event]} there, {count} logged, or others"


def _parsed(text: str | None) -> object:
    """Return the value of a JSON text; the text itself where it is none."""
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return text


def _compare(what: str, expected: Mapping[Any, _Row], found: Mapping[Any, _Row]) -> Iterator[str]:
    for key in sorted(set(expected) | set(found), key=str):
        name = " ".join(map(str, key)) if isinstance(key, tuple) else key
        if key not in found:
            yield f"{what} {name}: is in the log and was removed from its table"
        elif key not in expected:
            yield f"{what} {name}: is in its table and not in the log"
        elif changed := [c for c in expected[key] if expected[key][c] != found[key].get(c)]:
            yield f"{what} {name}: {', '.join(sorted(changed))} not as the log says"
