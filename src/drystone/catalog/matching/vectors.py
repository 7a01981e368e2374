"""Sentence vectors, and the nearest of them. Of many, only those of the nearest groups are looked at.

Many vectors are put along their first principal directions, which keep most of every cosine, and into groups by
k-means (an inverted file: Jegou and others, Product Quantization for Nearest Neighbor Search, 2011). The nearest groups
are read at that width; the caller asks for the exact cosines of what is left.
"""

from __future__ import annotations

import warnings
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.cluster.vq import kmeans2

#: From how many vectors on they are grouped, and how many a group has on average.
_MANY: Final = 20_000
_GROUP: Final = 800
#: Numbers of a vector's narrow copy, and vectors whose narrow copies are read for a query.
_NARROW: Final = 96
_READ: Final = 40_000
#: Vectors from which directions and groups are taken.
_SAMPLE: Final = 20_000

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class SentenceVectors:
    """Unit vectors, float32 [sentences, size]."""

    def __init__(self, vectors: Floats) -> None:
        self._vectors = vectors
        self._groups: _Groups | None = None
        if len(vectors) > _MANY:
            self._groups = _Groups(vectors)
            self._vectors = vectors.astype(np.float16)

    def nearest(self, vector: Floats, most: int, mask: Mask | None = None) -> Numbers:
        """Return the numbers of about the `most` sentences nearest to a vector, of those in the mask, in no order."""
        chosen = None if mask is None else np.flatnonzero(mask)
        if self._groups is not None and (chosen is None or len(chosen) > _MANY):
            found, near = self._groups.near(vector, mask)
        else:
            found = np.arange(len(self._vectors)) if chosen is None else chosen
            near = self.cosines(vector, found)
        return found if len(near) <= most else found[np.argpartition(near, -most)[-most:]]

    def cosines(self, vector: Floats, sentences: Numbers) -> Floats:
        """Return the cosine of a vector with each of these sentences."""
        chosen = self._vectors[sentences].astype(np.float32, copy=False)
        # Not `@`: for so few, its threads cost more than they save.
        found: Floats = np.einsum("ij,j->i", chosen, vector)
        return found


class _Groups:
    """Narrow copies of vectors, group by group."""

    def __init__(self, vectors: Floats) -> None:
        step = -(-len(vectors) // _SAMPLE)
        _, directions = np.linalg.eigh(vectors[::step].T @ vectors[::step])
        self._directions = np.ascontiguousarray(directions[:, ::-1][:, :_NARROW], np.float32)
        narrow = vectors @ self._directions
        with warnings.catch_warnings(action="ignore", category=UserWarning):  # an empty group costs nothing
            self._means: Floats = kmeans2(narrow[::step], len(vectors) // _GROUP, iter=5, minit="points", rng=1)[0]
        group = np.concatenate(
            [_group(narrow[first : first + _SAMPLE], self._means) for first in range(0, len(narrow), _SAMPLE)]
        )
        self._order = np.argsort(group, kind="stable")
        self._first = np.searchsorted(group[self._order], np.arange(len(self._means) + 1))
        self._narrow = narrow[self._order]

    def near(self, vector: Floats, mask: Mask | None) -> tuple[Numbers, Floats]:
        """Return the sentences in the groups that are nearest, of those in the mask, and about their cosines."""
        narrow = vector @ self._directions
        found, near, read = [], [], 0
        for group in np.argsort(-(self._means @ narrow)):
            rows = slice(self._first[group], self._first[group + 1])
            numbers = self._order[rows]
            cosines = np.einsum("ij,j->i", self._narrow[rows], narrow)
            if mask is not None:
                inside = mask[numbers]
                numbers, cosines = numbers[inside], cosines[inside]
            found.append(numbers)
            near.append(cosines)
            read += len(numbers)
            if read >= _READ:
                break
        return np.concatenate(found), np.concatenate(near)


def _group(narrow: Floats, means: Floats) -> Numbers:
    """Return the nearest mean of each vector (by the square of the distance)."""
    found: Numbers = np.argmax(narrow @ means.T - 0.5 * np.square(means).sum(1), axis=1)
    return found
