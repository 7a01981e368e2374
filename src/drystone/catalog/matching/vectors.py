"""Sentence vectors, and the nearest of them: a narrow copy of all is read first, then the best of it at full width."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

#: Numbers of a vector's narrow copy, and from how many vectors on there is one.
_NARROW: Final = 96
_MANY: Final = 20_000
#: Vectors from which the directions of the narrow copy are taken.
_SAMPLE: Final = 20_000

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]


class SentenceVectors:
    """Unit vectors, float32 [sentences, size].

    The narrow copy holds them along their first principal directions, which keep most of every cosine.
    """

    def __init__(self, vectors: Floats) -> None:
        self._vectors = vectors
        self._directions: Floats | None = None
        if len(vectors) > _MANY:
            step = -(-len(vectors) // _SAMPLE)
            _, directions = np.linalg.eigh(vectors[::step].T @ vectors[::step])
            self._directions = np.ascontiguousarray(directions[:, ::-1][:, :_NARROW], np.float32)
            self._narrow = vectors @ self._directions

    def nearest(self, vector: Floats, most: int, mask: npt.NDArray[np.bool_] | None = None) -> Numbers:
        """Return the numbers of about the `most` sentences nearest to a vector, of those in the mask, in no order."""
        along = self._directions
        near = self._vectors @ vector if along is None else self._narrow @ (vector @ along)
        if mask is not None:
            near = np.where(mask, near, -2)
        found = np.arange(len(near)) if len(near) <= most else np.argpartition(near, -most)[-most:]
        return found[near[found] > -2]

    def cosines(self, vector: Floats, sentences: Numbers) -> Floats:
        """Return the cosine of a vector with each of these sentences."""
        found: Floats = self._vectors[sentences] @ vector
        return found
