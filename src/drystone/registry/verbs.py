"""What can be done with a registry: the verbs of this room, light to load and each with its defaults.

`registry` is an open one, or its path or URL; None is the default one (`place`). Verbs that only make sense where a
registry is there refuse to make one. `by` is who does it, by default who is logged in. All raise `UsageError` for what
is asked wrongly and `RegistryError` where the registry refuses it or cannot be used.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from drystone.errors import UsageError
from drystone.registry.place import make_registry, open_existing, open_registry
from drystone.registry.plain import DUE_DAYS, Outcome, PlaceKind, Status

if TYPE_CHECKING:
    from drystone.registry import Decision, Event, Place, Registry, Request, Review
    from drystone.registry.report import RegistryReport
    from drystone.registry.requests.exchange import RequestRecord

    AnyRegistry = Registry | str | None

#: Which texts of the review queue: those that wait, those that are decided, or all.
ReviewState = Literal["open", "decided", "all"]
#: All that is public of requests, or what is opted out in the shape of BigCode's list.
RequestFormat = Literal["drystone", "bigcode"]


@contextmanager
def using(registry: AnyRegistry, *, existing: bool = True) -> Iterator[Registry]:
    """Open a registry for a while, and close it; one that is open already stays so."""
    if registry is None or isinstance(registry, str):
        with (open_existing if existing else open_registry)(registry) as opened:
            yield opened
    else:
        yield registry


def who(by: str | None) -> str:
    """Return who does something: `by`, else the login name."""
    return by or getpass.getuser()


@dataclass(frozen=True, slots=True)
class History:
    """A request, the events of its log, and its contact data where they were asked for and are not erased."""

    request: Request
    events: list[Event]
    contact: dict[str, str]


def request_optout(
    registry: AnyRegistry = None,
    *,
    owners: Iterable[str] = (),
    repositories: Iterable[str] = (),
    paths: Iterable[tuple[str, str]] = (),
    swhids: Iterable[str] = (),
    authors: Iterable[str] = (),
    contact: str = "",
    note: str = "",
    forks: bool = True,
    copies: bool = True,
    near: bool = False,
    due_days: int = DUE_DAYS,
) -> tuple[Request, str]:
    """Record a request to leave work out; return it and the token by which its requester follows it, told only here.

    `owners`: all present and future repositories of each. `repositories`: names or URLs. `paths`: pairs of a repository
    and the path of a file or folder in it. `swhids`: contents or directories, wherever they lie. `authors`: e-mail
    addresses, of which only hashes are kept. `contact` and `note` are kept apart and can be erased. `forks`, `copies`:
    whether forks, and copies elsewhere with the same text, go too. `near`: whether also what contains most of a file
    goes, as far as `list_contents` knows the file. `due_days`: days until it is late. The default registry is
    made where there is none.
    """
    from drystone.registry import NewRequest
    from drystone.registry.requests import subjects

    things = [
        *map(subjects.owner, owners),
        *map(subjects.repository, repositories),
        *(subjects.path(place, prefix) for place, prefix in paths),
        *map(subjects.object_, swhids),
        *(subject for text in authors for subject in subjects.author(text)),
    ]
    new = NewRequest(things, contact, note, forks, copies, near, due_days=due_days)
    with using(registry, existing=False) as opened:
        return opened.requests.receive(new)


def decide_optout(
    request: str,
    outcome: Outcome,
    *,
    registry: AnyRegistry = None,
    reason: str = "",
    accepted: Iterable[int] = (),
    seen: int | None = None,
    again: bool = False,
    by: str | None = None,
) -> Request:
    """Decide a verified request; builds apply what is accepted from the next one on.

    `request`: its id, or the first letters. `outcome`: accepted, partly or rejected; `reason` is needed unless all is
    accepted, `accepted` are the numbers of the subjects that are, for "partly". `seen`: the revision that was looked
    at; refuse where something happened since. `again`: decide anew what was decided before.
    """
    with using(registry) as opened:
        return opened.requests.decide(request, outcome, who(by), reason, accepted, seen=seen, again=again)


def contest_optout(
    request: str, place: str, evidence: str, *, registry: AnyRegistry = None, by: str | None = None
) -> Request:
    """Record that somebody says that a request takes what is theirs; it then waits for a decision, once more.

    `place` is where theirs lies, `evidence` what they say of it; that is kept apart and can be erased. Until it is
    decided, what the request names stays out, and copies elsewhere stay in. Raises `UsageError` where nothing can be
    contested.
    """
    with using(registry) as opened:
        return opened.requests.contest(request, who(by), place, evidence)


def settle_copies(
    request: str, swhids: Iterable[str], reason: str, *, registry: AnyRegistry = None, by: str | None = None
) -> tuple[Request, int]:
    """Record a moderator's decision on single contents: their copies go however common they are.

    `swhids` name contents (`swh:1:cnt:...`). Returns the request and how many of them were not decided before. Raises
    `UsageError`.
    """
    from drystone.identity.swhid import CONTENT, parse

    found = [parse(text.strip()) for text in swhids]
    if wrong := next((each for each in found if each.kind != CONTENT), None):
        raise UsageError(f"{wrong.core}: is no content; copies are of contents (swh:1:cnt:...)")
    with using(registry) as opened:
        id_ = opened.requests.get(request).id
        new = opened.optouts.settle_copies(id_, [str(each.core) for each in found], who(by), reason)
        return opened.requests.get(id_), new


def withdraw_optout(request: str, *, registry: AnyRegistry = None, note: str = "", by: str | None = None) -> Request:
    """Withdraw a request: what it took out may come in again from the next build on."""
    with using(registry) as opened:
        return opened.requests.withdraw(request, who(by), note)


def vouch_optout(request: str, note: str, *, registry: AnyRegistry = None, by: str | None = None) -> Request:
    """Record a moderator's own decision that a request comes from whom it says; `note` is what that rests on."""
    with using(registry) as opened:
        return opened.requests.vouch(request, who(by), note)


