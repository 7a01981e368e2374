"""The life of a request to opt out: received, verified, decided, withdrawn; each step an event in the same transaction.

Knows nothing of how a verification looks at a repository, nor of how builds apply what was decided.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, TypedDict

import sqlalchemy as sa

from drystone.errors import RegistryError, UsageError
from drystone.identity import origins
from drystone.registry.log import events
from drystone.registry.log.bodies import (
    Challenged,
    Contested,
    Decided,
    NewEvent,
    Received,
    SubjectBody,
    VerificationFailed,
    Withdrawn,
)
from drystone.registry.plain import Outcome, Status
from drystone.registry.requests.contacts import Contacts
from drystone.registry.requests.records import (
    LETTERS,
    NewRequest,
    Request,
    Verification,
    find,
    in_order,
    load,
    verification,
)
from drystone.registry.storage.database import reading, writing
from drystone.registry.storage.tables import DECISIONS, OBJECTIONS, REQUESTS, SUBJECTS, VERIFICATIONS

#: Days in which a challenge can be met.
CHALLENGE_DAYS: Final = 14
MAX_SUBJECTS: Final = 10_000
#: Longest contact, note or reason, in characters.
MAX_TEXT: Final = 10_000
#: Statuses in which there is something left to verify.
_TO_VERIFY: Final = ("received", "verified", "contested")


class Requests:
    """The requests of one registry."""

    def __init__(self, engine: sa.Engine, contacts: Contacts) -> None:
        self._engine = engine
        self._contacts = contacts

    def receive(self, new: NewRequest) -> tuple[Request, str]:
        """Record one request; return it and the token by which its requester can follow it, told only here.

        Raises `UsageError` where it has no subject, too many, or too long texts.
        """
        ((id_, token),) = self.receive_all([new])
        return self.get(id_), token

    def receive_all(self, new: Sequence[NewRequest]) -> list[tuple[str, str]]:
        """Record requests, all or none; return id and token of each. One whose `source` is known is passed over."""
        for each in new:
            _check(each)
        ids: list[tuple[str, str]] = []
        with writing(self._engine) as connection:
            known = set(
                connection.execute(sa.select(REQUESTS.c.source).where(REQUESTS.c.source.is_not(None))).scalars()
            )
            fresh = [each for each in new if each.source is None or each.source not in known]
            rows = _NewRows()
            contacts: list[tuple[str, dict[str, str]]] = []
            for each in fresh:
                id_, token = _new_id(), secrets.token_urlsafe(24)
                ids.append((id_, token))
                _add(each, id_, hashlib.sha256(token.encode()).hexdigest(), rows)
                contacts.append((id_, {"contact": each.contact, "words": each.words}))
            if fresh:
                connection.execute(sa.insert(REQUESTS), rows.requests)
                connection.execute(sa.insert(SUBJECTS), rows.subjects)
                self._contacts.put(connection, contacts)
                logged = events.append(connection, rows.events)
                decided = [_decision_row(event) for event in logged if event.kind == "decided"]
                if decided:
                    connection.execute(sa.insert(DECISIONS), decided)
        return ids

    def get(self, beginning: str) -> Request:
        """Return one request; a unique beginning of its id is enough. Raises `UsageError` where there is none."""
        with reading(self._engine) as connection:
            return load(connection, [find(connection, beginning)])[0]

    def by_token(self, token: str) -> Request | None:
        """Return the request that a requester's token belongs to, None where it belongs to none."""
        hashed = hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
        with reading(self._engine) as connection:
            found = connection.execute(sa.select(REQUESTS.c.id).where(REQUESTS.c.token_sha256 == hashed)).scalar()
            return load(connection, [found])[0] if found is not None else None

    def all(self, status: Status | None = None, limit: int | None = None, offset: int = 0) -> list[Request]:
        """Return requests in the order in which they came."""
        query = in_order(REQUESTS.c.id).limit(limit).offset(offset)
        if status is not None:
            query = query.where(REQUESTS.c.status == status)
        with reading(self._engine) as connection:
            return load(connection, connection.execute(query).scalars().all())

    def overdue(self, moment: datetime | None = None) -> list[Request]:
        """Return the requests that should have been decided or applied by now, in the order in which they came."""
        return [r for r in self.all() if r.overdue(moment) is not None]

    def challenge(self, request: str, method: str, days: int = CHALLENGE_DAYS) -> Verification:
        """Open a verification of a request: a number used once, for this request and method alone, for so many days."""
        moment = events.now()
        with writing(self._engine) as connection:
            found = load(connection, [find(connection, request)])[0]
            if found.status not in _TO_VERIFY:
                raise UsageError(f"{found.id}: is {found.status}; there is nothing left to verify")
            opened = Verification(
                secrets.token_hex(16),
                found.id,
                method,
                "pending",
                events.stamp(moment),
                events.stamp(moment + timedelta(days=days)),
            )
            _insert_verification(connection, opened)
            body: Challenged = {"nonce": opened.nonce, "method": method, "expires_at": opened.expires_at}
            events.append(connection, [("challenged", found.id, body)], opened.created_at)
        return opened

    def pending(self, request: str, method: str | None = None) -> Verification:
        """Return the newest verification of a request that can still be met.

        Raises `UsageError` where none was opened, `RegistryError` where it was met already or its time is over.
        """
        found = self.get(request)
        asked = [v for v in found.verifications if method is None or v.method == method]
        if not asked:
            raise UsageError(
                f"{found.id}: no verification is under way; open one with drystone optout verify {found.id}"
            )
        _check_pending(asked[-1], events.now())
        return asked[-1]

    def verified(self, nonce: str, evidence: dict[str, str], subjects: Iterable[int]) -> Request:
        """Record that a verification succeeded, what it rests on, and of which subjects it is (from 1); a nonce counts
        once.

        Raises `RegistryError` where it is unknown, was used before, or its time is over.
        """
        moment = events.now()
        with writing(self._engine) as connection:
            row = connection.execute(sa.select(VERIFICATIONS).where(VERIFICATIONS.c.nonce == nonce)).one_or_none()
            if row is None:
                raise RegistryError("This registry gave out no such challenge.")
            _check_pending(verification(row), moment)
            numbers = ",".join(map(str, sorted(subjects)))
            evidence = {**evidence, "subjects": numbers}
            _succeed(connection, row.request, nonce, row.method, evidence, events.stamp(moment))
            return load(connection, [row.request])[0]

    def failed(self, nonce: str, why: str) -> None:
        """Record that a verification was tried and failed; it can be tried again until its time is over."""
        with writing(self._engine) as connection:
            row = connection.execute(sa.select(VERIFICATIONS).where(VERIFICATIONS.c.nonce == nonce)).one_or_none()
            if row is None:
                raise RegistryError("This registry gave out no such challenge.")
            body: VerificationFailed = {"nonce": nonce, "method": row.method, "why": why[:MAX_TEXT]}
            events.append(connection, [("verification_failed", row.request, body)])

    def vouch(self, request: str, moderator: str, note: str) -> Request:
        """Record a moderator's own decision that a request comes from whom it says.

        The note lies with the contact data, and goes with them; the log has its hash.
        """
        _check_text("moderator", moderator)
        _check_text("note", note)
        moment = events.stamp(events.now())
        with writing(self._engine) as connection:
            found = load(connection, [find(connection, request)])[0]
            if found.status not in _TO_VERIFY:
                raise UsageError(f"{found.id}: is {found.status}; there is nothing left to verify")
            opened = Verification(secrets.token_hex(16), found.id, "manual", "pending", moment, moment)
            _insert_verification(connection, opened)
            _succeed(
                connection,
                found.id,
                opened.nonce,
                "manual",
                {"moderator": moderator.strip(), "note_sha256": _hash(note)},
                moment,
            )
            self._contacts.add(connection, found.id, f"{moderator.strip()} vouched, {moment}", note.strip())
            return load(connection, [found.id])[0]

    def decide(
        self,
        request: str,
        outcome: Outcome,
        moderator: str,
        reason: str = "",
        accepted: Iterable[int] = (),
        *,
        seen: int | None = None,
        again: bool = False,
    ) -> Request:
        """Decide a request; of two who decide at once the second is told.

        `accepted` numbers the subjects (from 1) that an outcome `partly` accepts. `seen` is the `revision` that the
        moderator looked at. A decided request is decided anew only with `again`. Raises `UsageError` for a decision
        that is incomplete or comes too early, `RegistryError` where another came first.
        """
        _check_text("moderator", moderator)
        if outcome != "accepted":
            _check_text("reason", reason)
        chosen = sorted(set(accepted))
        with writing(self._engine) as connection:
            found = load(connection, [find(connection, request)])[0]
            if seen is not None and seen != found.revision:
                raise RegistryError(f"{found.id}: something happened since you looked at it; look again, then decide")
            if found.status == "withdrawn":
                raise UsageError(f"{found.id}: was withdrawn; a new request would be needed")
            if found.decisions and not again and found.status != "contested":
                last = found.decisions[-1]
                raise RegistryError(
                    f"{found.id}: was decided already ({last.outcome}, by {last.moderator}, {last.at}); look at it, "
                    "and decide --again if that should change"
                )
            if outcome != "rejected" and not found.verified:
                raise UsageError(f"{found.id}: is not verified yet; see drystone optout verify {found.id}")
            numbers = list(range(1, len(found.subjects) + 1))
            if outcome == "partly" and (not chosen or chosen == numbers or not set(chosen) <= set(numbers)):
                raise UsageError(
                    f"{found.id}: a decision in part names some of its subjects, by number from 1 to {len(numbers)}"
                )
            taken = {"accepted": numbers, "partly": chosen, "rejected": []}[outcome]
            if doubtful := sorted(set(taken) - found.verified):
                raise UsageError(
                    f"{found.id}: nobody has shown that {', '.join(f'subject {number}' for number in doubtful)} (of "
                    f"{len(numbers)}) belongs to who asks; verify that too, vouch for it, or accept the others in part"
                )
            body: Decided = {
                "outcome": outcome,
                "moderator": moderator.strip(),
                "reason": reason.strip(),
                "accepted": taken,
            }
            event = events.append(connection, [("decided", found.id, body)])[0]
            connection.execute(sa.insert(DECISIONS), [_decision_row(event)])
            connection.execute(sa.update(REQUESTS).where(REQUESTS.c.id == found.id).values(status=outcome))
            connection.execute(
                sa.update(SUBJECTS)
                .where(SUBJECTS.c.request == found.id)
                .values(accepted=SUBJECTS.c.number.in_(taken) if taken else sa.false())
            )
            return load(connection, [found.id])[0]

    def contest(self, request: str, by: str, place: str, evidence: str) -> Request:
        """Record that somebody says that a request takes what is theirs; it waits for a decision, once more.

        `place` is where theirs lies, `evidence` their words, which lie with the contact data. Until it is decided what
        the request names stays out, and copies elsewhere stay in. Raises `UsageError` where nothing is to contest.
        """
        _check_text("name of who contests", by)
        _check_text("word of evidence", evidence)
        where = origins.public(place.strip())
        name = origins.repository(place)
        with writing(self._engine) as connection:
            found = load(connection, [find(connection, request)])[0]
            if found.status in ("rejected", "withdrawn"):
                raise UsageError(f"{found.id}: is {found.status}; it takes nothing that could be contested")
            if any(s.kind == "repository" and s.value == name for s in found.subjects):
                raise UsageError(f"{found.id}: {name} is what it is about; its owner withdraws it instead")
            body: Contested = {"by": by.strip(), "place": where, "evidence_sha256": _hash(evidence)}
            event = events.append(connection, [("contested", found.id, body)])[0]
            row = {"event": event.seq, "request": found.id, "at": event.at, **body}
            connection.execute(sa.insert(OBJECTIONS), [row])
            connection.execute(sa.update(REQUESTS).where(REQUESTS.c.id == found.id).values(status="contested"))
            self._contacts.add(connection, found.id, f"{by.strip()} objects, {event.at}", evidence.strip())
            return load(connection, [found.id])[0]

    def withdraw(self, request: str, by: str, note: str = "") -> Request:
        """Withdraw a request: what it took out may come in again from the next build on."""
        _check_text("name of who withdraws", by)
        if len(note) > MAX_TEXT:
            raise UsageError(f"A note has at most {MAX_TEXT} characters.")
        with writing(self._engine) as connection:
            id_ = find(connection, request)
            changed = connection.execute(
                sa.update(REQUESTS)
                .where(REQUESTS.c.id == id_, REQUESTS.c.status != "withdrawn")
                .values(status="withdrawn")
            )
            if not changed.rowcount:
                raise RegistryError(f"{id_}: was withdrawn already")
            body: Withdrawn = {"by": by.strip(), "note": ""}
            if note.strip():
                body["note_sha256"] = _hash(note)
            events.append(connection, [("withdrawn", id_, body)])
            if note.strip():
                self._contacts.add(
                    connection, id_, f"{by.strip()} withdrew, {events.stamp(events.now())}", note.strip()
                )
            return load(connection, [id_])[0]


