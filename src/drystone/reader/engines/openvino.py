"""Runs a model in OpenVINO on the CPU, one request a stream."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np

from drystone.errors import MissingExtraError, ModelError
from drystone.reader.schedule import Batch

#: OpenVINO's Python binding sets itself up in a process's first inference, in a way in which two threads at once wait
#: for each other for ever: one holds Python's lock, the other C++'s. The first inference is alone.
_FIRST = threading.Lock()
_done: list[bool] = []


def openvino_module() -> Any:
    """Return the `openvino` package; raises MissingExtraError where it is not installed."""
    try:
        import openvino  # noqa: PLC0415  an extra
    except ImportError:
        raise MissingExtraError("OpenVINO", "reader") from None
    return openvino


class OpenVinoEngine:
    """A compiled model; `streams` batches run at once, each on one thread."""

    name = "openvino"
    packs = False

    def __init__(self, source: bytes | Path, precision: str, threads: int) -> None:
        openvino = openvino_module()
        self.precision, self.streams = precision, threads
        core = openvino.Core()
        settings = {
            "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
            "NUM_STREAMS": str(threads),
            "INFERENCE_NUM_THREADS": threads,
            "ENABLE_CPU_PINNING": False,
        }
        try:
            model = core.read_model(source)
            self._compiled = core.compile_model(model, "CPU", settings)
        except RuntimeError as error:
            raise ModelError(f"OpenVINO does not take the model: {str(error).strip().splitlines()[-1]}") from None
        self._inputs = [port.get_any_name() for port in self._compiled.inputs]
        self._local = threading.local()

    def run(self, batch: Batch) -> np.ndarray:
        """Return float32 logits [rows, tokens, 2]."""
        request = getattr(self._local, "request", None)
        if request is None:
            request = self._local.request = self._compiled.create_infer_request()
        given = {name: getattr(batch, name) for name in self._inputs}
        if _done:
            request.infer(given, share_inputs=True)
        else:
            with _FIRST:
                request.infer(given, share_inputs=True)
                _done.append(True)
        logits: np.ndarray = request.get_output_tensor(0).data
        return logits.astype(np.float32, copy=True)
