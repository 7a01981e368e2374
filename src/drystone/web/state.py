"""What handlers work with: readers, releases, the registry, who is there, and how often one may do what.

One object for each application; routers get it as `Here`. Knows no routes.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drystone.catalog.matching.finder import ArtifactFinder
from drystone.catalog.ranking.ranking import RankedNow
from drystone.catalog.shelf.shelf import Shelf
from drystone.errors import MissingExtraError
from drystone.reader.batcher import Batcher
from drystone.registry import Registry
from drystone.release.inspection.browse import Watched
from drystone.verification import Reach
from drystone.web.limits import MAX_BODY, TIMEOUT

try:
    from fastapi import Depends, Request

    from drystone.web.drawing.highlight import Highlighter
    from drystone.web.metrics import Metrics
    from drystone.web.searches import Searches
    from drystone.web.seats import Seats
    from drystone.web.sessions import Moderators, RateLimit, Sessions
except ImportError as error:
    raise MissingExtraError(error.name or "FastAPI", "server") from None

#: Repositories that are visited at the same time.
_VISITS: Final = 4
#: Passwords that are checked at the same time: each takes 64 MiB.
_LOGINS: Final = 4
#: Questions to releases that are answered at the same time.
_QUESTIONS: Final = 8


@dataclass
class RateLimits:
    """How often one address may do what; of logins also how often for one name.

    Nothing is counted for a name alone: whoever guessed at it would keep its moderator out.
    """

    lookups: RateLimit = field(default_factory=lambda: RateLimit(120, 60))
    requests: RateLimit = field(default_factory=lambda: RateLimit(20, 3600))
    forms: RateLimit = field(default_factory=lambda: RateLimit(60, 60))
    logins: RateLimit = field(default_factory=lambda: RateLimit(10, 300))
    names: RateLimit = field(default_factory=lambda: RateLimit(10, 900))
    misses: RateLimit = field(default_factory=lambda: RateLimit(30, 300))
    checks: RateLimit = field(default_factory=lambda: RateLimit(10, 600))


@dataclass
class ServerState:
    """All that the server serves and knows.

    `readers`: batchers by model name, the first is the default. `releases`: by the name that their addresses have;
    they need `registry`, which takes requests. `catalog`: passports of artifacts; None: no pages about them.
    `publisher`: the key that passports are signed with.
    `tokens`: every request but health and metrics must bring one; none: the server is open. `secure`: cookies go
    over https only, as behind a proxy that ends TLS. `hops`: how many proxies stand before the server; `public_url`:
    how visitors reach it, where a proxy asks for it under another name. `reach` says which repositories the server
    visits when their requesters ask it to check a challenge; None: none. `timeout` in seconds, `max_body` in bytes.
    `cors`: origins of other sites whose pages may ask.
    """

    name: str = "Drystone"
    readers: Mapping[str, Batcher] = field(default_factory=dict)
    releases: Mapping[str, Watched] = field(default_factory=dict)
    registry: Registry | None = None
    catalog: Shelf | None = None
    publisher: Ed25519PrivateKey | None = None
    moderators: Moderators | None = None
    tokens: frozenset[str] = frozenset()
    secure: bool = False
    hops: int = 0
    public_url: str | None = None
    reach: Reach | None = None
    limits: RateLimits = field(default_factory=RateLimits)
    timeout: float = TIMEOUT
    max_body: int = MAX_BODY
    cors: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.sessions = Sessions(mark=None if self.moderators is None else self.moderators.mark)
        self.metrics = Metrics(self.readers)
        self.highlighter = Highlighter()
        self.searches = Searches(self.releases)
        self.asks = Seats(_QUESTIONS, "questions")
        self.ranks = None if self.catalog is None else RankedNow(self.catalog)
        self.visits = threading.BoundedSemaphore(_VISITS)
        self.logins = threading.BoundedSemaphore(_LOGINS)

    @cached_property
    def finder(self) -> ArtifactFinder:
        """What finds artifacts by what they do; pages that need it are only there where there is a catalog."""
        if self.catalog is None:
            raise RuntimeError("pages about artifacts are served without a catalog")
        return ArtifactFinder(self.catalog)

    @property
    def requests_registry(self) -> Registry:
        """The registry; pages that need it are only there where it is."""
        if self.registry is None:
            raise RuntimeError("pages about releases are served without a registry")
        return self.registry


def _here(request: Request) -> ServerState:
    found: ServerState = request.app.state.drystone
    return found


Here = Annotated[ServerState, Depends(_here)]
