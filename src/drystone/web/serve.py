"""Serving readers and releases in one process: opens what is named, puts the application together, runs it."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from drystone.catalog.shelf.shelf import Shelf
from drystone.errors import UsageError
from drystone.reader import Reader
from drystone.reader.batcher import Batcher
from drystone.registry import Registry
from drystone.release.inspection.browse import Watched, named
from drystone.release.versions.receipts import load_private
from drystone.verification import VISITOR
from drystone.web.app import create_app
from drystone.web.limits import Visit
from drystone.web.network import connections
from drystone.web.sessions import Moderators
from drystone.web.state import ServerState


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server listens, and how visitors come there: does a proxy end TLS, how many are there, by what URL."""

    host: str
    port: int
    https: bool = False
    hops: int = 0
    public_url: str | None = None

    def __post_init__(self) -> None:
        if self.public_url is None:
            return
        try:
            parts = urlsplit(self.public_url)
            fits = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            fits = False
        if not fits or parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
            raise UsageError(
                f"--public-url: {self.public_url!r} is not scheme and host alone, such as https://data.example.org"
            )
        object.__setattr__(self, "public_url", f"{parts.scheme}://{parts.netloc.lower()}")


def run(
    readers: Mapping[str, Reader],
    releases: Sequence[Path],
    *,
    registry: str | None,
    catalog: str | None,
    publisher: Path | None,
    moderators: Path | None,
    visit: Visit | None,
    cache: Path | None,
    tokens: frozenset[str],
    timeout: float,
    max_waiting: int,
    max_body: int,
    cors: Sequence[str],
    at: Address,
    tell: Callable[[str], object],
) -> None:
    """Serve readers by name and releases until the process is told to stop; `tell` is told what is served, and where.

    Indexes of releases that are not in `cache` are built first. `timeout` in seconds, `max_body` in bytes. Raises
    `UsageError` where there is nothing to serve or an option is about what is not served.
    """
    if not readers and not releases and catalog is None:
        raise UsageError(
            "give --model to answer questions, --release for pages about releases, --catalog to compare, or several"
        )
    if not releases and (moderators is not None or visit is not None):
        raise UsageError("--moderators and --visit are about releases: give --release, too")
    watched = named((place, Watched(place, cache)) for place in releases)
    state = ServerState(
        name=next(iter(watched.values())).view().index.release if watched else "Drystone",
        readers={name: Batcher(reader, max_waiting) for name, reader in readers.items()},
        releases=watched,
        catalog=None if catalog is None else Shelf(catalog or None),
        publisher=None if publisher is None else load_private(publisher),
        registry=Registry(registry) if registry is not None else None,
        moderators=Moderators(moderators) if moderators is not None else None,
        tokens=tokens,
        secure=at.https or (at.public_url or "").startswith("https:"),
        hops=at.hops,
        public_url=at.public_url,
        reach=None if visit is None else replace(VISITOR, private=visit == "anywhere"),
        timeout=timeout,
        max_body=max_body,
        cors=tuple(cors),
    )
    app = create_app(state)
    served = [*readers, *watched, *([] if catalog is None else ["the catalog"])]
    tell(f"serving {', '.join(served)} at http://{at.host}:{at.port}")
    # What is loaded by now stays: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    connections.run(app, at.host, at.port)