def list_optouts(registry: AnyRegistry = None, *, status: Status | None = None, overdue: bool = False) -> list[Request]:
    """Return requests in the order in which they came; only those with `status`, only those that are `overdue`."""
    with using(registry) as opened:
        found = opened.requests.all(status)
    return [request for request in found if request.overdue() is not None] if overdue else found


def show_optout(request: str, *, registry: AnyRegistry = None, contact: bool = False) -> History:
    """Return one request with its history; with `contact` also the contact data, where they are not erased."""
    with using(registry) as opened:
        found = opened.requests.get(request)
        private = opened.contacts.get(found.id) if contact else {}
        return History(found, opened.events.of(found.id), private)


def erase_contact(request: str, *, registry: AnyRegistry = None, by: str | None = None) -> tuple[Request, bool]:
    """Erase the contact data of a request; the request, its decision and the log stay. Says whether there were any."""
    with using(registry) as opened:
        found = opened.requests.get(request)
        return found, opened.contacts.erase(found.id, who(by))


def record_place(
    kind: PlaceKind, old: str, new: str, *, registry: AnyRegistry = None, evidence: str = "", by: str | None = None
) -> Place:
    """Record that `old` was renamed or redirects to `new`, or is a fork of it: both are one subject, or follow it."""
    with using(registry, existing=False) as opened:
        return opened.optouts.record_place(kind, old, new, who(by), evidence)


def remove_place(event: int, *, registry: AnyRegistry = None, by: str | None = None) -> None:
    """Take back what the event of this number recorded of a place."""
    with using(registry) as opened:
        opened.optouts.remove_place(event, who(by))


def list_places(registry: AnyRegistry = None) -> list[Place]:
    """Return recorded renames, redirects and forks, oldest first."""
    with using(registry) as opened:
        return opened.optouts.places()


