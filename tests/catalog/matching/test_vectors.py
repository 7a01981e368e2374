from __future__ import annotations

import numpy as np
import pytest

from drystone.catalog.matching.vectors import SentenceVectors


def _unit(count: int, seed: int) -> np.ndarray:
    """Vectors as sentences have them: near to one of some topics, and wide."""
    topics = np.random.default_rng(7).normal(size=(60, 128))
    random = np.random.default_rng(seed)
    made = topics[random.integers(0, 60, count)] + 0.7 * random.normal(size=(count, 128))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def many() -> tuple[np.ndarray, SentenceVectors]:
    vectors = _unit(60_000, 1)
    return vectors, SentenceVectors(vectors)


def test_of_many_the_nearest_groups_hold_nearly_all_of_the_nearest(many: tuple[np.ndarray, SentenceVectors]) -> None:
    vectors, index = many
    held = []
    for query in _unit(20, 2):
        near = index.nearest(query, 1000)
        assert len(near) == len(set(near.tolist())) == 1000
        assert np.allclose(index.cosines(query, near), vectors[near] @ query, atol=1e-3)
        held.append(np.isin(np.argsort(vectors @ query)[-10:], near).mean())
    assert np.mean(held) > 0.95


def test_only_what_the_mask_lets_through_is_near(many: tuple[np.ndarray, SentenceVectors]) -> None:
    vectors, index = many
    for every in (2, 1000):  # more than are looked at whole, and fewer
        mask = np.arange(len(vectors)) % every == 0
        near = index.nearest(vectors[1], 30, mask)
        assert len(near) == 30
        assert mask[near].all()
        allowed = np.flatnonzero(mask)
        assert np.isin(allowed[np.argsort(vectors[allowed] @ vectors[1])[-5:]], near).mean() > 0.5
    assert not len(index.nearest(vectors[1], 10, np.zeros(len(vectors), bool)))
    few = SentenceVectors(vectors[:50])
    assert set(few.nearest(vectors[3], 1).tolist()) == {3}
