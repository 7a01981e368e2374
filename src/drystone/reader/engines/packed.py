"""Runs a model in our own kernel, in int8 or float32, with windows packed without padding.

In int8 it is faster than OpenVINO and ONNX Runtime with AVX2 and with AVX-512 and VNNI, in fp32 where there is no
AVX-512 (docs/reader.md, "Figures"). It knows BERT-shaped encoders, MPNet's bias by distance among them; DeBERTa's
relative attention is not.
"""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any

import numpy as np

from drystone.errors import UsageError
from drystone.reader.engines.schedule import Batch
from drystone.reader.model.families import Model

kernel: Any
try:
    kernel = import_module("drystone.reader._kernel")
except ImportError:  # a build without compiled kernels
    kernel = None

#: Where the gate's polynomial ends.
_GATE_END = 4.25
#: The polynomial of degree 9 in x squared, fitted by weighted least squares at Chebyshev's nodes (the test fits it
#: again): GELU errs by less than 1e-4 anywhere.
_GATES = {
    "gelu": (
        -2.1112063747934623e-12, 2.332267804182574e-10, -1.1593373503636344e-08, 3.4583773569027724e-07,
        -6.989354191823247e-06, 0.00010265470382537352, -0.0011447123807280443, 0.009890290614905517,
        -0.06640921486508256, 0.39891506093197815,
    ),
    "gelu_tanh": (
        -2.7070729836587293e-12, 2.9450883836363616e-10, -1.433126222406659e-08, 4.1531696037139846e-07,
        -8.085623491916958e-06, 0.00011365993237473684, -0.0012130000094200742, 0.010125599192161477,
        -0.06673557159102456, 0.3989120773052514,
    ),
    "relu": (),
}  # fmt: skip


def variants() -> list[str]:
    """Return the instruction sets that the kernel runs here, fastest first.

    `avx512-bf16`, `avx512-vnni`, `avx2`; `neon-dotprod`, `neon`; `plain` on every processor; none without a kernel.
    """
    return [] if kernel is None else kernel.variants()


def unsupported(model: Model) -> str | None:
    """Return why the kernel cannot run `model` here, or None where it can."""
    if not variants():
        return "the packed runtime's kernel was not built"
    if model.relative or "embed.project.w" in model.weights:
        return "the packed runtime computes neither DeBERTa's relative positions nor projected embeddings"
    if model.activation not in _GATES:
        return f"the packed runtime does not compute the activation {model.activation}"
    inner = model.weights["layer.0.up.b"].shape[0] if model.layers else 8
    if (model.hidden // model.heads) % 8 or inner % 8:
        return "the packed runtime needs heads and inner layers whose sizes are multiples of 8"
    return None


def peak(seconds: float = 0.5, variant: str = "") -> float:
    """Return the 10^9 int8 multiplications and additions a second that a variant's inner loop reaches on one core."""
    return float(kernel.peak(seconds, variant))


def gate(activation: str) -> list[float]:
    """Return c such that activation(x) = x (0.5 + x p(x^2)), p's coefficients highest first; empty for relu.

    For |x| beyond 4.25 the gate is that of 4.25.
    """
    return list(_GATES[activation])


class PackedEngine:
    """A model in the kernel; `streams` batches run at once, each on one thread. Logits do not depend on the batch."""

    name = "packed"
    packs = True

    def __init__(self, model: Model, precision: str, threads: int, variant: str = "") -> None:
        reason = unsupported(model)
        if reason:
            raise UsageError(f"runtime: {reason}; use openvino or onnxruntime.")
        self.precision, self.streams = precision, threads
        weights, hidden = model.weights, model.hidden
        self._encoder = kernel.Encoder(
            variant,
            hidden,
            model.heads,
            model.epsilon,
            model.activation,
            precision == "fp32",
            gate(model.activation),
            _GATE_END,
        )
        empty = np.zeros((0, hidden), np.float32)

        def of(name: str) -> np.ndarray:
            return np.ascontiguousarray(weights.get(name, empty), np.float32)

        self._encoder.embeddings(
            *map(of, ("embed.word", "embed.position", "embed.type", "embed.norm.g", "embed.norm.b"))
        )
        # The query carries the attention's scale, and 1 / ln 2, since the kernel's softmax takes powers of two.
        scale = np.float32(math.log2(math.e) / math.sqrt(hidden // model.heads))
        for i in range(model.layers):
            at = f"layer.{i}."
            qkv = np.concatenate([weights[f"{at}q.w"] * scale, weights[f"{at}k.w"], weights[f"{at}v.w"]], axis=1)
            bias = np.concatenate([weights[f"{at}q.b"] * scale, weights[f"{at}k.b"], weights[f"{at}v.b"]])
            rest = ("o.w", "o.b", "norm1.g", "norm1.b", "up.w", "up.b", "down.w", "down.b", "norm2.g", "norm2.b")
            self._encoder.layer(np.ascontiguousarray(qkv), bias, *(of(at + name) for name in rest))
        if "relative.bias" in weights:  # rows from the farthest query after a key to the farthest before
            by_key = weights["relative.bias"][::-1].T * np.float32(math.log2(math.e))
            self._encoder.distance(np.ascontiguousarray(by_key))
        self._encoder.head(np.ascontiguousarray(weights["head.w"].T), of("head.b"))

    def run(self, batch: Batch) -> np.ndarray:
        """Return float32 logits [rows, tokens, 2]; padding is not computed, its logits are 0."""
        blocks = batch.blocks
        real = blocks > 0
        # A window is a run of one block within a row.
        begins = real.copy()
        begins[:, 1:] &= blocks[:, 1:] != blocks[:, :-1]
        starts = np.flatnonzero(begins[real])
        ids, types, positions = (part[real].astype(np.int32) for part in (batch.ids, batch.types, batch.positions))
        found = np.empty((len(ids), 2), np.float32)
        self._encoder.run(ids, types, positions, np.diff(starts, append=len(ids)).astype(np.int32), found)
        logits = np.zeros((*blocks.shape, 2), np.float32)
        logits[real] = found
        return logits
