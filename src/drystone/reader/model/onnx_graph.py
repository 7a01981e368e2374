"""Records the forward pass as an ONNX graph, which OpenVINO and ONNX Runtime read; needs no torch.

It uses standard operators only (opset 17), so that any ONNX runtime can load what is written. It knows nothing of text
or files.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from drystone.errors import MissingExtraError, ModelError
from drystone.reader.model.encoder import forward
from drystone.reader.model.families import Model

#: Protocol buffers hold at most 2 GiB.
_MOST_BYTES = 2**31 - 2**20

INPUTS = ("ids", "types", "positions", "blocks")
#: Names that everybody's consumers give (optimum, transformers.js, model servers), by ours.
PUBLIC_INPUTS = {"input_ids": "ids", "attention_mask": "blocks", "token_type_ids": "types"}
PUBLIC_OUTPUTS = ("start_logits", "end_logits")


class _OnnxOps:
    def __init__(self, model: Model, onnx: Any) -> None:
        self.onnx = onnx
        self.model = model
        self.nodes: list[Any] = []
        self.initializers: dict[str, Any] = {}
        self._count = 0

    def node(self, kind: str, *inputs: str, name: str | None = None, **attributes: Any) -> str:
        self._count += 1
        out = name or f"{kind.lower()}_{self._count}"
        self.nodes.append(self.onnx.helper.make_node(kind, list(inputs), [out], name=out, **attributes))
        return out

    def weight(self, name: str, value: np.ndarray) -> str:
        if name not in self.initializers:
            self.initializers[name] = self.onnx.numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def number(self, value: float) -> str:
        return self.weight(f"number_{value!r}", np.array(value, np.float32))

    def integers(self, *values: int) -> str:
        return self.weight(f"integers_{'_'.join(map(str, values))}", np.array(values, np.int64))

    def take(self, table: str, ids: str) -> str:
        return self.node("Gather", table, ids, axis=0)

    def linear(self, x: str, w: str, b: str | None) -> str:
        y = self.node("MatMul", x, self.weight(w, self.model.weights[w]), name=f"{w}/matmul")
        return y if b is None else self.node("Add", y, self.weight(b, self.model.weights[b]))

    def add(self, a: str, b: str) -> str:
        return self.node("Add", a, b)

    def layer_norm(self, x: str, g: str, b: str, epsilon: float) -> str:
        scale, shift = self.weight(g, self.model.weights[g]), self.weight(b, self.model.weights[b])
        return self.node("LayerNormalization", x, scale, shift, axis=-1, epsilon=epsilon)

    def activate(self, x: str, name: str) -> str:
        if name == "relu":
            return self.node("Relu", x)
        if name == "silu":
            return self.node("Mul", x, self.node("Sigmoid", x))
        half = self.number(0.5)
        if name == "gelu_tanh":
            cube = self.node("Mul", self.node("Mul", self.node("Mul", x, x), x), self.number(0.044715))
            inner = self.node("Mul", self.node("Add", x, cube), self.number(0.7978845608028654))
            return self.node(
                "Mul", self.node("Mul", x, self.node("Add", self.node("Tanh", inner), self.number(1.0))), half
            )
        # Written in the order that runtimes recognise and fuse: x / sqrt(2), erf, + 1, * x, * 0.5.
        gauss = self.node("Erf", self.node("Div", x, self.number(1.4142135623730951)))
        return self.node("Mul", self.node("Mul", x, self.node("Add", gauss, self.number(1.0))), half)

    def split_heads(self, x: str, heads: int) -> str:
        size = self.model.hidden // heads
        return self.node("Transpose", self.node("Reshape", x, self.integers(0, 0, heads, size)), perm=[0, 2, 1, 3])

    def merge_heads(self, x: str, hidden: int) -> str:
        return self.node("Reshape", self.node("Transpose", x, perm=[0, 2, 1, 3]), self.integers(0, 0, hidden))

    def attend(self, q: str, k: str, v: str, bias: str, scale: float) -> tuple[str, str]:
        # Scaling the query costs tokens x size, scaling the scores tokens x tokens.
        scores = self.node(
            "MatMul", self.node("Mul", q, self.number(scale)), self.node("Transpose", k, perm=[0, 1, 3, 2])
        )
        attention = self.node("Softmax", self.node("Add", scores, bias), axis=-1)
        return self.node("MatMul", attention, v), attention

    def block_bias(self, blocks: str, masked: float) -> str:
        rows = self.node("Unsqueeze", blocks, self.integers(1, 3))
        columns = self.node("Unsqueeze", blocks, self.integers(1, 2))
        return self.node("Where", self.node("Equal", rows, columns), self.number(0.0), self.number(masked))

    def distances(self, positions: str, reach: int) -> str:
        apart = self.node(
            "Sub",
            self.node("Unsqueeze", positions, self.integers(2)),
            self.node("Unsqueeze", positions, self.integers(1)),
        )
        low, high = (self.weight(f"bound_{n}", np.array(n, np.int64)) for n in (0, 2 * reach))
        return self.node("Clip", self.node("Add", apart, self.integers(reach)), low, high)

    def heads_first(self, x: str) -> str:
        return self.node("Transpose", x, perm=[0, 3, 1, 2])

    def relative(self, x: str, table: np.ndarray, index: str, scale: float, *, transpose: bool) -> str:
        heads = self.model.heads
        rows = table.reshape(-1, heads, self.model.hidden // heads).transpose(1, 2, 0) * np.float32(scale)
        self._count += 1
        scores = self.node("MatMul", x, self.weight(f"relative_{self._count}", rows))
        if transpose:
            index = self.node("Transpose", index, perm=[0, 2, 1])
        index = self.node("Unsqueeze", index, self.integers(1))
        shape = self.node("Concat", self.integers(1, heads, 1, 1), axis=0)
        index = self.node("Expand", index, shape)
        picked = self.node("GatherElements", scores, index, axis=-1)
        return self.node("Transpose", picked, perm=[0, 1, 3, 2]) if transpose else picked


def onnx_module() -> Any:
    """Return the `onnx` package; raises MissingExtraError where it is not installed."""
    try:
        import onnx  # noqa: PLC0415  an extra
        import onnx.checker  # noqa: PLC0415
        import onnx.helper  # noqa: PLC0415
        import onnx.numpy_helper  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("onnx, which describes a model to OpenVINO and ONNX Runtime", "reader") from None
    return onnx


def _public(ops: _OnnxOps, model: Model) -> tuple[str, str, str, str]:
    """Return our four inputs, made of the public ones; one window a row."""
    zeros = ops.node("Mul", "input_ids", ops.integers(0))
    typed = model.uses_types and len(model.weights["embed.type"]) > 1
    # RoBERTa and its kin count tokens alone, wherever padding stands; the others count every place.
    counted = "attention_mask" if model.positions_from else ops.node("Add", zeros, ops.integers(1))
    axis = ops.weight("axis_1", np.array(1, np.int64))
    positions = ops.node("Add", ops.node("CumSum", counted, axis), ops.integers(model.positions_from - 1))
    return "input_ids", "token_type_ids" if typed else zeros, positions, "attention_mask"


def build_onnx(model: Model, *, public: bool = False) -> bytes:
    """Return the model as a serialized ONNX ModelProto.

    Inputs are int64 [rows, tokens]: those of ids, types, positions, blocks that the architecture uses; the output is
    `logits`, float32 [rows, tokens, 2]. With `public` they are those that other consumers expect: input_ids,
    attention_mask and, where the model has more than one token type, token_type_ids [batch_size, sequence_length];
    start_logits and end_logits of the same shape.
    Raises ModelError for models over 2 GiB, which the format cannot hold in one piece.
    """
    size = sum(value.nbytes for value in model.weights.values())
    if size > _MOST_BYTES:
        raise ModelError(
            f"a model of {size / 2**30:.1f} GiB does not fit one ONNX file (2 GiB); use the torch runtime."
        )
    onnx = onnx_module()
    helper, proto = onnx.helper, onnx.TensorProto
    ops = _OnnxOps(model, onnx)
    if public:
        logits = forward(ops, model, *_public(ops, model))
        for at, name in enumerate(PUBLIC_OUTPUTS):
            ops.node("Squeeze", ops.node("Gather", logits, ops.integers(at), axis=2), ops.integers(2), name=name)
    else:
        ops.node("Identity", forward(ops, model, *INPUTS), name="logits")
    axes = ["batch_size", "sequence_length"] if public else ["rows", "tokens"]
    used = {name for node in ops.nodes for name in node.input}
    graph = helper.make_graph(
        ops.nodes,
        f"drystone-{model.family}",
        [
            helper.make_tensor_value_info(n, proto.INT64, axes)
            for n in (PUBLIC_INPUTS if public else INPUTS)
            if n in used
        ],
        [helper.make_tensor_value_info(n, proto.FLOAT, axes) for n in PUBLIC_OUTPUTS]
        if public
        else [helper.make_tensor_value_info("logits", proto.FLOAT, [*axes, 2])],
        list(ops.initializers.values()),
    )
    opset = [helper.make_opsetid("", 17)]
    written: bytes = helper.make_model(
        graph, opset_imports=opset, ir_version=8, producer_name="drystone"
    ).SerializeToString()
    return written
