"""Chooses a runtime and a precision for a model, and builds its engine; measures where it is asked to choose.

It knows nothing of questions beyond the windows it is given to measure and calibrate on.
"""

from __future__ import annotations

import importlib.util
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from drystone import processor
from drystone.errors import ModelError, UsageError
from drystone.reader.engines.onnxruntime import OnnxRuntimeEngine, has_cuda
from drystone.reader.engines.openvino import OpenVinoEngine, openvino_core
from drystone.reader.engines.packed import PackedEngine, unsupported, variants
from drystone.reader.engines.quantize import quantized_onnx, quantized_openvino
from drystone.reader.engines.schedule import Batch, InferenceEngine, collate
from drystone.reader.model.families import Model
from drystone.reader.model.onnx_graph import build_onnx
from drystone.reader.spans.windows import Window

RUNTIMES = ("openvino", "onnxruntime", "packed", "torch")
PRECISIONS = ("fp32", "bf16", "int8")
#: With precision="auto" a faster precision is taken only where it keeps the best span of this share of windows.
AGREEMENT = 0.95


@dataclass(frozen=True)
class ChosenEngine:
    """An engine, in words why this one, and what builds the same again, as a process that was forked must."""

    engine: InferenceEngine
    reason: str
    again: Callable[[], InferenceEngine]


def default_runtime() -> str:
    """Return the first installed runtime of OpenVINO, ONNX Runtime, torch."""
    for name in ("openvino", "onnxruntime", "torch"):
        if importlib.util.find_spec(name):
            return name
    raise UsageError("no runtime is installed. Install one with: pip install 'drystone[reader]'")


def has_bf16() -> bool:
    """Whether this processor multiplies bfloat16 in hardware."""
    if importlib.util.find_spec("openvino"):
        return "BF16" in openvino_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return processor.has_bf16()


def choose(
    model: Model,
    windows: Sequence[Window],
    *,
    runtime: str = "auto",
    precision: str = "fp32",
    threads: int | None = None,
    device: str = "cpu",
) -> ChosenEngine:
    """Return an engine for `runtime` and `precision`; with precision "auto", the fastest that still agrees with fp32.

    "auto" measures every precision this processor and installation offer on `windows` (at least 4), and takes the one
    with the least time whose best start and end are fp32's own in 95 % of the windows. "fast" measures nothing: int8 in
    our own kernel where that computes the model with this processor's vectors, else fp32. Raises UsageError for unknown
    names or a precision that the processor lacks, MissingExtraError for what is not installed.
    """
    if runtime not in (*RUNTIMES, "auto"):
        raise UsageError(f"runtime: {runtime!r} is not one of auto, {', '.join(RUNTIMES)}.")
    if precision not in (*PRECISIONS, "auto", "fast"):
        raise UsageError(f"precision: {precision!r} is not one of auto, fast, {', '.join(PRECISIONS)}.")
    if threads is not None and (isinstance(threads, bool) or not isinstance(threads, int) or not 1 <= threads <= 1024):
        raise UsageError(f"threads: must be an integer from 1 to 1024, not {threads!r}.")
    if device != "cpu":
        return _on_gpu(model, runtime, precision, threads or 1, device)
    threads = threads or processor.count()
    if precision == "auto":
        return _measure(model, _candidates(runtime), threads, windows)
    if precision == "fast":
        precision = "fp32"
        if runtime in {"auto", "packed"} and set(variants()) - {"plain"} and unsupported(model) is None:
            runtime, precision = "packed", "int8"
    if runtime == "auto":
        runtime = _fastest(model, precision)
    again = partial(build_engine, model, runtime, precision, threads, windows)
    return ChosenEngine(again(), f"{runtime} {precision}: as asked for", again)


def _on_gpu(model: Model, runtime: str, precision: str, threads: int, device: str) -> ChosenEngine:
    """Return an engine on a GPU, by torch or else ONNX Runtime; raises UsageError where neither can."""
    if not re.fullmatch(r"cuda(:\d{1,3})?", device):
        raise UsageError(f"device: {device!r} is not one of cpu, cuda, cuda:N.")
    if runtime not in ("auto", "torch", "onnxruntime") or precision not in ("fp32", "bf16", "auto", "fast"):
        raise UsageError(f"device: {device} is for the runtimes torch and onnxruntime, in fp32 or (torch) bf16.")
    precision = "bf16" if precision == "bf16" else "fp32"
    tried = []
    if runtime != "onnxruntime" and importlib.util.find_spec("torch"):
        from drystone.reader.engines.torch import TorchEngine, has_device  # noqa: PLC0415  torch is an extra

        if has_device(device):
            again = partial(TorchEngine, model, precision, threads, device)
            return ChosenEngine(again(), f"torch {precision} on {device}: as asked for", again)
        tried.append("this torch has no such device")
    if runtime != "torch" and precision == "fp32" and importlib.util.find_spec("onnxruntime"):
        if has_cuda():
            build = partial(OnnxRuntimeEngine, build_onnx(model), precision, threads, device)
            return ChosenEngine(build(), f"onnxruntime fp32 on {device}: as asked for", build)
        tried.append("this ONNX Runtime computes on no GPU (onnxruntime-gpu does)")
    raise UsageError(f"device: {device} cannot be used: {'; '.join(tried) or 'torch is not installed'}.")


