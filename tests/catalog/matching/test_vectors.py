from __future__ import annotations

import numpy as np

from drystone.catalog.matching.vectors import SentenceVectors


def _unit(count: int, size: int = 128) -> np.ndarray:
    made = np.random.default_rng(1).normal(size=(count, size)) * np.linspace(3, 0.2, size)
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def test_of_many_the_narrow_copy_finds_nearly_all_of_the_nearest() -> None:
    vectors = _unit(25_000)
    found = SentenceVectors(vectors)
    for query in _unit(5, 128):
        true = set(np.argsort(vectors @ query)[-10:].tolist())
        near = found.nearest(query, 1000)
        assert len(near) == 1000
        assert true <= set(near.tolist())
        assert np.allclose(found.cosines(query, near), vectors[near] @ query)


def test_only_what_the_mask_lets_through_is_near() -> None:
    vectors = _unit(50)
    mask = np.arange(50) % 2 == 0
    near = SentenceVectors(vectors).nearest(vectors[1], 10, mask)
    assert len(near) == 10
    assert mask[near].all()
    assert not len(SentenceVectors(vectors).nearest(vectors[1], 10, np.zeros(50, bool)))
