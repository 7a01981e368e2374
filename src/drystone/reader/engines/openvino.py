"""Runs a model in OpenVINO on the CPU, one request a stream."""

from __future__ import annotations

import ctypes
import os
import threading
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakSet

import numpy as np

from drystone.errors import MissingExtraError, ModelError
from drystone.reader.engines.schedule import Batch

#: OpenVINO's Python binding sets itself up in a process's first inference, in a way in which two threads at once wait
#: for each other for ever: one holds Python's lock, the other C++'s. The first inference is alone.
_FIRST = threading.Lock()
_done = threading.Event()
_core_lock = threading.Lock()
#: All engines of this process, for what a fork does with them.
_engines: WeakSet[OpenVinoEngine] = WeakSet()


def _after_fork() -> None:
    """Make a process that was forked safe: its locks are free, and what is left of compiled models is never taken down.

    A compiled model joins its threads when it goes, and a fork has none of them: it would wait for ever.
    """
    global _FIRST, _core_lock
    _FIRST, _core_lock = threading.Lock(), threading.Lock()
    for engine in _engines:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(engine.compiled))
    _engines.clear()


os.register_at_fork(after_in_child=_after_fork)


def openvino_module() -> Any:
    """Return the `openvino` package; raises MissingExtraError where it is not installed."""
    try:
        import openvino  # noqa: PLC0415  an extra
    except ImportError:
        raise MissingExtraError("OpenVINO", "reader") from None
    return openvino


def openvino_core() -> Any:
    """Return the process's one `openvino.Core`; raises MissingExtraError where OpenVINO is not installed.

    A core's CPU plugin gives the thread a stack of its own for signal handlers and unmaps it when the core goes. Where
    two cores go in the order in which they came, the thread is left with a stack that is no longer there, and the next
    signal that wants it ends the process without a word. This one stays.
    """
    with _core_lock:  # or two threads at once would have a core each
        return _core()


@cache
def _core() -> Any:
    return openvino_module().Core()


class OpenVinoEngine:
    """A compiled model; `streams` batches run at once, each on one thread."""

    name = "openvino"
    packs = False

    def __init__(self, source: bytes | Path, precision: str, threads: int) -> None:
        core = openvino_core()
        self.precision, self.streams = precision, threads
        settings = {
            "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
            "NUM_STREAMS": str(threads),
            "INFERENCE_NUM_THREADS": threads,
            "ENABLE_CPU_PINNING": False,
        }
        try:
            model = core.read_model(source)
            self.compiled = core.compile_model(model, "CPU", settings)
        except RuntimeError as error:
            raise ModelError(f"OpenVINO does not take the model: {str(error).strip().splitlines()[-1]}") from None
        self._inputs = [port.get_any_name() for port in self.compiled.inputs]
        self._outputs = len(self.compiled.outputs)
        self._local = threading.local()
        _engines.add(self)

    def run(self, batch: Batch) -> np.ndarray:
        """Return float32 logits [rows, tokens, 2]."""
        request = getattr(self._local, "request", None)
        if request is None:
            request = self._local.request = self.compiled.create_infer_request()
        given = {name: batch.named(name) for name in self._inputs}
        if _done.is_set():
            request.infer(given, share_inputs=True)
        else:
            with _FIRST:
                request.infer(given, share_inputs=True)
                _done.set()
        found = [request.get_output_tensor(at).data.astype(np.float32, copy=True) for at in range(self._outputs)]
        return found[0] if len(found) == 1 else np.stack(found, axis=-1)
