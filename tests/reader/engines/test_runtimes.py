"""Precisions and the choice among them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from drystone.errors import ModelError, UsageError
from drystone.reader import Reader
from drystone.reader.engines.packed import variants
from drystone.reader.engines.runtimes import choose, has_bf16
from drystone.reader.model.families import Model
from drystone.reader.model.onnx_graph import build_onnx
from drystone.reader.spans.windows import Window


def test_auto_measures_and_says_what_it_chose(parts: tuple[Model, list[Window]]) -> None:
    pytest.importorskip("onnxruntime")
    model, windows = parts
    chosen = choose(model, windows[:6], runtime="onnxruntime", precision="auto", threads=1)
    assert chosen.engine.precision in {"fp32", "int8"}
    assert "the fastest that agrees with fp32" in chosen.reason
    assert "onnxruntime fp32" in chosen.reason
    assert "ms a window, agreement" in chosen.reason


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_a_gpu_that_onnxruntime_passes_over_is_an_error(parts: tuple[Model, list[Window]]) -> None:
    pytest.importorskip("onnxruntime")
    from drystone.reader.engines.onnxruntime import OnnxRuntimeEngine

    with pytest.raises(ModelError, match=r"ONNX Runtime does not compute on cuda:999"):
        OnnxRuntimeEngine(build_onnx(parts[0]), "fp32", 1, "cuda:999")


def test_fast_is_int8_in_our_kernel_where_that_computes_the_model_else_fp32(checkpoints: dict[str, Path]) -> None:
    if not set(variants()) - {"plain"}:
        pytest.skip("the kernel has no vectors here")
    chosen = Reader.load(checkpoints["distilbert"], precision="fast").engine
    assert (chosen.name, chosen.precision) == ("packed", "int8")
    other = Reader.load(checkpoints["deberta-v2"], precision="fast").engine
    assert (other.name == "packed", other.precision) == (False, "fp32")
    pytest.importorskip("onnxruntime")
    named = Reader.load(checkpoints["distilbert"], precision="fast", runtime="onnxruntime").engine
    assert (named.name, named.precision) == ("onnxruntime", "fp32")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"runtime": "tensorrt"}, "runtime: 'tensorrt' is not one of"),
        ({"precision": "fp8"}, "precision: 'fp8' is not one of"),
        ({"threads": 0}, "threads: must be an integer"),
        ({"threads": True}, "threads: must be an integer"),
        ({"threads": float("nan")}, "threads: must be an integer"),
        ({"runtime": "onnxruntime", "precision": "bf16"}, "precision: "),
    ],
)
def test_impossible_requests_are_named(checkpoints: dict[str, Path], options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Reader.load(checkpoints["distilbert"], **options)


def test_bf16_is_refused_where_the_processor_lacks_it(checkpoints: dict[str, Path]) -> None:
    pytest.importorskip("openvino")
    if has_bf16():
        assert Reader.load(checkpoints["distilbert"], runtime="openvino", precision="bf16").engine.precision == "bf16"
    else:
        with pytest.raises(UsageError, match="no bfloat16"):
            Reader.load(checkpoints["distilbert"], runtime="openvino", precision="bf16")


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime", "torch"])
def test_as_many_threads_work_as_were_asked_for(runtime: str, checkpoints: dict[str, Path]) -> None:
    pytest.importorskip(runtime)
    reader = Reader.load(checkpoints["distilbert"], runtime=runtime, threads=1)
    pairs = [("What is returned?", "The class returns a list of values. " * 40)] * 30
    list(reader.stream(pairs))
    wall, process = time.perf_counter(), time.process_time()
    list(reader.stream(pairs))
    assert time.process_time() - process < 1.2 * (time.perf_counter() - wall) + 0.1


#: faulthandler's handlers want the thread's own stack for signals, as those of Go's runtime do.
_SIGNALLED = """
import faulthandler, os, signal, sys
from drystone.reader import Reader

faulthandler.enable()
faulthandler.register(signal.SIGUSR1)
readers = [Reader.load(sys.argv[1], runtime="openvino", precision=precision) for precision in sys.argv[2:]]
while readers:
    readers.pop(0).answer("What?", "This.")
os.kill(os.getpid(), signal.SIGUSR1)
print("alive")
"""


@pytest.mark.slow
@pytest.mark.parametrize("precisions", [["fp32", "fp32"], ["int8", "fp32", "int8"]], ids="-".join)
def test_a_process_whose_readers_came_and_went_lives_through_a_signal(
    checkpoints: dict[str, Path], tmp_path: Path, precisions: list[str]
) -> None:
    pytest.importorskip("openvino", reason="needs OpenVINO")
    if "int8" in precisions:
        pytest.importorskip("nncf", reason="int8 in OpenVINO needs the extra `quantize`")
    command = [sys.executable, "-c", _SIGNALLED, checkpoints["bert"], *precisions]
    environment = os.environ | {"DRYSTONE_HOME": str(tmp_path)}
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300, env=environment)
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr or signal.Signals(-done.returncode)
