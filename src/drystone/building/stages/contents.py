"""Reads the bytes of blobs from where the inventory put or found them.

Knows places, not meanings. Picklable, so that any worker can read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from drystone.building.stages.tables import OCCURRENCES
from drystone.errors import BuildError, SourceError
from drystone.sources.base import Limits, Part, Readable
from drystone.work.ranges import Range, read
from drystone.work.remote.mirror import address, opened


class Extent(NamedTuple):
    """Where a blob's bytes lie: in a partition's pack at `offset`, or (offset -1) in its source, by id."""

    partition: int
    repository: int
    offset: int
    size: int
    id: bytes


@dataclass
class Contents:
    """All partitions of a build: `packs[i]` and `sources[i]` belong to partition i."""

    packs: Sequence[Path]
    sources: Sequence[Readable]
    cache: Path
    limits: Limits
    _open: dict[int, int] = field(default_factory=dict, repr=False)

    def read(self, places: Iterable[Extent]) -> Iterator[bytes]:
        """Yield the bytes at each place, in order. Ask in order of place: neighbours are read together.

        Raises `SourceError` where a repository no longer has a blob, `BuildError` where a pack is too short.
        """
        for found in self._read(places):
            if isinstance(found, SourceError):
                raise found
            yield found

    def try_read(self, places: Sequence[Extent]) -> Iterator[bytes | SourceError]:
        """Yield the bytes at each place, or why they cannot be read; one bad blob does not hide its neighbours."""
        count = 0
        while count < len(places):
            try:
                for found in self._read(places[count:]):
                    count += 1
                    yield found
            except SourceError as error:
                count += 1
                yield error

    def _read(self, places: Iterable[Extent]) -> Iterator[bytes | SourceError]:
        for (partition, packed), group in groupby(places, lambda place: (place.partition, place.offset >= 0)):
            if packed:
                yield from self._from_pack(partition, group)
                continue
            source = self.sources[partition]
            ids = (place.id for place in group)
            if isinstance(source, Part):
                yield from source.read(ids, self.cache, self.limits)
            else:
                with source.open(self.cache, self.limits) as opened:
                    yield from opened.read(ids)

    def _from_pack(self, partition: int, places: Iterable[Extent]) -> Iterator[bytes]:
        descriptor = self._open.get(partition)
        if descriptor is None:
            if len(self._open) >= 64:
                os.close(self._open.pop(next(iter(self._open))))
            descriptor = opened(self.packs[partition], lambda pack: os.open(pack, os.O_RDONLY))
            self._open[partition] = descriptor
        for place in places:
            data = os.pread(descriptor, place.size, place.offset)
            if len(data) != place.size:
                pack = address(self.packs[partition])
                raise BuildError(f"{pack}: ends too early; delete this file and build again")
            yield data

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_open": {}}


def packed_blob(work: Path, swhid: str) -> bytes | None:
    """Return the bytes of a blob from the packs of a build's work folder; None where no pack there holds it."""
    id_ = bytes.fromhex(swhid.removeprefix("swh:1:cnt:"))
    here = Range("id", id_, id_ + b"\0")
    for pack in sorted(work.glob("inventory-*/*.pack")):
        listing = pack.with_suffix(".parquet")
        for row in read([listing], OCCURRENCES, ("offset", "size"), here).to_pylist():
            if row["offset"] >= 0:
                with pack.open("rb") as file:
                    return os.pread(file.fileno(), row["size"], row["offset"])
    return None
