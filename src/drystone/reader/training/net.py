"""A model's weights under training: one flat vector, the loss of rows, and gradients of several parts at once.

It knows nothing of schedules, files or text; it imports torch, an extra.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from drystone import processor
from drystone.errors import UsageError
from drystone.reader.model.encoder import Trace, forward
from drystone.reader.model.families import Model
from drystone.reader.model.torch_ops import TorchOps
from drystone.reader.training.batches import Rows

#: LoRA's scale: alpha is twice the rank (Hu et al. 2021 keep alpha / rank constant).
_LORA_SCALE = 2.0
#: What a logit becomes where no span may begin or end.
_OUT = -1e4


@dataclass(frozen=True)
class Inputs:
    """Rows as tensors on the device."""

    ids: Tensor
    types: Tensor
    positions: Tensor
    blocks: Tensor
    valid: Tensor
    starts: Tensor
    ends: Tensor
    rows: Rows


#: (logits [rows, tokens, 2] with `_OUT` where nothing may begin or end, what the pass left, rows) -> sum of losses.
Objective = Callable[[Tensor, Trace | None, Inputs], Tensor]


def hard_labels(logits: Tensor, trace: Trace | None, inputs: Inputs) -> Tensor:
    """Return the sum over rows of the mean cross-entropy of start and end."""
    entropy = functional.cross_entropy
    starts = entropy(logits[:, :, 0], inputs.starts, reduction="sum")
    ends = entropy(logits[:, :, 1], inputs.ends, reduction="sum")
    return (starts + ends) / 2


def masked(logits: Tensor, inputs: Inputs) -> Tensor:
    """Return logits [rows, tokens, 2] in float32, with `_OUT` where no span may begin or end."""
    found: Tensor = logits.float().masked_fill((inputs.valid == 0)[:, :, None], _OUT)
    return found


class Rounded:
    """A matrix [outputs, inputs] in int8, once with a scale for each output and once with one for each input."""

    def __init__(self, matrix: Tensor) -> None:
        rows, self.scale = _round(matrix)
        columns, self.back_scale = _round(matrix.T)
        self.forth, self.back = rows.T.contiguous(), columns.T.contiguous()


def _round(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return [rows, features] as int8 from -127 to 127, and what each row is to be multiplied by [rows]."""
    # Several times as quick on a processor as aminmax, or the norm.
    top = torch.maximum(x.amax(-1), x.amin(-1).neg_()).clamp_min_(1e-30)
    return (x * (127 / top)[:, None]).round_().to(torch.int8), top / 127


