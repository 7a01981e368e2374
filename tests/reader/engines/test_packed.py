"""The kernel against the float32 reference, its promises of sameness, and what it refuses."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from drystone.errors import UsageError
from drystone.reader import Reader
from drystone.reader.engines.packed import PackedEngine, gate, unsupported, variants
from drystone.reader.engines.runtimes import build_engine
from drystone.reader.engines.schedule import Batch
from drystone.reader.model.checkpoint import read_checkpoint
from drystone.reader.model.families import Model, build_model
from drystone.reader.model.numpy_ops import trace
from tests.reader.checkpoints import POSITIONS, prose

pytestmark = pytest.mark.skipif(not variants(), reason="the kernel was not built")


@pytest.fixture(params=variants())
def variant(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def built(folder: Path) -> Model:
    checkpoint = read_checkpoint(folder)
    return build_model(checkpoint.config, checkpoint.tensors)


def row(*lengths: int, seed: int = 0, words: int = 400) -> Batch:
    """One row that holds several windows, each a block."""
    ids = np.random.default_rng(seed).integers(0, words, (1, sum(lengths)))
    blocks = np.concatenate([np.full(n, i + 1) for i, n in enumerate(lengths)])[None]
    positions = np.concatenate([np.arange(n) for n in lengths])[None]
    return Batch(ids, np.zeros_like(ids), positions, blocks)


@pytest.mark.slow
@pytest.mark.parametrize("family", ["bert", "distilbert", "roberta", "mpnet"])
@pytest.mark.parametrize("length", [1, 2, 7, 15, 16, 17, 31, 60])
def test_logits_stay_near_the_reference(variant: str, family: str, length: int, checkpoints: dict[str, Path]) -> None:
    model = built(checkpoints[family])
    assert unsupported(model) is None
    batch = row(length, words=len(model.weights["embed.word"]))
    expected = trace(model, batch.ids, batch.types, batch.positions, batch.blocks)[0]
    exact = PackedEngine(model, "fp32", 1, variant).run(batch)
    np.testing.assert_allclose(exact, expected, atol=2e-5, rtol=1e-4)
    found = PackedEngine(model, "int8", 1, variant).run(batch)
    assert found.shape == expected.shape
    assert np.abs(found - expected).mean() < 0.25 * np.abs(expected).mean()
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.97 or length < 3


@pytest.mark.parametrize("precision", ["fp32", "int8"])
@pytest.mark.parametrize("family", ["bert", "mpnet"])
def test_a_window_gives_the_same_bits_in_any_company(
    variant: str, precision: str, family: str, checkpoints: dict[str, Path]
) -> None:
    engine = PackedEngine(built(checkpoints[family]), precision, 1, variant)
    lengths = (13, 40, 1, 29, 60, 57, 16)
    together = row(*lengths)
    found, at = engine.run(together), 0
    for length in lengths:
        part = slice(at, at + length)
        alone = Batch(*(a[:, part] for a in (together.ids, together.types, together.positions, together.blocks)))
        assert np.array_equal(engine.run(alone), found[:, part])
        at += length


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_padding_is_not_computed(variant: str, precision: str, checkpoints: dict[str, Path]) -> None:
    engine = PackedEngine(built(checkpoints["bert"]), precision, 1, variant)
    short, long = row(9), row(30)
    blocks = np.zeros((2, 40), np.int64)
    ids, positions = np.full((2, 40), 3), np.broadcast_to(np.arange(40), (2, 40)).copy()
    for i, one in enumerate((short, long)):
        blocks[i, : one.ids.size], ids[i, : one.ids.size] = 1, one.ids[0]
    found = engine.run(Batch(ids, np.zeros_like(ids), positions, blocks))
    assert np.array_equal(found[0, :9], engine.run(short)[0])
    assert np.array_equal(found[1, :30], engine.run(long)[0])
    assert not found[0, 9:].any()


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_reader_answers_the_same_in_any_order_to_the_bit(precision: str, checkpoints: dict[str, Path]) -> None:
    reader = Reader.load(checkpoints["bert"], runtime="packed", precision=precision, threads=2)
    pairs = [("What is it?", text) for text in prose()[:90] if text.strip()]
    assert reader.warm() == 0  # it has no shapes
    alone = [next(reader.stream([pair], top_k=3)) for pair in pairs]
    assert list(reader.stream(reversed(pairs), top_k=3)) == alone[::-1]


@pytest.mark.parametrize("activation", ["gelu", "gelu_tanh"])
def test_the_gate_is_the_activation(activation: str) -> None:
    x = np.linspace(-30, 30, 60001)
    cut = np.clip(x, -4.25, 4.25)
    found = x * (0.5 + cut * np.polyval(gate(activation), cut * cut))
    if activation == "gelu":
        expected = np.array([0.5 * v * (1 + math.erf(v / math.sqrt(2))) for v in x])
    else:
        expected = 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    assert np.abs(found - expected)[np.abs(x) <= 6].max() < 2e-4
    assert np.abs(found - expected).max() < 1e-3
    assert gate("relu") == []
    # Its coefficients are those of a weighted least-squares fit at Chebyshev's nodes.
    nodes = (4.25 / 2) * (1 + np.cos(np.pi * (np.arange(2000) + 0.5) / 2000))
    if activation == "gelu":
        share = np.array([0.5 * math.erf(v / math.sqrt(2)) for v in nodes])
    else:
        share = 0.5 * np.tanh(math.sqrt(2 / math.pi) * (nodes + 0.044715 * nodes**3))
    powers = np.vander((nodes / 4.25) ** 2, 10)  # of 0..1, so that they stay well conditioned
    weight = nodes**2  # an error of p counts x^2 times in the result
    terms = np.linalg.lstsq(powers * weight[:, None], share / nodes * weight, rcond=None)[0]
    assert gate(activation) == pytest.approx(terms / 4.25 ** (2.0 * np.arange(9, -1, -1)), rel=1e-9)


@pytest.mark.parametrize("activation", ["relu", "gelu_tanh"])
def test_other_activations(variant: str, activation: str, checkpoints: dict[str, Path]) -> None:
    model = replace(built(checkpoints["distilbert"]), activation=activation)
    batch = row(20, words=len(model.weights["embed.word"]))
    expected = trace(model, batch.ids, batch.types, batch.positions, batch.blocks)[0]
    np.testing.assert_allclose(PackedEngine(model, "fp32", 1, variant).run(batch), expected, atol=2e-5, rtol=1e-4)
    found = PackedEngine(model, "int8", 1, variant).run(batch)
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.98


def test_what_the_kernel_cannot_run_is_refused(checkpoints: dict[str, Path]) -> None:
    with pytest.raises(UsageError, match="relative positions"):
        Reader.load(checkpoints["deberta"], runtime="packed", precision="int8")
    with pytest.raises(UsageError, match=r"fp32 and int8, not bf16|has no bfloat16"):
        build_engine(built(checkpoints["bert"]), "packed", "bf16", 1, [])
    engine = PackedEngine(built(checkpoints["bert"]), "int8", 1)
    bad = row(5)
    for name, value in (("ids", 10**6), ("ids", -1), ("positions", 10**5)):
        parts = {field: getattr(bad, field).copy() for field in ("ids", "types", "positions", "blocks")}
        parts[name][0, 2] = value
        with pytest.raises(ValueError, match=name):
            engine.run(Batch(**parts))
    with pytest.raises(ValueError, match="lengths"):
        five = np.zeros(5, np.int32)
        engine._encoder.run(five, five, five, np.array([9], np.int32), np.zeros((5, 2), np.float32))
    near = PackedEngine(built(checkpoints["mpnet"]), "int8", 1)  # it has no bias for what is farther than its windows
    many = np.zeros(POSITIONS + 1, np.int32)
    with pytest.raises(ValueError, match="lengths"):
        near._encoder.run(many, many, many, np.array([len(many)], np.int32), np.zeros((len(many), 2), np.float32))
