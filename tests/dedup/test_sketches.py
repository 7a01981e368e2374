"""Sketches and signatures of Arrow arrays of every text type."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest

from drystone.dedup import near
from drystone.dedup.sketches import words
from drystone.errors import UsageError

TEXTS = ["def f(a, b): return a + b", None, "too few", "", "naïve café über façade señor olé", "x " * 900]


@pytest.mark.parametrize(
    "kind",
    [pa.string(), pa.large_string(), pa.binary(), pa.large_binary(), pa.string_view(), pa.binary_view()],
    ids=str,
)
def test_every_text_type_gives_the_same_signatures(kind: pa.DataType) -> None:
    method = near.Method()
    expected = near.signatures(pa.array([t and t.encode() for t in TEXTS], pa.binary()), method)
    binary = pa.array([t and t.encode() for t in TEXTS], pa.binary())
    array = binary.cast(kind) if kind in (pa.binary_view(), pa.large_binary(), pa.binary()) else pa.array(TEXTS, kind)
    assert near.signatures(array, method).equals(expected)
    assert near.signatures(pa.chunked_array([array[:2], array[2:]]), method).equals(expected)
    assert expected.is_null().to_pylist() == [False, True, True, True, False, False]
    assert expected.type == near.signature_type(method) == pa.binary(4 * 43)


def test_dictionaries_nulls_and_nothing() -> None:
    method = near.Method()
    plain = pa.array(["a b c d e", "a b c d e", None])
    assert near.signatures(plain.dictionary_encode(), method).equals(near.signatures(plain, method))
    assert near.signatures(pa.nulls(3), method).null_count == 3
    assert len(near.signatures(pa.array([], pa.string()), method)) == 0
    assert len(near.signatures(pa.chunked_array([], pa.string()), method)) == 0
    assert len(near.sketch(pa.chunked_array([], pa.string()), method)) == 0


def test_other_types_are_refused() -> None:
    with pytest.raises(UsageError, match="int64"):
        near.signatures(pa.array([1, 2]), near.Method())


def test_null_slots_that_hold_bytes_stay_null() -> None:
    data = pa.py_buffer(b"a b c d e f g h")
    offsets = pa.py_buffer(np.array([0, 15], np.int32))
    array = pa.Array.from_buffers(pa.binary(), 1, [pa.py_buffer(b"\0"), offsets, data])
    assert near.signatures(array, near.Method()).to_pylist() == [None]


def test_words_reads_slices_and_refuses_other_methods() -> None:
    method = near.Method()
    signatures = near.signatures(pa.array(TEXTS), method)
    assert words(signatures, method)[4:].tolist() == words(signatures[4:], method).tolist()
    assert not words(signatures, method)[1].any()
    assert words(signatures, method)[0, 0] == 3
    with pytest.raises(UsageError, match="this method"):
        words(signatures, near.Method(bands=8, rows=8))


@pytest.mark.parametrize("sketch", ["oph", "permutations"])
@pytest.mark.parametrize("length", [30, 300, 3000])
def test_equal_values_estimate_the_similarity(sketch: str, length: int) -> None:
    """The mean error over pairs stays within four standard errors: the sketch is unbiased, few shingles or many."""
    chance = random.Random(length)
    method = near.Method(sketch=sketch)
    errors = []
    for number in range(40):
        a = [b"w%d" % chance.randrange(10**9) for _ in range(length)]
        b = list(a)
        for _ in range(max(1, length // chance.choice([8, 20, 60]))):
            b[chance.randrange(length)] = b"v%d" % number
        left, right = near.sketch(pa.array([b" ".join(a), b" ".join(b)], pa.binary()), method).to_pylist()
        estimate = sum(x == y for x, y in zip(left, right, strict=True)) / method.size
        errors.append(estimate - near.explain(b" ".join(a), b" ".join(b), method)["similarity"])
    assert abs(np.mean(errors)) < 4 * np.std(errors) / np.sqrt(len(errors)) + 0.005
    assert np.std(errors) < 0.06


def test_buffers_that_are_read_only_or_not_aligned() -> None:
    texts = pa.array(["a b c d e f", "g", "h i j k l m"])
    _, offsets, data = texts.buffers()
    shifted = pa.py_buffer(b"x" + offsets.to_pybytes()).slice(1)
    odd = pa.Array.from_buffers(pa.string(), 3, [None, shifted, data])
    assert near.signatures(odd, near.Method()).equals(near.signatures(texts, near.Method()))
