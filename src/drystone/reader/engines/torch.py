"""Runs a model in torch, an extra: for machines where neither OpenVINO nor ONNX Runtime installs."""

from __future__ import annotations

import warnings

import numpy as np

from drystone.errors import MissingExtraError, UsageError
from drystone.reader.engines.schedule import Batch
from drystone.reader.model.encoder import forward
from drystone.reader.model.families import Model

try:
    import torch

    from drystone.reader.model.torch_ops import TorchOps
except ImportError:
    raise MissingExtraError("torch", "train") from None


def has_device(name: str) -> bool:
    """Whether the installed torch computes on a GPU of this name."""
    return torch.cuda.is_available() and int(name.partition(":")[2] or 0) < torch.cuda.device_count()


class TorchEngine:
    """A model's weights as tensors; `streams` batches at a time, each on one of torch's threads."""

    name = "torch"
    packs = False

    def __init__(self, model: Model, precision: str, threads: int, device: str = "cpu") -> None:
        self.precision, self._device = precision, device
        self.streams = threads
        kind = torch.bfloat16 if precision == "bf16" else torch.float32
        weights = {
            name: torch.from_numpy(np.ascontiguousarray(value)).to(device, kind)
            for name, value in model.weights.items()
        }
        self._model = model
        self._ops: TorchOps = _Int8Ops(weights) if precision == "int8" else TorchOps(weights)

    def run(self, batch: Batch) -> np.ndarray:
        """Return float32 logits [rows, tokens, 2]."""
        given = (batch.ids, batch.types, batch.positions, batch.blocks)
        ids, types, positions, blocks = (torch.tensor(part, device=self._device) for part in given)
        before = torch.get_num_threads()
        torch.set_num_threads(1)  # of this thread: OpenMP and MKL keep it so
        try:
            with torch.inference_mode():
                logits: np.ndarray = (
                    forward(self._ops, self._model, ids, types, positions, blocks).float().cpu().numpy()
                )
        finally:
            torch.set_num_threads(before)
        return logits


class _Int8Ops(TorchOps):
    """Linear layers in int8: weights per output channel, activations per batch (torch's dynamic quantization)."""

    def __init__(self, weights: dict[str, torch.Tensor]) -> None:
        super().__init__(weights)
        if torch.backends.quantized.engine == "none":
            raise UsageError("precision: this torch has no int8 kernels for this processor; use fp32.")
        self._packed: dict[tuple[str, str | None], object] = {}
        for name in [n for n in weights if n.endswith(".w") and n != "head.w"]:
            bias = f"{name[:-1]}b"
            self._packed[name, bias if bias in weights else None] = self._pack(weights[name].T, weights.get(bias))

    @staticmethod
    def _pack(weight: torch.Tensor, bias: torch.Tensor | None) -> object:
        scales = weight.abs().amax(1).clamp(min=1e-12) / 127
        zeros = torch.zeros(len(scales), dtype=torch.int64)
        with warnings.catch_warnings():  # torch announces the removal of these types; 2.13, which is pinned, has them
            warnings.simplefilter("ignore", UserWarning)
            packed = torch.quantize_per_channel(weight.contiguous(), scales, zeros, 0, torch.qint8)
        return torch.ops.quantized.linear_prepack(packed, bias)

    def linear(self, x: torch.Tensor, w: str, b: str | None) -> torch.Tensor:
        packed = self._packed.get((w, b))
        if packed is None:
            return super().linear(x, w, b)
        # reduce_range keeps u8 x s8 sums within 16 bits, which processors without VNNI need.
        result: torch.Tensor = torch.ops.quantized.linear_dynamic(x, packed, reduce_range=True)
        return result
