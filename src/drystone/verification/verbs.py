"""What can be done to verify requests to opt out: the verbs of this room, light to load and each with its defaults.

`registry` is an open one, or its path or URL (default: DRYSTONE_REGISTRY, or `drystone-registry.sqlite` here).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from drystone.registry.verbs import using

if TYPE_CHECKING:
    from drystone.registry import Request
    from drystone.registry.verbs import AnyRegistry
    from drystone.verification.base import Reach

#: The ways to show where a request comes from; `METHODS` has them.
MethodName = Literal["branch", "commit", "file", "signature"]


@dataclass(frozen=True, slots=True)
class OpenedChallenge:
    """What a requester has to do: the line to publish or sign, how, and until when (ISO 8601, UTC)."""

    request: str
    method: str
    expires_at: str
    statement: str
    instructions: str


def challenge_optout(request: str, method: MethodName, *, registry: AnyRegistry = None) -> OpenedChallenge:
    """Open a challenge that only somebody with access to the place can meet; return what the requester has to do.

    `request`: the id of a request, or its first letters. Raises `UsageError` where there is nothing left to verify.
    """
    from drystone.verification.base import Challenge
    from drystone.verification.methods import METHODS

    with using(registry) as opened:
        pending = opened.requests.challenge(request, method)
    challenge = Challenge.of(pending)
    told = METHODS[method].instructions(challenge)
    return OpenedChallenge(pending.request, method, pending.expires_at, challenge.statement, told)


def check_optout(
    request: str,
    *,
    registry: AnyRegistry = None,
    place: str | None = None,
    signature: bytes | None = None,
    public_key: bytes | None = None,
    reach: Reach | None = None,
) -> Request:
    """Look whether the newest challenge of a request is met; what is at the place is looked at and never run.

    `place`: where to look (default: the request's own place). `signature`, `public_key`: of the statement, and its
    OpenPGP key, for that method. `reach`: what may be visited (default: all that a moderator may name). Raises
    `NotVerifiedError` where it is not met, `UsageError`, `RegistryError`, `SourceError`.
    """
    from drystone.verification.base import ANYWHERE, Proof
    from drystone.verification.methods import check_request

    with using(registry) as opened:
        return check_request(opened, request, place, Proof(signature, public_key), reach or ANYWHERE)


def list_contents(
    request: str,
    sources: Sequence[str],
    *,
    registry: AnyRegistry = None,
    cache: str | Path = "drystone-cache",
) -> tuple[Request, dict[str, int]]:
    """List the contents of what a request takes out, once, so that copies of them elsewhere are known.

    Of a git repository the files of all its history are listed, each by its bytes and by its text. Of a request for
    paths alone only what is there now below these paths is listed. Where the request asks for what contains its files,
    samples of their texts are kept, too. `cache`: folder for what has to be fetched; nothing stays there that
    was fetched for this alone. Returns the request, and by source how many contents are new. Raises `UsageError`,
    `SourceError`, `RegistryError`.
    """
    from drystone.verification.contents import list_of

    with using(registry) as opened:
        found = opened.requests.get(request)
        return found, dict(list_of(opened, found, text, Path(cache)) for text in sources)
