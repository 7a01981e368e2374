"""Searches of the served releases: their opened indexes, how many may run at once, and where a next page begins.

An index is opened anew when its release has changed, so that what was retracted is found no longer. A searcher serves
one step of one search at a time. Knows no routes.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import struct
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64Error
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from starlette.exceptions import HTTPException

from drystone.answer.answering import Asker
from drystone.errors import ReleaseError, UsageError
from drystone.release.inspection.browse import View, Watched
from drystone.release.read import Release
from drystone.search.index import open_copies, open_segments
from drystone.search.plan import asks_texts
from drystone.search.search import Searcher
from drystone.web.seats import Seats

#: Searches at the same time.
SEATS: Final = 4
#: Sets of releases whose searchers stay open, and bytes of text that each keeps unpacked.
_OPEN: Final = 4
_MEMORY: Final = 256 * 1024**2
#: Results behind which no page begins: a stream gives more.
DEEPEST: Final = 100_000
_CURSOR: Final = struct.Struct("<Q8s8s16s")


@dataclass(frozen=True)
class Opened:
    """Releases opened to be searched and asked: their views by name; which have no usable index, with what to do."""

    views: Mapping[str, View]
    missing: Mapping[str, str]
    searcher: Searcher
    lock: threading.Lock = field(default_factory=threading.Lock)
    asking: threading.Lock = field(default_factory=threading.Lock)

    @cached_property
    def asker(self) -> Asker:
        """What answers questions; `asking` is held meanwhile, so that no question waits for a long search."""
        there = [view.release for name, view in self.views.items() if name not in self.missing]
        return Asker(there, memory=_MEMORY)

    def check(self) -> None:
        """Raise 503 where no release can be searched."""
        if self.missing and len(self.missing) == len(self.views):
            raise HTTPException(503, "; ".join(self.missing.values()))

    def ledgers(self, query: str) -> list[Release]:
        """Return the releases whose ledgers answer a query: all, or those with an index where it asks for texts.

        Raises `QueryError`, and 503 where there is none.
        """
        if not asks_texts(query):
            return [view.release for view in self.views.values()]
        self.check()
        return [view.release for name, view in self.views.items() if name not in self.missing]

    def searched(self) -> list[dict[str, str]]:
        """Return the releases that are searched: the name each is served under, its own, version and root hash."""
        return [
            {"served": name, "name": view.index.release, "version": view.index.version, "root": view.release.root}
            for name, view in self.views.items()
            if name not in self.missing
        ]

    @property
    def roots(self) -> dict[str, str]:
        """The root hash of each release that is searched."""
        return {name: view.release.root for name, view in self.views.items() if name not in self.missing}


class Searches:
    """What one server searches."""

    def __init__(self, releases: Mapping[str, Watched]) -> None:
        self._releases = releases
        self._held: OrderedDict[tuple[str, ...], Opened] = OrderedDict()
        self._lock = threading.Lock()
        self._seats = Seats(SEATS, "searches")
        self._secret = secrets.token_bytes(32)

    def open(self, names: Sequence[str] = ()) -> Opened:
        """Return releases opened as they are now, by default all.

        Raises 404 for a name that is not served, `ReleaseError` where a release cannot be read.
        """
        for name in names:
            if name not in self._releases:
                raise HTTPException(
                    404, f"release: {name!r} is not served here; served are {', '.join(self._releases)}"
                )
        wanted = tuple(name for name in self._releases if name in names or not names)
        views = {name: self._releases[name].view() for name in wanted}
        with self._lock:
            held = self._held.get(wanted)
            if held is None or any(held.views[name] is not view for name, view in views.items()):
                held = self._held[wanted] = _opened(views)
            self._held.move_to_end(wanted)
            while len(self._held) > _OPEN:
                self._held.popitem(last=False)
            return held

    def seat(self) -> AbstractContextManager[None]:
        """Hold one of the seats for a search. Raises 429 where none becomes free."""
        return self._seats.hold()

    def cursor(self, offset: int, query: str, roots: Mapping[str, str]) -> str:
        """Return what asks for results from `offset` on: it belongs to a query, to releases and to this process."""
        parts = struct.pack("<Q", offset), _digest(query), _digest(*roots.values())
        return urlsafe_b64encode(b"".join(parts) + self._seal(b"".join(parts))).rstrip(b"=").decode()

    def offset(self, cursor: str, query: str, roots: Mapping[str, str]) -> int:
        """Return where a cursor begins.

        Raises `UsageError` for one that this process did not give, or gave for another query; 410 where a release has
        changed since.
        """
        try:
            raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            offset, of_query, of_roots, seal = _CURSOR.unpack(raw)
        except (NotBase64Error, ValueError, struct.error):
            raise UsageError("cursor: this is not a cursor of this server") from None
        if not hmac.compare_digest(seal, self._seal(raw[: -len(seal)])):
            raise UsageError("cursor: this server did not give it, or was started anew since; search again without it")
        if of_query != _digest(query):
            raise UsageError("cursor: it belongs to another query")
        if of_roots != _digest(*roots.values()):
            raise HTTPException(
                410, "cursor: a release has changed since, or others are asked; search again without it"
            )
        return int(offset)

    def _seal(self, data: bytes) -> bytes:
        return hmac.new(self._secret, data, hashlib.sha256).digest()[:16]


def check_roots(opened: Opened, asked: Sequence[str]) -> None:
    """Raise 410 where a root hash (its first 16 digits or more) is asked for that no searched release has now."""
    for root in asked:
        if len(root) < 16 or not any(each.startswith(root) for each in opened.roots.values()):
            raise HTTPException(
                410, f"root: no release served here has the root hash {root[:64]!r} now; it has changed"
            )


def _digest(*texts: str) -> bytes:
    joined = "\0".join(texts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(joined, digest_size=8).digest()


def _opened(views: Mapping[str, View]) -> Opened:
    missing: dict[str, str] = {}
    for name, view in views.items():
        try:
            open_segments(view.release)
            open_copies(view.release)
        except ReleaseError:
            what = "has an index of another version" if view.release.manifest.index else "has no index"
            missing[name] = (
                f"{name} {what} and is not searched; whoever runs this server makes it with: drystone index {name}"
            )
    there = [view for name, view in views.items() if name not in missing]
    searcher = Searcher([view.release for view in there], memory=_MEMORY)
    return Opened(views, missing, searcher)