def _fastest(model: Model, precision: str) -> str:
    """Return the runtime that measured fastest on processors like this one (docs/reader.md, "Figures")."""
    fast = "avx2" in variants()  # the plain variant is not, and those of other processors have not been measured
    ours = {
        "fp32": fast and not processor.has_avx512(),
        "bf16": False,
        # Elsewhere OpenVINO has instructions that the kernel does not use: AMX, or VNNI without AVX-512.
        "int8": fast and (not processor.has_vnni() or ("avx512-vnni" in variants() and not processor.has_amx())),
    }
    if ours[precision] and unsupported(model) is None:
        return "packed"
    if precision == "int8" and not processor.has_vnni() and importlib.util.find_spec("onnxruntime"):
        return "onnxruntime"
    return default_runtime()


def build_engine(
    model: Model, runtime: str, precision: str, threads: int, windows: Sequence[Window]
) -> InferenceEngine:
    """Return the model in one runtime and precision; `windows` calibrate OpenVINO's int8."""
    if precision == "bf16" and not has_bf16():
        raise UsageError("precision: this processor has no bfloat16 arithmetic; use fp32 or int8.")
    if runtime == "torch":
        from drystone.reader.engines.torch import TorchEngine  # noqa: PLC0415  torch is an extra

        return TorchEngine(model, precision, threads)
    if runtime == "packed":
        if precision == "bf16":
            raise UsageError("precision: the packed runtime computes fp32 and int8, not bf16.")
        return PackedEngine(model, precision, threads)
    if runtime == "openvino":
        if precision == "int8":
            return OpenVinoEngine(quantized_openvino(model, _single(model, windows)), precision, threads)
        return OpenVinoEngine(build_onnx(model), precision, threads)
    if precision == "bf16":
        raise UsageError("precision: ONNX Runtime computes no bf16 on CPUs; use fp32 or int8, or the openvino runtime.")
    return OnnxRuntimeEngine(quantized_onnx(model) if precision == "int8" else build_onnx(model), precision, threads)


def _single(model: Model, windows: Sequence[Window]) -> list[Batch]:
    return [collate([window], model.positions_from, model.max_tokens) for window in windows]


def _candidates(runtime: str) -> list[tuple[str, str]]:
    """Return what to measure: fp32 first, as the truth; where no runtime is named, what others may do faster too."""
    first = default_runtime() if runtime == "auto" else runtime
    found = [(first, precision) for precision in PRECISIONS]
    if runtime == "auto":
        found += [("packed", "fp32"), ("packed", "int8")]
        if first == "openvino" and importlib.util.find_spec("onnxruntime"):
            found.append(("onnxruntime", "int8"))
    return found


def _measure(model: Model, candidates: list[tuple[str, str]], threads: int, windows: Sequence[Window]) -> ChosenEngine:
    batches = _single(model, windows)
    tried: list[tuple[float, str, InferenceEngine, float]] = []
    truth: list[np.ndarray] = []
    notes = []
    for runtime, precision in candidates:
        name = f"{runtime} {precision}"
        try:
            engine = build_engine(model, runtime, precision, threads, windows)
        except (UsageError, ModelError) as error:
            notes.append(f"{name} left out ({str(error).removeprefix('precision: ').rstrip('.')})")
            continue
        logits = [engine.run(batch) for batch in batches]  # also warms the shapes
        truth = truth or logits
        agreement = float(np.mean([_same_span(a, b) for a, b in zip(truth, logits, strict=True)]))
        seconds = min(_seconds(engine, batches) for _ in range(3)) / len(batches)
        tried.append((seconds, name, engine, agreement))
        notes.append(f"{name} {seconds * 1e3:.1f} ms a window, agreement {agreement:.0%}")
    good = [entry for entry in tried if entry[3] >= AGREEMENT]
    _, name, engine, _ = min(good, key=lambda entry: entry[0])
    again = partial(build_engine, model, engine.name, engine.precision, threads, windows)
    return ChosenEngine(engine, f"{name}: the fastest that agrees with fp32 ({'; '.join(notes)})", again)


def _same_span(a: np.ndarray, b: np.ndarray) -> bool:
    return bool((a.argmax(1) == b.argmax(1)).all())


def _seconds(engine: InferenceEngine, batches: Sequence[Batch]) -> float:
    begin = time.perf_counter()
    for batch in batches:
        engine.run(batch)
    return time.perf_counter() - begin
