"""Runs a model in ONNX Runtime on the CPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from drystone.errors import MissingExtraError, ModelError
from drystone.reader.engines.schedule import Batch


def onnxruntime_module() -> Any:
    """Return the `onnxruntime` package; raises MissingExtraError where it is not installed."""
    try:
        import onnxruntime  # noqa: PLC0415  an extra
    except ImportError:
        raise MissingExtraError("ONNX Runtime", "reader") from None
    return onnxruntime


def has_cuda() -> bool:
    """Whether the installed ONNX Runtime computes on NVIDIA's GPUs."""
    return "CUDAExecutionProvider" in onnxruntime_module().get_available_providers()


class OnnxRuntimeEngine:
    """A session; `streams` batches run at once, each on one thread."""

    name = "onnxruntime"
    packs = False

    def __init__(self, source: bytes | Path, precision: str, threads: int, device: str = "cpu") -> None:
        runtime = onnxruntime_module()
        self.precision, self.streams = precision, threads
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Shapes change from batch to batch: memory planned for one of them helps none of the others.
        options.enable_mem_pattern = False
        gpu = [("CUDAExecutionProvider", {"device_id": int(device.partition(":")[2] or 0)})] if device != "cpu" else []
        try:
            self._session = runtime.InferenceSession(
                str(source) if isinstance(source, Path) else source,
                options,
                providers=[*gpu, "CPUExecutionProvider"],
            )
        except Exception as error:  # the runtime's own exceptions share no public base
            raise ModelError(f"ONNX Runtime does not take the model: {error}") from None
        if gpu and self._session.get_providers()[0] != gpu[0][0]:  # it goes on with the processor, and only logs that
            raise ModelError(f"ONNX Runtime does not compute on {device}: it found no GPU of this name, or no CUDA.")
        self._inputs = [port.name for port in self._session.get_inputs()]

    def run(self, batch: Batch) -> np.ndarray:
        """Return float32 logits [rows, tokens, 2]."""
        feed = {name: np.ascontiguousarray(batch.named(name)) for name in self._inputs}
        found: list[np.ndarray] = self._session.run(None, feed)
        return found[0] if len(found) == 1 else np.stack(found, axis=-1)