class _RoundedProduct(torch.autograd.Function):
    """x times a matrix that stays as it is, forward and backward in int8 with a scale for each row (SwitchBack,
    Wortsman et al. 2023)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, rows: tuple[Tensor, Tensor], matrix: Rounded, bias: Tensor) -> Tensor:
        ctx.matrix = matrix
        return _product(rows, matrix.forth, matrix.scale).add_(bias).view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        (gradient,) = gradients
        rows = _round(gradient.reshape(-1, gradient.shape[-1]))
        found = _product(rows, ctx.matrix.back, ctx.matrix.back_scale)
        return found.view(*gradient.shape[:-1], -1), None, None, None


def _product(rows: tuple[Tensor, Tensor], matrix: Tensor, scale: Tensor) -> Tensor:
    return torch._int_mm(rows[0], matrix).float().mul_(rows[1][:, None]).mul_(scale)


class TrainOps(TorchOps):
    """The encoder's operations over matrices as outputs by inputs, with LoRA's low-rank additions where there are some.

    `keeps` returns attention weights as well; matrices in `rounded` are multiplied in int8.
    """

    def __init__(
        self, weights: dict[str, Tensor], *, keeps: bool = False, rounded: Mapping[str, Rounded] | None = None
    ) -> None:
        super().__init__(weights)
        self._keeps = keeps
        self._rounded = rounded or {}
        self._last: tuple[Tensor, tuple[Tensor, Tensor]] | None = None  # query, key and value have the same input

    def take(self, table: Tensor, ids: Tensor) -> Tensor:
        return functional.embedding(ids, table)

    def linear(self, x: Tensor, w: str, b: str | None) -> Tensor:
        if w in self._rounded and b:
            if self._last is None or self._last[0] is not x:
                self._last = x, _round(x.detach().reshape(-1, x.shape[-1]))
            y: Tensor = _RoundedProduct.apply(  # type: ignore[no-untyped-call]
                x, self._last[1], self._rounded[w], self._weights[b]
            )
        else:
            y = functional.linear(x, self._weights[w], None if b is None else self._weights[b])
        down = self._weights.get(f"{w}.lora_a")
        if down is None:
            return y
        few = functional.linear(x, down).flatten(0, 1)
        more = torch.addmm(y.flatten(0, 1), few, self._weights[f"{w}.lora_b"].T, alpha=_LORA_SCALE)
        return more.view(y.shape)

    def attend(self, q: Tensor, k: Tensor, v: Tensor, bias: Tensor, scale: float) -> tuple[Tensor, Any]:
        # torch's fused attention takes five times as long in bfloat16 on a processor, most of it backwards.
        slow = q.dtype == torch.bfloat16 and q.device.type == "cpu"
        if not (self._keeps or slow):
            return super().attend(q, k, v, bias, scale)
        weights = torch.softmax((q * scale) @ k.transpose(-1, -2) + bias.to(q.dtype), -1)
        return weights @ v, weights if self._keeps else None


class Net:
    """Trained weights live in `flat`, matrices first (`decayed` numbers of them, to which weight decay applies).

    `frozen_layers` lower layers and the embeddings below them stay as they are; word embeddings do unless
    `train_words`. With `lora` (a rank), only low-rank additions to the layers' matrices and the head are trained.
    With `int8` the layers' matrices that stay as they are are multiplied in int8.
    """

    def __init__(
        self,
        model: Model,
        *,
        train_words: bool = False,
        frozen_layers: int = 0,
        lora: int = 0,
        seed: int = 0,
        device: str = "cpu",
        bf16: bool = False,
        int8: bool = False,
        trace: bool = False,
        attention: bool = False,
        objective: Objective = hard_labels,
    ) -> None:
        if not 0 <= frozen_layers <= model.layers:
            raise UsageError(f"frozen_layers: must be from 0 to the model's {model.layers}, not {frozen_layers}.")
        if lora < 0 or lora >= model.hidden:
            raise UsageError(f"lora: a rank must be from 1 to {model.hidden - 1} (0 is none), not {lora}.")
        self.model, self.device, self.bf16 = model, torch.device(device), bf16
        self._objective, self._trace, self._attention = objective, trace, attention
        values = {name: value.T if name.endswith(".w") else value for name, value in model.weights.items()}
        chosen = [n for n in values if _is_trained(n, train_words, frozen_layers, lora)]
        if lora:
            random = np.random.default_rng([seed, 3])
            for name in [n for n in values if n.startswith("layer.") and n.endswith(".w")]:
                if int(name.split(".")[1]) >= frozen_layers:
                    outputs, inputs = values[name].shape
                    values[f"{name}.lora_a"] = random.normal(0, inputs**-0.5, (lora, inputs)).astype(np.float32)
                    values[f"{name}.lora_b"] = np.zeros((outputs, lora), np.float32)
                    chosen += [f"{name}.lora_a", f"{name}.lora_b"]
        chosen.sort(key=lambda n: values[n].ndim == 1)  # stable: matrices, then vectors
        self.names = tuple(chosen)
        self.shapes = [values[n].shape for n in chosen]
        self.decayed = sum(values[n].size for n in chosen if values[n].ndim > 1)
        self.flat = torch.from_numpy(np.concatenate([values[n].reshape(-1) for n in chosen])).to(self.device)
        # Leaves share the vector's memory: an optimizer that steps on the vector steps on all of them.
        self._leaves = [part.requires_grad_() for part in self._views(self.flat)]
        self._weights = {
            n: torch.from_numpy(np.ascontiguousarray(v)).to(self.device) for n, v in values.items() if n not in chosen
        }
        self._rounded = {
            n: Rounded(v) for n, v in self._weights.items() if int8 and n.startswith("layer.") and n.endswith(".w")
        }
        self._weights |= dict(zip(chosen, self._leaves, strict=True))

    def _views(self, flat: Tensor) -> list[Tensor]:
        edges = np.cumsum([0, *(math.prod(shape) for shape in self.shapes)]).tolist()
        return [flat[a:b].detach().view(s) for a, b, s in zip(edges, edges[1:], self.shapes, strict=False)]

    def inputs(self, rows: Rows) -> Inputs:
        """Return rows as tensors on the device."""
        names = ("ids", "types", "positions", "blocks", "valid", "starts", "ends")
        return Inputs(**{n: torch.tensor(getattr(rows, n), device=self.device) for n in names}, rows=rows)

    def logits(self, inputs: Inputs) -> tuple[Tensor, Trace | None]:
        """Return float32 logits [rows, tokens, 2] and what the objective asked to keep of the pass."""
        trace = Trace() if self._trace or self._attention else None
        ops = TrainOps(self._weights, keeps=self._attention, rounded=self._rounded)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            found = forward(ops, self.model, inputs.ids, inputs.types, inputs.positions, inputs.blocks, trace)
        return masked(found, inputs), trace

    def gradients(self, rows: Rows) -> tuple[float, tuple[Tensor, ...]]:
        """Return the sum of the rows' losses and its gradient for each trained weight; safe from several threads."""
        inputs = self.inputs(rows)
        with torch.enable_grad():
            logits, trace = self.logits(inputs)
            loss = self._objective(logits, trace, inputs)
            return float(loss.detach()), torch.autograd.grad(loss, self._leaves)

    def collect(self, parts: Sequence[tuple[float, tuple[Tensor, ...]]], into: Tensor) -> float:
        """Add the parts' gradients up in their order, into a flat vector; return the sum of losses."""
        if not parts:
            into.zero_()
        views = self._views(into)
        for number, (_, gradients) in enumerate(parts):
            if number:
                torch._foreach_add_(views, list(gradients))
            else:
                torch._foreach_copy_(views, list(gradients))
        return sum(loss for loss, _ in parts)

    def values(self, flat: Tensor | None = None) -> dict[str, np.ndarray]:
        """Return every weight of the model under its name, LoRA merged, trained ones from `flat` (default: now)."""
        source = self.flat if flat is None else flat
        found = {n: v.detach().float().cpu().numpy() for n, v in self._weights.items() if ".lora_" not in n}
        trained = dict(zip(self.names, (v.float().cpu().numpy() for v in self._views(source)), strict=True))
        for name, value in trained.items():
            if name.endswith(".lora_a"):
                w = name.removesuffix(".lora_a")
                found[w] = found[w] + trained[f"{w}.lora_b"] @ value * np.float32(_LORA_SCALE)
            elif not name.endswith(".lora_b"):
                found[name] = value
        return {n: v.T if n.endswith(".w") else v for n, v in found.items()}