def export_optouts(registry: AnyRegistry = None, *, form: RequestFormat = "drystone") -> list[str]:
    """Return requests as lines of JSON: all that is public, or what is opted out in BigCode's shape."""
    from drystone.registry.requests import exchange

    with using(registry) as opened:
        return list((exchange.export_bigcode if form == "bigcode" else exchange.export)(opened.requests))


def import_optouts(
    lines: Iterable[str], *, registry: AnyRegistry = None, undecided: bool = False, by: str | None = None
) -> list[str]:
    """Add requests from lines of JSON, of an export or in BigCode's shape; return the ids of the new ones.

    Rows of BigCode were accepted there and are accepted here, unless `undecided`. All rows come in, or none. The
    default registry is made where there is none.
    """
    from drystone.registry.requests import exchange

    with using(registry, existing=False) as opened:
        return exchange.import_lines(opened.requests, lines, who(by), undecided=undecided)


def describe_optout(request: Request) -> RequestRecord:
    """Return everything public of a request as plain data."""
    from drystone.registry.requests import exchange

    return exchange.describe(request)


def list_reviews(registry: AnyRegistry = None, *, state: ReviewState = "open") -> list[Review]:
    """Return the licence texts that wait for a person's decision, those that are decided, or all."""
    with using(registry) as opened:
        return opened.reviews.queue(state)


def show_review(text_sha256: str, *, registry: AnyRegistry = None) -> tuple[Review, list[Decision]]:
    """Return one licence text and its decisions, oldest first; the first digits of its hash are enough."""
    with using(registry) as opened:
        return opened.reviews.show(text_sha256)


def decide_review(
    text_sha256: str, expression: str, reason: str, *, registry: AnyRegistry = None, by: str | None = None
) -> Decision:
    """Decide that a text stands under an SPDX expression, or "NONE" where it is no licence, in every later build."""
    with using(registry) as opened:
        return opened.reviews.decide(text_sha256, expression, who(by), reason)


def export_reviews(registry: AnyRegistry = None) -> list[str]:
    """Return every decision on licence texts as lines of JSON. The default registry is made where there is none."""
    with using(registry, existing=False) as opened:
        return list(opened.reviews.export())


def import_reviews(lines: Iterable[str], *, registry: AnyRegistry = None) -> int:
    """Add decisions that `export_reviews` returned, all or none; return how many were new."""
    with using(registry, existing=False) as opened:
        return opened.reviews.import_(lines)


def init_registry(registry: str | None = None) -> str:
    """Make a new registry and return its place. Raises `UsageError` where there is one that holds events."""
    return make_registry(registry)


def report_requests(
    registry: AnyRegistry = None, *, year: int | None = None, output: str | os.PathLike[str] | None = None
) -> RegistryReport:
    """Count the requests that came in a `year` (default: all), how they ended and how long that took.

    `output`: a file for the page with pictures, HTML without anything to fetch (default: none). It names nobody.
    """
    from drystone.registry.report import count, page

    with using(registry) as opened:
        last = opened.events.last()
        events, head = (last.seq, last.hash) if last is not None else (0, "none")
        found = count(opened.requests.all(), events, head, year)
    if output is not None:
        try:
            Path(output).write_text(page(found), "utf-8")
        except OSError as error:
            raise UsageError(f"{os.fspath(output)}: cannot be written ({error.strerror})") from None
    return found


def read_log(registry: AnyRegistry = None) -> Sequence[Event]:
    """Return the event log, oldest first. It names no requester; moderators it names."""
    with using(registry) as opened:
        return opened.events.all()


def encrypt_contacts(registry: AnyRegistry = None) -> int:
    """Encrypt all contact data with the first key of DRYSTONE_REGISTRY_KEY; return of how many requests."""
    with using(registry) as opened:
        return opened.contacts.encrypt_all()


def new_contact_key() -> str:
    """Return a new key for contact data, to be kept in DRYSTONE_REGISTRY_KEY and nowhere beside the registry."""
    from drystone.registry import new_key

    return new_key()