def _check(new: NewRequest) -> None:
    if not new.subjects:
        raise UsageError("A request names at least one owner, repository, path, SWHID or author.")
    if len(new.subjects) > MAX_SUBJECTS:
        raise UsageError(f"A request names at most {MAX_SUBJECTS} subjects; this one has {len(new.subjects)}.")
    for name, text in (("contact", new.contact), ("note", new.words)):
        if len(text) > MAX_TEXT:
            raise UsageError(f"A {name} has at most {MAX_TEXT} characters; this one has {len(text)}.")
    if new.due_days < 1:
        raise UsageError("A deadline lies at least a day ahead.")


def _hash(text: str) -> str:
    """Return the hash of words that lie with the contact data, as the log has it."""
    return hashlib.sha256(text.strip().encode("utf-8", "surrogatepass")).hexdigest()


def _check_text(name: str, text: str) -> None:
    if not text.strip():
        raise UsageError(f"A {name} is needed.")
    if len(text) > MAX_TEXT:
        raise UsageError(f"A {name} has at most {MAX_TEXT} characters; this one has {len(text)}.")


def _new_id() -> str:
    return "R-" + "".join(secrets.choice(LETTERS) for _ in range(10))


class _RequestRow(TypedDict):
    id: str
    status: str
    received_at: str
    due_at: str
    forks: bool
    copies: bool
    near: bool
    token_sha256: str
    source: str | None


