"""BM25 over weighted texts, as one sparse matrix: the score of every text for a query is a sum of a few columns.

Okapi BM25 with the idf of Lucene: Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009; a word counts as
often as it stands in a text, times the weight of the part that it stands in (BM25F, with one length for all parts).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from drystone.search._kernel import terms
from drystone.search.questions.words import keys_of, only_ask, words_of

_K1: Final = 1.2
_B: Final = 0.5

Floats = npt.NDArray[np.float32]
Keys = npt.NDArray[np.uint64]


class WordIndex:
    """The words of many texts, each a list of parts with what a word in them counts for."""

    def __init__(self, texts: Sequence[Sequence[tuple[float, str]]]) -> None:
        parts = [
            (row, weight, terms(part.encode("utf-8", "replace")))
            for row, text in enumerate(texts)
            for weight, part in text
        ]
        lengths = [len(keys) for _, _, keys in parts]
        rows = np.repeat(np.array([row for row, _, _ in parts], np.int64), lengths)
        weights = np.repeat(np.array([weight for _, weight, _ in parts], np.float32), lengths)
        every = np.concatenate([keys for _, _, keys in parts]) if parts else np.zeros(0, np.uint64)
        self._keys, columns = np.unique(every, return_inverse=True)
        shape = (len(texts), len(self._keys))
        counts = sp.coo_matrix((weights, (rows, columns)), shape=shape).tocsc()
        length = np.asarray(counts.sum(axis=1)).ravel()
        norm = _K1 * (1 - _B + _B * length / max(1e-9, float(length.mean()) if len(length) else 1.0))
        having = np.diff(counts.indptr)
        self._idf = np.log1p((len(texts) - having + 0.5) / (having + 0.5)).astype(np.float32)
        counts.sort_indices()
        counts.data = counts.data / (counts.data + norm[counts.indices])
        self._matrix: sp.csc_matrix = counts
        self._count = len(texts)

    def scores(self, query: str) -> Floats:
        """Return the score of every text, 0 to 1: the share of the words' weights that it has.

        Words that only ask ("how", "the") count for nothing beside others; words that no text has count as the rarest.
        """
        keys = self._asked(query)
        found = np.zeros(self._count, np.float32)
        if not len(keys):
            return found
        total = 0.0
        for key in keys:
            column = self._column(key)
            if column is None:
                total += float(self._idf.max(initial=1.0))
                continue
            first, last = self._matrix.indptr[column : column + 2]
            found[self._matrix.indices[first:last]] += self._idf[column] * self._matrix.data[first:last]
            total += float(self._idf[column])
        return found / np.float32(total)

    def asked(self, query: str) -> list[tuple[str, list[int]]]:
        """Return the words of a query that say what is asked for, each with its columns here."""
        keys = set(self._asked(query).tolist())
        found = []
        for word, its in words_of(query):
            columns = [self._column(key) for key in its if int(key) in keys]
            found.append((word, [column for column in columns if column is not None]))
        return found

    def shared(self, asked: Sequence[tuple[str, Sequence[int]]], text: int) -> list[str]:
        """Return those of the words that were asked for which a text has, in the query's order."""
        return [word for word, columns in asked if any(self._has(text, column) for column in columns)]

    def _has(self, text: int, column: int) -> bool:
        rows = self._matrix.indices[slice(*self._matrix.indptr[column : column + 2])]
        at = int(np.searchsorted(rows, text))
        return at < len(rows) and bool(rows[at] == text)

    def _asked(self, query: str) -> Keys:
        keys = keys_of(query)
        if not len(keys):
            return keys
        asks = only_ask(keys)
        return keys if asks.all() else keys[~asks]

    def _column(self, key: np.uint64) -> int | None:
        at = int(np.searchsorted(self._keys, key))
        return at if at < len(self._keys) and self._keys[at] == key else None
