"""Objects of a release in a store, read by ranges: all that is asked for at a time goes in one round of requests.

Ranges near each other are one request. Of a segment what was read is kept, in memory that only takes what is filled;
of shards only unpacked pages are kept, by the cache of texts.
"""

from __future__ import annotations

import mmap
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeGuard

import numpy as np

from drystone.errors import ReleaseError
from drystone.release import layout
from drystone.release.location import Bucket
from drystone.release.read import Release, open_release

#: Pieces in which an object is kept, and gaps up to which two ranges are one request: a request costs as much.
_PIECE: Final = 16 << 10
_GAP: Final = 96 << 10

Range = tuple[int, int]


class Wanted(NamedTuple):
    """A range of an object: its name in the release, where it begins, and its bytes."""

    name: str
    start: int
    size: int


class RemoteRelease(NamedTuple):
    """A release in an object store: its manifest in a folder here, gone with `bucket`, and where the rest lies."""

    release: Release
    bucket: Bucket


def is_url(place: object) -> TypeGuard[str]:
    """Whether this is the URL of an object store and no folder."""
    return isinstance(place, str) and "://" in place and not place.startswith("file://")


def open_remote(url: str) -> RemoteRelease:
    """Open the release at a URL: its manifest is read. Raises `ReleaseError`, `MissingExtraError`."""
    mirror = Path(tempfile.mkdtemp(prefix="drystone-"))
    bucket = Bucket(url, mirror)
    weakref.finalize(bucket, shutil.rmtree, mirror, ignore_errors=True)
    if not bucket.fetch(layout.MANIFEST).exists():
        raise ReleaseError(f"{bucket.name} has no {layout.MANIFEST}, so it is not a release")
    return RemoteRelease(open_release(mirror), bucket)


def read_ranges(bucket: Bucket, wanted: Sequence[Wanted]) -> list[memoryview]:
    """Return the bytes of ranges, read in one round. Raises `ReleaseError` where an object is missing or cut off."""
    order = sorted(range(len(wanted)), key=lambda at: wanted[at])
    joined: list[list[int]] = []  # places in `wanted` that one request answers
    ends: list[int] = []
    for at in order:
        name, start, size = wanted[at]
        if joined and wanted[joined[-1][0]].name == name and start <= ends[-1] + _GAP:
            joined[-1].append(at)
            ends[-1] = max(ends[-1], start + size)
        else:
            joined.append([at])
            ends.append(start + size)
    starts = [wanted[places[0]].start for places in joined]
    answers = bucket.ranges([wanted[places[0]].name for places in joined], starts, ends)
    found = [memoryview(b"")] * len(wanted)
    for places, begin, data in zip(joined, starts, answers, strict=True):
        view = memoryview(data)
        for at in places:
            found[at] = view[wanted[at].start - begin : wanted[at].start - begin + wanted[at].size]
    return found


class RemoteFile:
    """An object of which what was read is kept. `view` has all its bytes; those that nobody fetched are zeros."""

    def __init__(self, bucket: Bucket, name: str, size: int) -> None:
        self.bucket, self.name, self.size = bucket, name, size
        self._map = mmap.mmap(-1, max(size, 1))
        self.view = memoryview(self._map)[:size]
        self._held = np.zeros(-(-size // _PIECE), bool)

    def missing(self, ranges: Iterable[Range]) -> list[Wanted]:
        """Return what is not here of ranges (offset, bytes)."""
        asked = np.zeros(len(self._held), bool)
        for start, size in ranges:
            asked[max(start, 0) // _PIECE : -(-min(start + size, self.size) // _PIECE)] = True
        asked &= ~self._held
        edges = np.flatnonzero(np.diff(np.concatenate([[False], asked, [False]]).astype(np.int8))).tolist()
        pieces = zip(edges[::2], edges[1::2], strict=True)
        return [Wanted(self.name, a * _PIECE, min(b * _PIECE, self.size) - a * _PIECE) for a, b in pieces]

    def fill(self, wanted: Wanted, data: memoryview) -> None:
        """Keep what was read."""
        self.view[wanted.start : wanted.start + wanted.size] = data
        self._held[wanted.start // _PIECE : -(-(wanted.start + wanted.size) // _PIECE)] = True


def fetch(asked: Iterable[tuple[RemoteFile, Iterable[Range]]]) -> None:
    """Bring ranges of several objects here, those of one store in one round. Raises `ReleaseError`."""
    of_bucket: dict[int, list[tuple[RemoteFile, Wanted]]] = {}
    for file, ranges in asked:
        of_bucket.setdefault(id(file.bucket), []).extend((file, one) for one in file.missing(ranges))
    for several in of_bucket.values():
        if several:
            found = read_ranges(several[0][0].bucket, [wanted for _, wanted in several])
            for (file, wanted), data in zip(several, found, strict=True):
                file.fill(wanted, data)