class _SubjectRow(SubjectBody):
    request: str
    number: int
    accepted: bool | None


class _DecisionRow(TypedDict):
    event: int
    request: str | None
    outcome: str
    moderator: str
    reason: str
    at: str


@dataclass
class _NewRows:
    """What new requests put into tables and log."""

    requests: list[_RequestRow] = field(default_factory=list)
    subjects: list[_SubjectRow] = field(default_factory=list)
    events: list[NewEvent] = field(default_factory=list)


def _add(new: NewRequest, id_: str, token_sha256: str, rows: _NewRows) -> None:
    subjects = list(dict.fromkeys(new.subjects))
    received = (new.received_at or events.now()).astimezone(UTC)
    outcome = new.decision[0] if new.decision is not None else None
    row: _RequestRow = {
        "id": id_,
        "status": outcome or "received",
        "received_at": events.stamp(received),
        "due_at": events.stamp(received + timedelta(days=new.due_days)),
        "forks": new.forks,
        "copies": new.copies,
        "near": new.near,
        "token_sha256": token_sha256,
        "source": new.source,
    }
    rows.requests.append(row)
    listed: list[SubjectBody] = []
    for number, s in enumerate(subjects, 1):
        said: SubjectBody = {"kind": s.kind, "value": s.value, "prefix": s.prefix, "place": s.place}
        listed.append(said)
        accepted = outcome == "accepted" if outcome is not None else None
        rows.subjects.append({"request": id_, "number": number, "accepted": accepted, **said})
    body: Received = {
        "received_at": row["received_at"],
        "due_at": row["due_at"],
        "forks": row["forks"],
        "copies": row["copies"],
        "near": row["near"],
        "token_sha256": row["token_sha256"],
        "source": row["source"],
        "subjects": listed,
    }
    rows.events.append(("received", id_, body))
    if new.decision is not None:
        what, moderator, reason = new.decision
        taken = list(range(1, len(subjects) + 1)) if what == "accepted" else []
        decided: Decided = {"outcome": what, "moderator": moderator, "reason": reason, "accepted": taken}
        rows.events.append(("decided", id_, decided))


