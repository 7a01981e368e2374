"""Pages of texts that a search will ask for, brought here many at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

from drystone.release.location import Bucket
from drystone.search.remote.objects import Wanted, read_ranges

#: Pages of the first round and at most of later ones, and compressed bytes of one.
_FIRST: Final = 96
_MOST: Final = 768
_GROWTH: Final = 4
_MOST_BYTES: Final = 32 << 20


class RemotePages(Protocol):
    """A release of which pages are read."""

    bucket: Bucket | None

    def wanted(self, at: int, number: int) -> Wanted | None:
        """Return where a page of a segment lies; None where it is here, or must be read in another way."""
        ...

    def put(self, at: int, number: int, data: memoryview) -> None:
        """Keep a page as it came."""
        ...


class Ahead:
    """What will be asked for, in order; each round brings more than the one before."""

    def __init__(self, coming: Iterator[tuple[RemotePages, int, int]]) -> None:
        self._coming, self._most = coming, _FIRST

    def bring(self, pages: RemotePages, at: int, number: int) -> None:
        """Bring a page here, and some of those that come after it. Raises `ReleaseError`."""
        asked = {(id(pages), at, number): (pages, at, number, pages.wanted(at, number))}
        size = 0
        for one in self._coming:
            wanted = one[0].wanted(one[1], one[2])
            if wanted is not None:
                asked.setdefault((id(one[0]), one[1], one[2]), (*one, wanted))
                size += wanted.size
            if len(asked) >= self._most or size >= _MOST_BYTES:
                break
        self._most = min(_GROWTH * self._most, _MOST)
        of_bucket: dict[int, list[tuple[RemotePages, int, int, Wanted]]] = {}
        for each, segment, page, wanted in asked.values():
            if wanted is not None:
                of_bucket.setdefault(id(each.bucket), []).append((each, segment, page, wanted))
        for several in of_bucket.values():
            bucket = several[0][0].bucket
            if bucket is not None:
                found = read_ranges(bucket, [wanted for *_, wanted in several])
                # The one that was asked for last: a small cache keeps what it got last.
                for (each, segment, page, _), data in zip(reversed(several), reversed(found), strict=True):
                    each.put(segment, page, data)
