"""Pages of texts that a search will ask for, brought here many at a time, the next ones while these are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, NamedTuple, Protocol

from drystone.release.location import Bucket
from drystone.search.remote.objects import Wanted, read_ranges

#: Pages of the first round and of later ones, and compressed bytes of one at most.
_FIRST: Final = 96
_LATER: Final = 256
_MOST_BYTES: Final = 32 << 20
#: The second round sets out once so large a part of the first was looked at; each later one when one is here.
_LOOKED_AT: Final = 0.75
_SENDERS: Final = ThreadPoolExecutor(4, "drystone-ahead")


class RemotePages(Protocol):
    """A release of which pages are read."""

    bucket: Bucket | None

    def wanted(self, at: int, number: int) -> Wanted | None:
        """Return where a page of a segment lies; None where it is here, or must be read in another way."""
        ...

    def put(self, at: int, number: int, data: memoryview) -> None:
        """Keep a page as it came."""
        ...


class _Asked(NamedTuple):
    pages: RemotePages
    at: int
    number: int
    wanted: Wanted


_Key = tuple[int, int, int]
_Round = tuple[dict[_Key, _Asked], Future[list[tuple[_Asked, memoryview]]]]


class Ahead:
    """What will be asked for, in order."""

    def __init__(
        self,
        coming: Iterator[tuple[RemotePages, int, int]],
        found: Callable[[], tuple[int, int]] | None = None,
    ) -> None:
        """`found` returns how many results there are and how many there may be; where None all pages are wanted."""
        self._coming, self._most, self._found = coming, _FIRST, found
        self._under_way: _Round | None = None
        self._rounds = self._pages = self._looked_at = 0  # pages are those of the round that came last

    def bring(self, pages: RemotePages, at: int, number: int) -> None:
        """Bring a page here, and some of those that come after it. Raises `ReleaseError`."""
        sent, self._under_way = self._under_way, None
        if sent is None or (id(pages), at, number) not in sent[0]:
            wanted = pages.wanted(at, number)
            sent = self._sent({} if wanted is None else {(id(pages), at, number): _Asked(pages, at, number, wanted)})
        self._pages, self._looked_at = len(sent[0]), 0
        # The one that was asked for last: a small cache keeps what it got last.
        found, self._rounds = sent[1].result(), self._rounds + 1
        if self._rounds > 1:
            self._under_way = self._sent({})
        for asked, data in reversed(found):
            asked.pages.put(asked.at, asked.number, data)

    def looked_at(self) -> None:
        """Take note that a page was looked at that came from a store."""
        self._looked_at += 1
        if self._under_way is None and self._looked_at > _LOOKED_AT * self._pages and self._goes_on():
            self._under_way = self._sent({})

    def _goes_on(self) -> bool:
        """Whether this round will not have results enough, if it goes on as it began."""
        if self._found is None:
            return True
        found, most = self._found()
        return found * self._pages < most * self._looked_at

    def _sent(self, asked: dict[_Key, _Asked]) -> _Round:
        """Send a round of requests for these pages and those that come next."""
        size = 0
        for pages, at, number in self._coming:
            wanted = pages.wanted(at, number)
            if wanted is not None:
                asked.setdefault((id(pages), at, number), _Asked(pages, at, number, wanted))
                size += wanted.size
            if len(asked) >= self._most or size >= _MOST_BYTES:
                break
        self._most = _LATER
        return asked, _SENDERS.submit(_read, list(asked.values()))


def _read(asked: list[_Asked]) -> list[tuple[_Asked, memoryview]]:
    """Read pages, those of one store in one round."""
    of_bucket: dict[int, list[_Asked]] = {}
    for one in asked:
        of_bucket.setdefault(id(one.pages.bucket), []).append(one)
    found: list[tuple[_Asked, memoryview]] = []
    for several in of_bucket.values():
        bucket = several[0].pages.bucket
        if bucket is not None:
            found += zip(several, read_ranges(bucket, [one.wanted for one in several]), strict=True)
    return found