def _decision_row(event: events.Event) -> _DecisionRow:
    body: Decided = json.loads(event.body)
    return {
        "event": event.seq,
        "request": event.request,
        "outcome": body["outcome"],
        "moderator": body["moderator"],
        "reason": body["reason"],
        "at": event.at,
    }


def _check_pending(found: Verification, moment: datetime) -> None:
    if found.state != "pending":
        raise RegistryError(f"{found.request}: this challenge was met already, {found.finished_at}; it counts once")
    if datetime.fromisoformat(found.expires_at) < moment:
        raise RegistryError(
            f"{found.request}: the time for this challenge was over at {found.expires_at}; open another one"
        )


def _insert_verification(connection: sa.Connection, opened: Verification) -> None:
    values = {name: getattr(opened, name) for name in VERIFICATIONS.c.keys()}  # noqa: SIM118
    connection.execute(sa.insert(VERIFICATIONS), [{**values, "evidence": None}])


def _succeed(
    connection: sa.Connection, request: str, nonce: str, method: str, evidence: dict[str, str], moment: str
) -> None:
    text = json.dumps(evidence, sort_keys=True)
    connection.execute(
        sa.update(VERIFICATIONS)
        .where(VERIFICATIONS.c.nonce == nonce)
        .values(state="succeeded", finished_at=moment, evidence=text)
    )
    connection.execute(
        sa.update(REQUESTS).where(REQUESTS.c.id == request, REQUESTS.c.status == "received").values(status="verified")
    )
    events.append(connection, [("verified", request, {"nonce": nonce, "method": method, "evidence": evidence})], moment)