def _is_trained(name: str, train_words: bool, frozen_layers: int, lora: int) -> bool:
    if name.startswith("head."):
        return True
    if lora or name.startswith("relative."):  # torch's fused attention gives a bias no gradient
        return False
    if name.startswith("embed."):
        return not frozen_layers and (train_words or name != "embed.word")
    return int(name.split(".")[1]) >= frozen_layers


class Lanes:
    """Computes several parts of a step at once, each on threads of its own.

    On a processor this beats giving all threads to one part: no operation waits for another core.
    """

    def __init__(self, net: Net, count: int, threads: int) -> None:
        self._net = net
        self._threads = max(1, threads // max(1, count))
        self._pool = None
        if count > 1 and net.device.type == "cpu":
            self._pool = ThreadPoolExecutor(count, "drystone-train", self._begin)

    def _begin(self) -> None:
        torch.set_num_threads(self._threads)  # OpenMP keeps this per thread

    def gradients(self, parts: Sequence[Rows]) -> list[tuple[float, tuple[Tensor, ...]]]:
        """Return each part's loss and gradients, in their order."""
        if self._pool is None:
            return [self._net.gradients(rows) for rows in parts]
        return list(self._pool.map(self._net.gradients, parts))

    def close(self) -> None:
        """Stop the threads."""
        if self._pool:
            self._pool.shutdown()


def choose_device(device: str) -> str:
    """Return the device for `auto`: a GPU where there is one. Raises UsageError for one that is not there."""
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise UsageError(f"device: {device!r} cannot be used here ({str(error).splitlines()[0]}).") from None
    return device


def choose_bf16(device: str, precision: str) -> bool:
    """Return whether to multiply in bfloat16; for `auto`, where the device does so in hardware and is quicker by it."""
    if precision not in {"auto", "fp32", "bf16", "int8"}:
        raise UsageError(f"precision: must be auto, fp32, bf16 or int8, not {precision!r}.")
    if precision != "auto":
        return precision == "bf16"
    if device.startswith("cuda"):
        return bool(torch.cuda.is_bf16_supported())
    return processor.has_bf16() and _seconds(bf16=True) < _seconds(bf16=False)


def _seconds(*, bf16: bool) -> float:
    """Return the processor time of a product as training has them, forward and backward, the best of some.

    Processors have bfloat16 that are slower in it: single precision is multiplied at full width there.
    """
    x, weight = torch.ones(2304, 384, requires_grad=True), torch.ones(1536, 384, requires_grad=True)
    best = math.inf
    for _ in range(3):
        start = time.process_time()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            product = functional.gelu(functional.linear(x, weight)).sum()
        torch.autograd.grad(product, (x, weight))
        best = min(best, time.process_time() - start)
    return best
