"""What each kind of event says, by kind: the bodies of the log as plain data. Knows nothing of tables and chains."""

from __future__ import annotations

from typing import NotRequired, TypeAlias, TypedDict


class SubjectBody(TypedDict):
    """A subject of a request: its kind, canonical value, path prefix and the place as the requester named it."""

    kind: str
    value: str
    prefix: str | None
    place: str | None


class Received(TypedDict):
    """`received`: a request came in."""

    received_at: str
    due_at: str
    forks: bool
    copies: bool
    #: Whether files go that contain most of what is named; logs of before do not tell, and mean no.
    near: NotRequired[bool]
    token_sha256: str
    source: str | None
    subjects: list[SubjectBody]


class Challenged(TypedDict):
    """`challenged`: a verification was opened."""

    nonce: str
    method: str
    expires_at: str


class Verified(TypedDict):
    """`verified`: a challenge was met."""

    nonce: str
    method: str
    evidence: dict[str, str]


class VerificationFailed(TypedDict):
    """`verification_failed`: a challenge was looked for and not met."""

    nonce: str
    method: str
    why: str


class Decided(TypedDict):
    """`decided`: a moderator decided a request; `accepted` numbers its accepted subjects from 1."""

    outcome: str
    moderator: str
    reason: str
    accepted: list[int]


class Withdrawn(TypedDict):
    """`withdrawn`: a request no longer stands. The note lies with the contact data; logs of before have it here."""

    by: str
    note: str
    note_sha256: NotRequired[str]


class Contested(TypedDict):
    """`contested`: somebody says that a request takes what is theirs; their words lie with the contact data."""

    by: str
    place: str
    evidence_sha256: str


class ContactErased(TypedDict):
    """`contact_erased`: the contact data of a request are gone."""

    by: str


class PlaceRecorded(TypedDict):
    """`place_recorded`: a place was renamed or redirects to another, or is a fork of it."""

    kind: str
    old: str
    new: str
    by: str
    evidence: str


class PlaceRemoved(TypedDict):
    """`place_removed`: what the event of this number recorded no longer counts."""

    event: int
    by: str


#: `blocked`: so many contents are known as copies; `sha256` is over their sorted ids, joined; `from` says where they
#: were listed. `samples`: of how many it is known how files are told that contain them; `samples_sha256` is over what
#: that is told by, joined in the order of their ids.
Blocked = TypedDict(
    "Blocked",
    {
        "contents": int,
        "sha256": str,
        "from": str,
        "samples": NotRequired[int],
        "samples_sha256": NotRequired[str],
    },
)


class CopiesSettled(TypedDict):
    """`copies_settled`: a moderator decided on single contents, whose copies go however common they are."""

    by: str
    reason: str
    contents: int
    sha256: str


class AppliedTo(TypedDict):
    """`applied`: what a request made fall in a release."""

    release_root: str
    version: str
    repositories: int
    occurrences: int
    bytes: int


class SupersededBody(TypedDict):
    """`superseded`: a version took another's place."""

    root: str
    version: str
    by_root: str
    by_version: str
    retracted: bool


class LicenseDecided(TypedDict):
    """`license_decided`: a reviewer said what a licence text is."""

    text_sha256: str
    expression: str
    reviewer: str
    decided_at: str
    reason: str


Body: TypeAlias = (
    Received
    | Challenged
    | Verified
    | VerificationFailed
    | Decided
    | Withdrawn
    | Contested
    | ContactErased
    | PlaceRecorded
    | PlaceRemoved
    | Blocked
    | CopiesSettled
    | AppliedTo
    | SupersededBody
    | LicenseDecided
)
#: What is to be logged: kind, request (None where it is about none), body.
NewEvent: TypeAlias = tuple[str, str | None, Body]
