"""Documents packed into sequences of one length, each whole where it fits: best fit, the longest first.

Ding et al., "Fewer Truncations Improve Language Modeling" (arXiv:2404.10830), in windows, so that memory does not grow
with the release: what of a window fills no sequence waits for the next one.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from typing import Final, NamedTuple

from drystone.release.exports.tokens.documents import FilePart, TokenDocument
from drystone.release.exports.tokens.tokenizer import Ids

#: Tokens of a window, about.
WINDOW: Final = 16 << 20
#: A sequence that lacks no more than this share of its tokens is as good as full.
_FULL: Final = 1 / 1024


class Cut(NamedTuple):
    """A document, or a part of one: its tokens, and the parts of files in them, from the first token on.

    `offsets` are the tokens of each file that lie in cuts before this one.
    """

    ids: Ids
    files: tuple[FilePart, ...]
    offsets: tuple[int, ...]


#: What one sample holds, one after the other.
Sample = list[Cut]


class Packer:
    """Packs the documents of one split. `length`: tokens of a sample (None: a document is one); `seed`: the order."""

    def __init__(self, length: int | None, seed: int, window: int = WINDOW) -> None:
        self._length, self._window = length, window
        self._chance = random.Random(f"{seed} pack")
        self._waiting: list[Cut] = []
        self._size = 0

    def add(self, document: TokenDocument) -> list[Sample]:
        """Take a document; return the samples that are full."""
        if self._length is None:
            return [[Cut(document.ids, document.files, (0,) * len(document.files))]]
        for cut in _cuts(document, self._length):
            self._waiting.append(cut)
            self._size += len(cut.ids)
        return self._full(self._length, self._window // 2) if self._size >= self._window else []

    def end(self) -> list[Sample]:
        """Return the samples that are left."""
        return [] if self._length is None else self._full(self._length, 0)

    def _full(self, length: int, most: int) -> list[Sample]:
        full, self._waiting = _fit(self._waiting, length, most)
        self._size = sum(len(cut.ids) for cut in self._waiting)
        self._chance.shuffle(full)
        return full


def _fit(cuts: list[Cut], length: int, most: int) -> tuple[list[Sample], list[Cut]]:
    """Pack cuts; return the samples that are as good as full, and the cuts in the others.

    Of more than `most` tokens in those others, the fullest samples are taken too: no window may fill with what nothing
    fits beside.
    """
    samples: list[Sample] = []
    by_free: dict[int, list[int]] = defaultdict(list)
    present = 0  # bit n: a sample has room for n tokens
    free: list[int] = []
    for cut in sorted(cuts, key=lambda cut: -len(cut.ids)):
        size = len(cut.ids)
        fits = present >> size
        if fits:
            room = size + (fits & -fits).bit_length() - 1
            at = by_free[room].pop()
            if not by_free[room]:
                present &= ~(1 << room)
            samples[at].append(cut)
            free[at] = room - size
        else:
            at = len(samples)
            samples.append([cut])
            free.append(length - size)
        if free[at]:
            by_free[free[at]].append(at)
            present |= 1 << free[at]
    taken = [left <= length * _FULL for left in free]
    waiting = sum(length - left for left, full in zip(free, taken, strict=True) if not full)
    for at in sorted(range(len(samples)), key=free.__getitem__):
        if waiting <= most:
            break
        waiting -= 0 if taken[at] else length - free[at]
        taken[at] = True
    full = [sample for sample, out in zip(samples, taken, strict=True) if out]
    rest = [cut for sample, out in zip(samples, taken, strict=True) if not out for cut in sample]
    return full, rest


def _cuts(document: TokenDocument, length: int) -> Iterator[Cut]:
    for low in range(0, len(document.ids), length):
        high = min(low + length, len(document.ids))
        files, offsets = [], []
        for file in document.files:
            first, end = max(low, file.start), min(high, file.start + file.tokens)
            if first < end or (not file.tokens and low <= file.start < high):
                files.append(file._replace(start=first - low, tokens=end - first))
                offsets.append(first - file.start)
        yield Cut(document.ids[low:high], tuple(files), tuple(offsets))
