"""The encoder's operations in torch, for running and training; imports torch, which is an extra.

It knows nothing of models; `encoder.forward` calls it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional


class TorchOps:
    """Computes with tensors given by name; `linear` may be replaced to compute in int8."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        self._weights = weights
        self._device = next((value.device for value in weights.values()), torch.device("cpu"))

    def weight(self, name: str, value: np.ndarray) -> Tensor:
        if name not in self._weights:
            return torch.from_numpy(np.ascontiguousarray(value)).to(self._device)
        return self._weights[name]

    def take(self, table: Tensor, ids: Tensor) -> Tensor:
        return table[ids]

    def linear(self, x: Tensor, w: str, b: str | None) -> Tensor:
        return functional.linear(x, self._weights[w].T, None if b is None else self._weights[b])

    def add(self, a: Tensor, b: Tensor) -> Tensor:
        return a + b

    def layer_norm(self, x: Tensor, g: str, b: str, epsilon: float) -> Tensor:
        return functional.layer_norm(x, x.shape[-1:], self._weights[g], self._weights[b], epsilon)

    def activate(self, x: Tensor, name: str) -> Tensor:
        if name == "relu":
            return functional.relu(x)
        if name == "silu":
            return functional.silu(x)
        return functional.gelu(x, approximate="tanh" if name == "gelu_tanh" else "none")

    def split_heads(self, x: Tensor, heads: int) -> Tensor:
        return x.reshape(*x.shape[:2], heads, -1).transpose(1, 2)

    def merge_heads(self, x: Tensor, hidden: int) -> Tensor:
        return x.transpose(1, 2).reshape(x.shape[0], x.shape[2], hidden)

    def attend(self, q: Tensor, k: Tensor, v: Tensor, bias: Tensor, scale: float) -> tuple[Tensor, None]:
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=bias.to(q.dtype), scale=scale)
        return mixed, None

    def block_bias(self, blocks: Tensor, masked: float) -> Tensor:
        apart = blocks[:, None, :, None] != blocks[:, None, None, :]
        return apart.to(torch.float32) * masked

    def distances(self, positions: Tensor, reach: int) -> Tensor:
        return torch.clip(positions[:, :, None] - positions[:, None, :] + reach, 0, 2 * reach)

    def heads_first(self, x: Tensor) -> Tensor:
        return x.permute(0, 3, 1, 2)

    def relative(self, x: Tensor, table: np.ndarray, index: Tensor, scale: float, *, transpose: bool) -> Tensor:
        rows = torch.from_numpy(table).to(x.device, x.dtype).reshape(-1, x.shape[1], x.shape[3]).permute(1, 2, 0)
        scores = x @ rows * scale
        index = (index.transpose(1, 2) if transpose else index)[:, None].expand(*scores.shape[:3], x.shape[2])
        picked = torch.gather(scores, -1, index)
        return picked.transpose(2, 3) if transpose else picked
