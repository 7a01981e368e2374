"""The kernel's variants against each other and against a slow reference, to the last bit."""

from __future__ import annotations

import random
import threading

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drystone.dedup import _kernel, near
from drystone.dedup.sketches import buffers, sketcher

from . import reference

VARIANTS = _kernel.variants(all=True)


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if name not in _kernel.variants():
        pytest.skip(f"this processor does not run {name}")
    return name


def test_plain_always_runs() -> None:
    assert "plain" in _kernel.variants()
    with pytest.raises(ValueError, match="nonsense"):
        _kernel.token_hashes(b"a", 1, "nonsense")


def test_hashes_equal_the_reference(variant: str, nasty: list[bytes]) -> None:
    for text in nasty:
        for seed in (0, 1, 2**64 - 1):
            expected = [reference.token_hash(t, seed) for t in reference.tokens(text)]
            assert _kernel.token_hashes(text, seed, variant).tolist() == expected
            assert _kernel.shingle_hashes(text, seed, variant).tolist() == reference.shingle_hashes(text, seed)


@given(st.binary(max_size=300), st.integers(0, 2**64 - 1))
@settings(max_examples=150, deadline=None)
def test_hashes_equal_the_reference_on_any_bytes(text: bytes, seed: int) -> None:
    expected = reference.shingle_hashes(text, seed)
    for name in _kernel.variants():
        assert _kernel.shingle_hashes(text, seed, name).tolist() == expected


@pytest.mark.parametrize(
    ("one_permutation", "size", "bands", "rows"),
    [(True, 256, 42, 6), (True, 100, 9, 11), (True, 1, 1, 1), (False, 64, 8, 8), (False, 37, 5, 7)],
)
def test_sketches_and_keys_equal_the_reference(
    variant: str, one_permutation: bool, size: int, bands: int, rows: int, nasty: list[bytes]
) -> None:
    chance = random.Random(3)
    texts = [t for t in nasty if len(t) < 6000]
    texts += [b" ".join(b"%d" % chance.randrange(n) for _ in range(n)) for n in (5, 6, 20, 200, 400, 600)]
    slow = reference.Sketcher(one_permutation, size, bands, rows, 11)
    fast = _kernel.Sketcher(one_permutation, size, bands, rows, 11, variant)
    assert fast.variant == variant
    parts = buffers(pa.array(texts, pa.binary()))
    values, counts = fast.sketches(*parts)
    signatures = fast.signatures(*parts)
    for i, text in enumerate(texts):
        assert signatures[i].tolist() == slow.signature(text), text[:50]
        assert counts[i] == max(0, len(reference.tokens(text)) - 4)
        assert values[i].tolist() == slow.sketch(text)


def test_a_document_reads_nothing_of_its_neighbours(variant: str, nasty: list[bytes]) -> None:
    method = near.Method()
    alone = [near.signatures(pa.array([t], pa.binary()), method, variant)[0] for t in nasty]
    together = near.signatures(pa.array(nasty, pa.binary()), method, variant)
    sliced = near.signatures(pa.array([b"zzzz", *nasty, b"yyy"], pa.large_binary())[1:-1], method, variant)
    assert together.to_pylist() == [a.as_py() for a in alone] == sliced.to_pylist()


def test_one_sketcher_serves_many_threads(nasty: list[bytes]) -> None:
    texts = pa.array(nasty * 20, pa.binary())
    expected = near.signatures(texts, near.Method())
    results: list[pa.Array] = []
    threads = [threading.Thread(target=lambda: results.append(near.signatures(texts, near.Method()))) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(results) == 6
    assert all(r.equals(expected) for r in results)


def test_tokenise_gives_the_sum_of_hashes(variant: str, nasty: list[bytes]) -> None:
    kernel = sketcher(near.Method(seed=5), variant)
    expected = sum(reference.token_hash(t, 5) for text in nasty for t in reference.tokens(text)) % 2**64
    assert kernel.tokenise(*buffers(pa.array(nasty, pa.binary()))) == expected


@given(st.binary(max_size=400), st.binary(max_size=400))
@settings(max_examples=100, deadline=None)
def test_jaccard_is_that_of_token_sets(a: bytes, b: bytes) -> None:
    told = near.explain(a, b, near.Method())
    for name in _kernel.variants():
        assert _kernel.jaccard(a, b, 9, name) == (told["shared"], told["total"])


def test_offsets_that_leave_the_data_are_refused() -> None:
    kernel = sketcher(near.Method())
    data, none = np.zeros(10, np.uint8), np.empty(0, np.bool_)
    for offsets in ([0, 11], [5, 3], [-1, 2]):
        with pytest.raises(ValueError, match="offsets"):
            kernel.signatures(data, np.array(offsets, np.int64), none)
    with pytest.raises(ValueError, match="offsets"):
        kernel.signatures(data, np.array([0.0, 1.0]), none)
    with pytest.raises(ValueError, match="valid"):
        kernel.signatures(data, np.array([0, 1], np.int32), np.ones(2, np.bool_))
    with pytest.raises(ValueError, match="size"):
        _kernel.Sketcher(True, 5000, 1, 1, 0)
    with pytest.raises(ValueError, match="rows"):
        _kernel.Sketcher(True, 16, 5, 4, 0)


def test_components_join_within_groups_only() -> None:
    def u32(*values: int) -> np.ndarray:
        return np.array(values, np.uint32)

    components = _kernel.Components(6)
    components.link(u32(7, 7, 7, 1, 2, 7), u32(0, 0, 1, 1, 0, 0), u32(1, 1, 1, 1, 1, 0))
    components.link(u32(5, 6, 9, 9, 5, 5), u32(0, 0, 1, 1, 0, 0), u32(1, 1, 1, 1, 1, 0))
    assert components.roots().tolist() == [0, 0, 2, 2, 0, 5]
    with pytest.raises(ValueError, match="one value for each"):
        components.link(u32(1), u32(1), u32(1))
