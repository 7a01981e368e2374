"""The encoder's operations in numpy: the reference that needs no runtime, and the source of features.

It knows nothing of models; `encoder.forward` calls it.
"""

from __future__ import annotations

import numpy as np
from scipy.special import erf, expit

from drystone.reader.model.encoder import Trace, forward
from drystone.reader.model.families import Model


class NumpyOps:
    """Computes in float32, row by row of features."""

    def __init__(self, model: Model) -> None:
        self._weights = model.weights

    def weight(self, name: str, value: np.ndarray) -> np.ndarray:
        return value

    def take(self, table: np.ndarray, ids: np.ndarray) -> np.ndarray:
        rows: np.ndarray = table[ids]
        return rows

    def linear(self, x: np.ndarray, w: str, b: str | None) -> np.ndarray:
        y: np.ndarray = x @ self._weights[w]
        if b is not None:
            y += self._weights[b]
        return y

    def add(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        total: np.ndarray = a + b
        return total

    def layer_norm(self, x: np.ndarray, g: str, b: str, epsilon: float) -> np.ndarray:
        centred = x - x.mean(-1, keepdims=True)
        scale = np.sqrt(np.square(centred).mean(-1, keepdims=True) + np.float32(epsilon))
        normal: np.ndarray = centred / scale * self._weights[g] + self._weights[b]
        return normal

    def activate(self, x: np.ndarray, name: str) -> np.ndarray:
        y: np.ndarray
        if name == "relu":
            y = np.maximum(x, 0)
        elif name == "silu":
            y = x * expit(x)
        elif name == "gelu_tanh":
            inner = np.float32(np.sqrt(2 / np.pi)) * (x + np.float32(0.044715) * x**3)
            y = np.float32(0.5) * x * (1 + np.tanh(inner))
        else:
            y = np.float32(0.5) * x * (1 + erf(x * np.float32(np.sqrt(0.5))))
        return y

    def split_heads(self, x: np.ndarray, heads: int) -> np.ndarray:
        return x.reshape(*x.shape[:2], heads, -1).transpose(0, 2, 1, 3)

    def merge_heads(self, x: np.ndarray, hidden: int) -> np.ndarray:
        return x.transpose(0, 2, 1, 3).reshape(x.shape[0], x.shape[2], hidden)

    def attend(
        self, q: np.ndarray, k: np.ndarray, v: np.ndarray, bias: np.ndarray, scale: float
    ) -> tuple[np.ndarray, np.ndarray]:
        scores = q @ k.transpose(0, 1, 3, 2) * np.float32(scale) + bias
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        return scores @ v, scores

    def block_bias(self, blocks: np.ndarray, masked: float) -> np.ndarray:
        same = blocks[:, None, :, None] == blocks[:, None, None, :]
        bias: np.ndarray = np.where(same, np.float32(0), np.float32(masked))
        return bias

    def distances(self, positions: np.ndarray, reach: int) -> np.ndarray:
        apart: np.ndarray = positions[:, :, None] - positions[:, None, :]
        clipped: np.ndarray = np.clip(apart + reach, 0, 2 * reach)
        return clipped

    def heads_first(self, x: np.ndarray) -> np.ndarray:
        return x.transpose(0, 3, 1, 2)

    def relative(
        self, x: np.ndarray, table: np.ndarray, index: np.ndarray, scale: float, *, transpose: bool
    ) -> np.ndarray:
        heads = x.shape[1]
        rows = table.reshape(-1, heads, x.shape[3]).transpose(1, 2, 0)
        scores = x @ rows * np.float32(scale)
        index = np.broadcast_to(
            (index.transpose(0, 2, 1) if transpose else index)[:, None], (*scores.shape[:3], x.shape[2])
        )
        picked = np.take_along_axis(scores, index, -1)
        return picked.transpose(0, 1, 3, 2) if transpose else picked


def trace(
    model: Model, ids: np.ndarray, types: np.ndarray, positions: np.ndarray, blocks: np.ndarray
) -> tuple[np.ndarray, Trace]:
    """Return float32 logits [rows, tokens, 2] and the hidden states and attentions of every layer.

    Inputs are integer arrays [rows, tokens]; hidden states are [rows, tokens, hidden], attentions
    [rows, heads, tokens, tokens].
    """
    seen = Trace()
    logits: np.ndarray = forward(NumpyOps(model), model, ids, types, positions, blocks, seen)
    return logits, seen
