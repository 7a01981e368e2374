"""Which of several like files stands for the others: one total order, so that the choice rests on nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Final

_TYPES: Final = {"permissive": 0, "no_license": 1, "non_permissive": 2}
_EPOCH: Final = datetime(1970, 1, 1)


def rank(
    license_type: str,
    stars: int | None,
    forks: int | None,
    revision_date: datetime | None,
    origin: str,
    path: bytes,
    entry: int = 0,
) -> bytes:
    """Return a key whose byte order is the order of preference: the smallest stands for the others.

    Permissive before unlicensed before the rest, then more stars, more forks, the newest revision, the smallest
    origin, path and entry. Unknown stars and forks count as 0, an unknown date as the oldest.
    """
    seconds = int((revision_date - _EPOCH).total_seconds()) if revision_date is not None else -(2**62)
    numbers = (stars or 0, forks or 0, seconds + 2**62)
    inverted = b"".join((2**64 - 1 - number).to_bytes(8, "big") for number in numbers)
    tail = origin.encode("utf-8", "surrogateescape") + b"\0" + path + b"\0" + entry.to_bytes(4, "big")
    return bytes([_TYPES[license_type]]) + inverted + tail
