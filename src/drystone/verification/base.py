"""What all methods share: the challenge, what may be handed in, and whether a place belongs to what is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from drystone.errors import DrystoneError, UsageError
from drystone.identity import origins
from drystone.registry import Subject, Verification
from drystone.sources.git import remote


class NotVerifiedError(DrystoneError):
    """A challenge is not met; the message says what was looked for, where, and what was there."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a requester is asked to publish or sign: `nonce` is used once, for `request` alone.

    `created_at` is when it was given out: what was there before cannot be an answer to it.
    """

    request: str
    nonce: str
    created_at: datetime

    @classmethod
    def of(cls, opened: Verification) -> Challenge:
        """Return the challenge of a verification that the registry has opened."""
        return cls(opened.request, opened.nonce, datetime.fromisoformat(opened.created_at))

    @property
    def statement(self) -> str:
        """The line that is published or signed."""
        return f"drystone-opt-out {self.request} {self.nonce}"


@dataclass(frozen=True, slots=True)
class Proof:
    """What a requester hands in besides what they published: a signature of the statement, and its OpenPGP key."""

    signature: bytes | None = None
    public_key: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be visited: folders of this machine, hosts that are not public, whither redirects lead; how far.

    The defaults are a moderator's, who chooses the place. `VISITOR` is for places that a stranger names: public hosts
    by http and https alone, no redirects, half a minute and 64 MiB.
    """

    local: bool = True
    private: bool = True
    redirects: bool = True
    schemes: tuple[str, ...] = remote.PROTOCOLS
    bounds: remote.Bounds | None = None


ANYWHERE: Final = Reach()
VISITOR: Final = Reach(
    local=False, private=False, redirects=False, schemes=("https", "http"), bounds=remote.Bounds(30, 64 << 20)
)


class VerificationMethod(Protocol):
    """One way to verify."""

    name: str

    def instructions(self, challenge: Challenge) -> str:
        """Return what the requester has to do, in words and commands."""
        ...

    def check(self, challenge: Challenge, place: str, proof: Proof, reach: Reach = ANYWHERE) -> dict[str, str]:
        """Look at a git repository (URL or path) within `reach` and return the evidence, JSON-able.

        Raises `NotVerifiedError` where the challenge is not met there, `SourceError` where it cannot be looked at.
        """
        ...


def covers(place: str, values: Iterable[tuple[str, str]]) -> bool:
    """Return whether a place is one of the subjects (kind, canonical name) that a request is about, or below one.

    A folder on this machine is `git:` and its path, which covers each end of it, as builds call it; what a local copy
    says of its own remote counts nothing.
    """
    name = name_of(place)
    names = {name, *origins.ends_of(name)}
    return any(
        value in names or (kind == "owner" and value in origins.owners_of(name))
        for kind, value in values
        if kind in ("owner", "repository", "path")
    )


def shows(place: str, subject: Subject, names: Callable[[str], Iterable[str]] = lambda name: (name,)) -> bool:
    """Return whether who meets a challenge at a place shows that a subject of a request is theirs.

    A repository, and a path in one, is shown in the repository itself, where it answers as it was asked for: by the
    same scheme, host and port. An owner is shown in one of the repositories that only the owner can write to
    (`origins.profiles_of`): who may write to one of an organisation's repositories need not speak for all of them.
    `names` gives all recorded names of a place, so that what was renamed is found under its new name. Contents,
    directories and authors are shown by no place.
    """
    if subject.kind not in ("owner", "repository", "path"):
        return False
    known = set(names(subject.value))
    if subject.kind == "owner":
        known = {profile for owner in known for profile in origins.profiles_of(owner)}
    name = name_of(place)
    if not known & {name, *origins.ends_of(name)}:
        return False
    renamed = name != subject.value and subject.kind != "owner"
    return _on_this_machine(place) or origins.same_service(subject.value if renamed else subject.place or "", place)


def name_of(place: str) -> str:
    """Return the canonical name of a place that is to be looked at."""
    path = Path(place).expanduser()
    if "://" not in place and path.exists():
        resolved = path.resolve()
        return origins.canonical(f"git:{resolved.parent if resolved.name == '.git' else resolved}")
    return origins.canonical(place)


def _on_this_machine(place: str) -> bool:
    return "://" not in place and Path(place).expanduser().exists()


def url_of(place: str) -> str:
    """Return what git can look at: an existing folder as `file://`, `host/path` with https, anything else as it is."""
    path = Path(place).expanduser()
    if "://" in place:
        return place
    if path.exists():
        return path.resolve().as_uri()
    if ":" in place.partition("/")[0]:
        user_host, _, below = place.partition(":")
        if user_host in ("git", "folder", "archive", "pypi", "npm"):
            raise UsageError(f"{place}: lies on no server; say where to look with --at PATH")
        return f"ssh://{user_host}/{below}"
    host = place.partition("/")[0]
    return f"https://{place}" if "." in host else f"https://{origins.DEFAULT_HOST}/{place}"
