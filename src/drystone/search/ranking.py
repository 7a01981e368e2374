"""Passages that fit words best: BM25 over the terms of passages, and over those of their file's path.

Okapi BM25 (Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009) with its usual constants; a term's
weight is that of all segments together. Knows segments; knows no text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from drystone.search import _kernel
from drystone.search.filters import Mask
from drystone.search.segment import Segment

#: How soon more of the same term counts for little, and how far length is allowed for.
_K1, _B = 1.2, 0.75
#: What a term of the path counts for beside one of the text.
_PATH: Final = 0.6

#: A term in a larger part of all passages tells them apart so little that it is left out beside others.
_COMMON: Final = 0.1

Floats = npt.NDArray[np.float32]


class Hit(NamedTuple):
    """A passage by its segment and number there, its file, where it begins and ends in the text, and its score."""

    segment: int
    passage: int
    file: int
    start: int
    end: int
    score: float


class Ranking:
    """The ranking over some segments. What depends on them alone is computed once."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = segments
        lengths = [segment.passages.terms for segment in segments]
        self._passages = max(1, sum(map(len, lengths)))
        self._files = max(1, sum(segment.count for segment in segments))
        mean = max(1.0, sum(float(one.sum()) for one in lengths) / self._passages)
        self._norms = [(_K1 * (1 - _B + _B * one.astype(np.float32) / mean)).astype(np.float32) for one in lengths]
        self._path_norms = [np.full(segment.path_terms.universe, _K1, np.float32) for segment in segments]

    def weights(self, words: str) -> tuple[npt.NDArray[np.uint64], Floats, Floats]:
        """Return the distinct terms of the words, and what each counts for in texts and in paths."""
        keys = np.unique(_kernel.terms(words.encode()))
        texts, paths = np.zeros(len(keys)), np.zeros(len(keys))
        for segment in self._segments:
            texts += segment.terms.counts(keys)
            paths += segment.path_terms.counts(keys)
        weights, path_weights = _idf(texts, self._passages), (_PATH * _idf(paths, self._files)).astype(np.float32)
        common = texts > _COMMON * self._passages
        if not common.all():
            weights[common] = 0
        return keys, weights, path_weights

    def best(self, words: str, most: int, masks: Sequence[Mask] | None = None) -> list[Hit]:
        """Return the `most` best passages of files that the masks (one for each segment) let through, best first."""
        keys, weights, path_weights = self.weights(words)
        found: list[Hit] = []
        if not len(keys):
            return found
        for number, segment in enumerate(self._segments):
            if masks is not None and not masks[number].any():
                continue
            found += self._of_segment(number, segment, keys, weights, path_weights, most, masks)
        found.sort(key=lambda hit: (-hit.score, hit.segment, hit.passage))
        return found[:most]

    def _of_segment(
        self,
        number: int,
        segment: Segment,
        keys: npt.NDArray[np.uint64],
        weights: Floats,
        path_weights: Floats,
        most: int,
        masks: Sequence[Mask] | None,
    ) -> list[Hit]:
        division = segment.passages
        mask = None if masks is None else masks[number]
        asked = most
        while True:
            passages, scores = _kernel.rank(
                segment.terms, self._norms[number], weights, segment.path_terms, self._path_norms[number],
                path_weights, keys, division.first, asked,
            )  # fmt: skip
            files = np.searchsorted(division.first, passages, side="right") - 1
            let = np.ones(len(files), bool) if mask is None else mask[files]
            if int(let.sum()) >= most or len(passages) < asked:
                break
            asked *= 8  # many of the best are not let through
        rows = np.flatnonzero(let)[:most].tolist()
        return [
            Hit(
                number, int(passages[row]), int(files[row]), int(division.starts[passages[row]]),
                int(division.ends[passages[row]]), float(scores[row]),
            )
            for row in rows
        ]  # fmt: skip


def _idf(counts: npt.NDArray[np.float64], documents: int) -> Floats:
    weights = np.log1p((documents - counts + 0.5) / (counts + 0.5)) * (_K1 + 1)
    return np.where(counts > 0, weights, 0).astype(np.float32)
