"""Requests as lines of JSON: Drystone's own export, and the shape of BigCode's list of opt-outs.

Contact data never leave by this way. Knows nothing of files and commands.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, TypedDict

from drystone.errors import DrystoneError, RegistryError, UsageError
from drystone.identity import origins
from drystone.registry.log.bodies import AppliedTo, SubjectBody
from drystone.registry.plain import Outcome
from drystone.registry.requests import subjects
from drystone.registry.requests.life import Requests
from drystone.registry.requests.records import NewRequest, Request
from drystone.registry.requests.subjects import Subject

#: Problems that one message names at most.
_SHOWN: Final = 20
#: What stands in BigCode's rows for all repositories of who asks, and for what they wrote in those of others.
_ALL: Final = frozenset({"all", "all repos", "all repositories", "all my repos", "all my repositories", "everything"})
_COMMITS: Final = frozenset({"commits", "all commits", "my commits", "all my commits", "commit"})
#: A name, two of them, or a URL.
_NAME: Final = re.compile(r"[\w.-]+(/[\w.-]+)?|(https?://|git@|www\.)?[\w.-]+\.[a-z]+[:/]\S+", re.IGNORECASE)
_BIGCODE: Final = {"author", "optout_repos", "optout_owners"}


class SubjectRecord(SubjectBody):
    """A subject, its number from 1, and whether it was accepted (None: not decided)."""

    number: int
    accepted: bool | None


class VerificationRecord(TypedDict):
    """A verification without its nonce."""

    method: str
    state: str
    created_at: str
    expires_at: str
    finished_at: str | None
    evidence: dict[str, str]


class DecisionRecord(TypedDict):
    """What a moderator decided."""

    outcome: str
    moderator: str
    reason: str
    at: str


class ApplicationRecord(AppliedTo):
    """What fell in a release, and when that was recorded."""

    at: str


class ObjectionRecord(TypedDict):
    """Who says that a request takes what is theirs, where that lies, and when they said so."""

    by: str
    place: str
    at: str


class RequestRecord(TypedDict):
    """Everything public of a request."""

    id: str
    status: str
    received_at: str
    due_at: str
    overdue: str | None
    forks: bool
    copies: bool
    near: bool
    source: str | None
    revision: int
    subjects: list[SubjectRecord]
    verifications: list[VerificationRecord]
    decisions: list[DecisionRecord]
    applications: list[ApplicationRecord]
    objections: list[ObjectionRecord]


def describe(request: Request) -> RequestRecord:
    """Return everything public of a request as plain data; nonces of challenges are left out."""
    return {
        "id": request.id,
        "status": request.status,
        "received_at": request.received_at,
        "due_at": request.due_at,
        "overdue": request.overdue(),
        "forks": request.forks,
        "copies": request.copies,
        "near": request.near,
        "source": request.source,
        "revision": request.revision,
        "subjects": [
            {"number": n, "kind": s.kind, "value": s.value, "prefix": s.prefix, "place": s.place,
             "accepted": s.accepted}
            for n, s in enumerate(request.subjects, 1)
        ],
        "verifications": [
            {"method": v.method, "state": v.state, "created_at": v.created_at, "expires_at": v.expires_at,
             "finished_at": v.finished_at, "evidence": v.evidence}
            for v in request.verifications
        ],
        "decisions": [
            {"outcome": d.outcome, "moderator": d.moderator, "reason": d.reason, "at": d.at} for d in request.decisions
        ],
        "applications": [
            {"release_root": a.release_root, "version": a.version, "repositories": a.repositories,
             "occurrences": a.occurrences, "bytes": a.bytes, "at": a.at}
            for a in request.applications
        ],
        "objections": [{"by": o.by, "place": o.place, "at": o.at} for o in request.objections],
    }  # fmt: skip


def export(requests: Requests) -> Iterator[str]:
    """Yield every request as one line of JSON, in the order in which they came."""
    for request in requests.all():
        yield json.dumps(describe(request), sort_keys=True, ensure_ascii=False)


def export_bigcode(requests: Requests) -> Iterator[str]:
    """Yield what is opted out now in BigCode's shape; only what that shape knows: owners and repositories of GitHub.

    `author` is the id of the request: who made it is nobody's business.
    """
    for request in requests.all():
        listed: dict[str, list[str]] = {"owner": [], "repository": []}
        for subject in request.subjects if request.status in ("accepted", "partly") else ():
            host, _, name = subject.value.partition("/")
            if subject.accepted and subject.kind in listed and host == origins.DEFAULT_HOST:
                listed[subject.kind].append(name)
        if any(listed.values()):
            row = {"author": request.id, "optout_repos": listed["repository"], "optout_owners": listed["owner"]}
            yield json.dumps(row, ensure_ascii=False)


def import_lines(requests: Requests, lines: Iterable[str], moderator: str, *, undecided: bool = False) -> list[str]:
    """Add requests that `export` wrote or that have BigCode's shape; return the ids of the new ones.

    What is here already is passed over. BigCode's rows were decided there: they come in as accepted by `moderator`,
    unless `undecided`. Their `author` becomes contact data. All or nothing: raises `RegistryError` with every bad
    line's number.
    """
    found: list[NewRequest] = []
    problems: list[str] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            if not isinstance(record, dict):
                raise UsageError("not a JSON object")
            new = _of_bigcode(record, moderator) if record.keys() >= _BIGCODE else _of_export(record)
            if undecided:
                new = NewRequest(
                    new.subjects, new.contact, new.words, new.forks, new.copies, new.near, source=new.source
                )
            found.append(new)
        except (ValueError, RecursionError) as error:
            problems.append(f"line {number}: not JSON ({error})")
        except (KeyError, TypeError, AttributeError) as error:
            problems.append(f"line {number}: not a request ({error!r})")
        except DrystoneError as error:
            problems.append(f"line {number}: {error}")
    if problems:
        more = [f"and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
        raise RegistryError("nothing was imported:\n" + "\n".join([*problems[:_SHOWN], *more]))
    return [id_ for id_, _ in requests.receive_all(list({new.source: new for new in found}.values()))]


def _of_bigcode(record: dict[str, Any], moderator: str) -> NewRequest:
    """Return a row {author, optout_repos, optout_owners}, with the number of its issue where it has one."""
    author = record["author"]
    repositories, owners = _texts(record["optout_repos"]), _texts(record["optout_owners"])
    if not isinstance(author, str) or not author.strip():
        raise UsageError("has no author")
    things: list[Subject] = [subjects.owner(_named(name, author)) for name in owners]
    for name in repositories:
        if _plain(name) in _ALL:
            things.append(subjects.owner(_named(author, author)))
            continue
        # Some rows name repositories without their owner, who is the one that asked.
        named = _named(name, author)
        things.append(subjects.repository(named if "/" in named else f"{_named(author, author)}/{named}"))
    if not things:
        raise UsageError("names neither a repository nor an owner")
    issue = record.get("issue")
    # Of a row without a number, a hash of all it says: the same row is the same request.
    mark = json.dumps([author, repositories, owners]).encode()
    source = f"bigcode:{issue}" if isinstance(issue, int) else f"bigcode:{hashlib.sha256(mark).hexdigest()[:32]}"
    decision: tuple[Outcome, str, str] = ("accepted", moderator, "accepted by BigCode")
    return NewRequest(things, contact=author, source=source, decision=decision)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".!")


def _named(text: str, author: str) -> str:
    """Return a name or URL that a row of BigCode gives, as it can be asked for.

    Raises `UsageError` with what the row says where that is no name: all, commits, and sentences stand there, too.
    """
    name = text.strip()
    if _plain(name) in _ALL:
        return author.strip()
    if _plain(name) in _COMMITS:
        raise UsageError(
            f"{name!r} asks for the commits of {author!r}, who is known by an e-mail address alone: take it as a "
            "request of its own with --author, or leave the row out"
        )
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name[:100]!r} is no name of an owner or repository: read it, and write what it asks for")
    return name


def _of_export(record: dict[str, Any]) -> NewRequest:
    things = [_subject(s) for s in record["subjects"]]
    source = record["source"] or f"drystone:{record['id']}"
    received = datetime.fromisoformat(record["received_at"])
    reach = (record["forks"], record["copies"], record.get("near", False))  # lines of before know no `near`
    if received.tzinfo is None or not all(isinstance(each, bool) for each in reach):
        raise UsageError("its time has no zone, or its settings are not true or false")
    decision: tuple[Outcome, str, str] | None = None
    if record["status"] in ("accepted", "rejected"):
        last = record["decisions"][-1]
        decision = (record["status"], str(last["moderator"]), str(last["reason"]))
    elif record["status"] == "partly" or (record["status"] == "contested" and record["decisions"]):
        last = record["decisions"][-1]
        things = [s for s, told in zip(things, record["subjects"], strict=True) if told["accepted"]]
        decision = ("accepted", str(last["moderator"]), str(last["reason"]))
    elif record["status"] == "withdrawn":
        raise UsageError("was withdrawn; only requests that stand are imported")
    forks, copies, near = reach
    return NewRequest(
        things, forks=forks, copies=copies, near=near, source=source, received_at=received, decision=decision
    )


def _subject(record: dict[str, Any]) -> Subject:
    """Return a subject as the one who asked for it would be given it: checked anew, whatever the line says."""
    kind, value, prefix, place = (record[name] for name in ("kind", "value", "prefix", "place"))
    if not isinstance(value, str) or not isinstance(place, str | None) or not isinstance(prefix, str | None):
        raise UsageError("a subject is not made of texts")
    if kind == "path":
        found = subjects.path(place or value, prefix or "")
    elif kind in ("content", "directory"):
        found = subjects.object_(value)
    elif kind == "author":
        found = subjects.author(value)[0]
    elif kind in ("owner", "repository"):
        found = (subjects.owner if kind == "owner" else subjects.repository)(place or value)
    else:
        raise UsageError(f"{str(kind)[:40]!r} is no kind of subject")
    if found.kind != kind or found.value != value:
        raise UsageError(f"its place {place!r} is not what its name {value!r} says")
    return found


def _texts(value: Any) -> Sequence[str]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise UsageError("optout_repos and optout_owners are lists of texts")
    return [text for text in value if text.strip()]
