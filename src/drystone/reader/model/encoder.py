"""The forward pass, written once over a dozen operations.

`numpy_ops` computes it, `onnx_graph` records it for OpenVINO and ONNX Runtime, `engines.torch` runs it in torch. It
knows nothing of text: its inputs are token ids, token types, positions, and `blocks`, which says for each token what
window it belongs to (0 is padding). A token attends to its own block only, so that several windows can share a row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from drystone.reader.model.families import Model, relative_buckets

#: Added to the attention score of a pair of tokens in different blocks; exp of it is 0 in every precision used.
MASKED = -30000.0


class Ops(Protocol):
    """The operations a runtime must offer; `x` is of the runtime's own tensor type, [rows, tokens, features]."""

    def weight(self, name: str, value: np.ndarray) -> Any:
        """Return a constant as a tensor."""
        ...

    def take(self, table: Any, ids: Any) -> Any:
        """Return the rows of a table at integer ids."""
        ...

    def linear(self, x: Any, w: str, b: str | None) -> Any:
        """Return x @ w + b, for weights by name."""
        ...

    def add(self, a: Any, b: Any) -> Any:
        """Return the sum, broadcast."""
        ...

    def layer_norm(self, x: Any, g: str, b: str, epsilon: float) -> Any:
        """Return x normalized over features, scaled by g and shifted by b."""
        ...

    def activate(self, x: Any, name: str) -> Any:
        """Return gelu, gelu_tanh, relu or silu of x."""
        ...

    def split_heads(self, x: Any, heads: int) -> Any:
        """Return [rows, heads, tokens, size]."""
        ...

    def merge_heads(self, x: Any, hidden: int) -> Any:
        """Undo `split_heads`."""
        ...

    def attend(self, q: Any, k: Any, v: Any, bias: Any, scale: float) -> tuple[Any, Any]:
        """Return softmax(q k scale + bias) v, and the attention weights where the runtime has them."""
        ...

    def block_bias(self, blocks: Any, masked: float) -> Any:
        """Return 0 where two tokens share a block and `masked` elsewhere: [rows, 1, tokens, tokens]."""
        ...

    def distances(self, positions: Any, reach: int) -> Any:
        """Return position differences plus reach, clipped to 0..2 reach: [rows, tokens, tokens]."""
        ...

    def heads_first(self, x: Any) -> Any:
        """Return [rows, heads, tokens, tokens] of [rows, tokens, tokens, heads]."""
        ...

    def relative(self, x: Any, table: np.ndarray, index: Any, scale: float, *, transpose: bool) -> Any:
        """Return x times the table row that `index` picks for each pair of tokens, scaled."""
        ...


@dataclass
class Trace:
    """What a forward pass leaves for inspection: hidden states (embeddings first) and attention weights, by layer."""

    hidden: list[Any] = field(default_factory=list)
    attentions: list[Any] = field(default_factory=list)


def forward(
    ops: Ops, model: Model, ids: Any, types: Any, positions: Any, blocks: Any, trace: Trace | None = None
) -> Any:
    """Return logits [rows, tokens, 2] (start, end) for int inputs [rows, tokens]; fill `trace` if given."""
    weights, heads = model.weights, model.heads

    def weight(name: str) -> Any:
        return ops.weight(name, weights[name])

    x = ops.take(weight("embed.word"), ids)
    if "embed.type" in weights:
        x = ops.add(x, ops.take(weight("embed.type"), types))
    if "embed.position" in weights:
        x = ops.add(x, ops.take(weight("embed.position"), positions))
    deberta = model.family.startswith("deberta")
    project = "embed.project.w" in weights
    if project and deberta:  # ELECTRA projects after the norm, DeBERTa before it
        x = ops.linear(x, "embed.project.w", None)
    x = ops.layer_norm(x, "embed.norm.g", "embed.norm.b", model.epsilon)
    if project and not deberta:
        x = ops.linear(x, "embed.project.w", "embed.project.b")
    if trace is not None:
        trace.hidden.append(x)

    bias = _bias(ops, model, positions, blocks)
    size = model.hidden // heads
    relative = model.relative
    scale = 1 / math.sqrt(size * (1 + len(relative.terms) if relative and relative.scaled else 1))
    rows = None
    if relative:
        # One table serves both terms: the distance from query to key picks the row, for the key's term transposed.
        reach = model.max_tokens - 1
        table = ops.weight("relative.rows", relative_buckets(relative, reach))
        rows = ops.take(table, ops.distances(positions, reach))

    for index in range(model.layers):
        at = f"layer.{index}"
        q, k, v = (
            ops.split_heads(ops.linear(x, f"{at}.{c}.w", f"{at}.{c}.b" if f"{at}.{c}.b" in weights else None), heads)
            for c in "qkv"
        )
        scores = bias
        if relative and "c2p" in relative.terms:
            scores = ops.add(scores, ops.relative(q, weights[f"{at}.pos_k"], rows, scale, transpose=False))
        if relative and "p2c" in relative.terms:
            scores = ops.add(scores, ops.relative(k, weights[f"{at}.pos_q"], rows, scale, transpose=True))
        mixed, attention = ops.attend(q, k, v, scores, scale)
        mixed = ops.linear(ops.merge_heads(mixed, model.hidden), f"{at}.o.w", f"{at}.o.b")
        x = ops.layer_norm(ops.add(x, mixed), f"{at}.norm1.g", f"{at}.norm1.b", model.epsilon)
        inner = ops.activate(ops.linear(x, f"{at}.up.w", f"{at}.up.b"), model.activation)
        x = ops.layer_norm(
            ops.add(x, ops.linear(inner, f"{at}.down.w", f"{at}.down.b")),
            f"{at}.norm2.g",
            f"{at}.norm2.b",
            model.epsilon,
        )
        if trace is not None:
            trace.hidden.append(x)
            trace.attentions.append(attention)
    return ops.linear(x, "head.w", "head.b")


def _bias(ops: Ops, model: Model, positions: Any, blocks: Any) -> Any:
    """Return what every layer adds to attention's scores: `MASKED` between blocks, and MPNet's by distance."""
    bias = ops.block_bias(blocks, MASKED)
    if "relative.bias" not in model.weights:
        return bias
    table = ops.weight("relative.bias", model.weights["relative.bias"])
    return ops.add(bias, ops.heads_first(ops.take(table, ops.distances(positions, model.max_tokens - 1))))
