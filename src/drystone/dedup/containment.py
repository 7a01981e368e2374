"""Which known texts another text contains, most of each: edited copies, joined files, a notebook's script.

Of each known text a sample of its shingles is kept: the smallest hashes, which are a random choice among them. The
share of the sample that another text has estimates the share of the known text that it contains (Broder, "On the
resemblance and containment of documents", 1997), with a standard error of at most sqrt(1 / 4k) for a sample of k: 0.022
of 512.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from drystone.dedup import _kernel

#: Shingles of a sample at most, and those that a text must have to be known by them: fewer occur by chance.
SAMPLE: Final = 512
LEAST: Final = 20
#: Share of a text that another must contain.
THRESHOLD: Final = 0.8
_SEED: Final = 0


class Containing(NamedTuple):
    """What a text contains most of: the position of the known text, and the share of it that was found (0 to 1)."""

    known: int
    share: float


def sample(text: bytes) -> bytes:
    """Return the sample of a text: 64-bit hashes in order, little-endian; empty where it has too few shingles."""
    hashes = _shingles(text)
    return hashes[:SAMPLE].astype("<u8").tobytes() if len(hashes) >= LEAST else b""


class KnownTexts:
    """Samples of texts, to look for in others. Picklable through its samples."""

    def __init__(self, samples: Sequence[bytes]) -> None:
        parts = [np.frombuffer(each, "<u8") for each in samples]
        self._sizes = np.array([len(part) for part in parts], np.int64)
        hashes = np.concatenate([np.empty(0, np.uint64), *parts]).astype(np.uint64)
        order = np.argsort(hashes, kind="stable")
        self._hashes = hashes[order]
        self._of = np.repeat(np.arange(len(parts)), self._sizes)[order]

    def contained(self, text: bytes) -> Containing | None:
        """Return the known text of which `text` contains most, the first of several; None where that is too little."""
        found = _shingles(text)
        low, high = (np.searchsorted(self._hashes, found, side) for side in ("left", "right"))
        hit = high > low
        if not hit.any():
            return None
        spans = [self._of[a:b] for a, b in zip(low[hit].tolist(), high[hit].tolist(), strict=True)]
        counts = np.bincount(np.concatenate(spans), minlength=len(self._sizes))
        shares = counts / np.maximum(self._sizes, 1)
        best = int(np.argmax(shares))
        return Containing(best, float(shares[best])) if shares[best] >= THRESHOLD else None


def _shingles(text: bytes) -> npt.NDArray[np.uint64]:
    """Return the distinct hashes of a text's shingles, in order."""
    return np.unique(_kernel.shingle_hashes(text, _SEED))
