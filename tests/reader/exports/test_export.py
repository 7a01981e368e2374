"""Exports, each loaded by its own consumer; what was tampered with is found."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.harness import CACHE, peer
from click.testing import CliRunner

from drystone.cli import cli
from drystone.errors import ModelError, UsageError
from drystone.reader import Reader
from drystone.reader.engines.schedule import run
from drystone.reader.exports.export import FORMATS, export, verify
from drystone.reader.spans.windows import Window

for needed in ("torch", "onnxruntime", "openvino"):
    pytest.importorskip(needed)


TENSORFLOW = ["transformers==4.57.6", "tensorflow-cpu==2.21.0", "tf-keras==2.21.0", "numpy<2.4"]
#: What needs minutes or an environment of its own.
ELSEWHERE = {"openvino-int8", "tensorflow", "tf-h5"}


@pytest.fixture(scope="module")
def exported(checkpoints: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("exports") / "electra"
    formats = [name for name in FORMATS if name not in ELSEWHERE]
    checked = export(checkpoints["electra"], formats, out)
    assert [row["format"] for row in checked] == formats
    return out


def test_every_format_is_checked_again(exported: Path) -> None:
    assert {row["format"] for row in verify(exported)} == set(FORMATS) - ELSEWHERE
    assert all(row["difference"] < 1e-4 for row in verify(exported) if not row["format"].endswith("int8"))


def test_the_folder_is_a_checkpoint_itself(exported: Path, checkpoints: dict[str, Path]) -> None:
    text = "Heaps are arrays for which the first item is the smallest."
    one = Reader.load(exported, threads=1).answer("What?", text)
    assert one == Reader.load(checkpoints["electra"], threads=1).answer("What?", text)


@pytest.mark.slow
def test_int8_of_openvino_is_calibrated_and_kept(
    checkpoints: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("nncf")
    monkeypatch.setenv("DRYSTONE_HOME", str(tmp_path / "home"))
    checked = export(checkpoints["bert"], ["safetensors", "openvino-int8"], tmp_path / "out")
    assert checked[1]["format"] == "openvino-int8"
    assert len(list((tmp_path / "home" / "readers").glob("*.xml"))) == 1


@pytest.mark.slow
def test_transformers_loads_what_was_exported(
    exported: Path, checkpoints: dict[str, Path], oracle: Callable[[str, Path, list[dict[str, Any]]], Any]
) -> None:
    row = [{"ids": list(range(5, 25)), "types": [0] * 20}]
    assert oracle("logits", exported, row) == oracle("logits", checkpoints["electra"], row)


#: What a plain consumer asks: two pairs of different lengths, padded by its own tokenizer.
ASKED = [("What are heaps?", "Heaps are arrays for which the first item is the smallest."), ("Who?", "Nobody.")]


def _padded(folder: Path, *, left: bool = False) -> dict[str, Any]:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    pad = json.loads((folder / "config.json").read_text()).get("pad_token_id", 0)
    tokenizer.enable_padding(direction="left" if left else "right", pad_id=pad)
    rows = tokenizer.encode_batch(ASKED)
    columns = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}
    return {name: np.array([getattr(row, field) for row in rows], np.int64) for name, field in columns.items()}


@pytest.mark.parametrize("family", ["bert", "roberta", "deberta-v2"])
def test_a_plain_consumer_gets_start_and_end_logits_by_the_usual_names(
    family: str, checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    import onnxruntime
    import openvino

    out = tmp_path / "out"
    export(checkpoints[family], ["safetensors", "onnx", "onnx-int8", "openvino"], out)
    reader = Reader.load(out, runtime="onnxruntime", threads=1)
    expected = [run(reader.engine, [w], reader.model.positions_from, 512) for w in _windows(reader)]
    truth = [next(each)[1] for each in expected]
    typed = family != "roberta"
    names = ["input_ids", "attention_mask", *(["token_type_ids"] if family == "bert" else [])]
    given = _padded(out)
    for path in ("onnx/model.onnx", "onnx/model_quantized.onnx"):
        session = onnxruntime.InferenceSession(out / path)
        assert [port.name for port in session.get_inputs()] == names
        assert [port.name for port in session.get_outputs()] == ["start_logits", "end_logits"]
        assert session.get_inputs()[0].shape == ["batch_size", "sequence_length"]
        start, end = session.run(None, {name: given[name] for name in names})
        for row, logits in enumerate(truth):
            close = 1e-4 if path.endswith("model.onnx") else 1.0
            np.testing.assert_allclose(start[row, : len(logits)], logits[:, 0], atol=close)
            np.testing.assert_allclose(end[row, : len(logits)], logits[:, 1], atol=close)
    if family == "roberta":  # whose positions do not count padding, wherever it stands
        left = _padded(out, left=True)
        start, _ = onnxruntime.InferenceSession(out / "onnx/model.onnx").run(None, {n: left[n] for n in names})
        np.testing.assert_allclose(start[1, -len(truth[1]) :], truth[1][:, 0], atol=1e-4)
    graph = openvino.Core().read_model(out / "openvino_model.xml")
    assert [port.get_any_name() for port in graph.inputs] == names
    assert [port.get_any_name() for port in graph.outputs] == ["start_logits", "end_logits"]
    assert all(port.partial_shape.is_dynamic for port in (*graph.inputs, *graph.outputs))
    config = json.loads((out / "config.json").read_text())
    assert config["dtype"] == "float32" and "torch_dtype" not in config
    assert typed == (given["token_type_ids"].max() > 0)
    assert (
        out / ("vocab.txt" if family == "bert" else "vocab.json" if family == "roberta" else "tokenizer.json")
    ).is_file()
    assert (out / "requirements.txt").read_text().startswith("drystone[reader]==")


def _windows(reader: Reader) -> list[Window]:
    return [pair.windows[0] for pair in reader.prepare(ASKED)]


@pytest.mark.slow
def test_transformers_js_answers_alike(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    library = CACHE / "npm/node_modules/@huggingface/transformers/dist/transformers.node.mjs"
    node = shutil.which("node")
    if node is None or not library.is_file():
        pytest.skip("transformers.js is not here: npm install --prefix .cache/npm @huggingface/transformers@4")
    out = tmp_path / "bert"
    export(checkpoints["bert"], ["safetensors", "onnx", "onnx-int8"], out)
    reader = Reader.load(out, runtime="onnxruntime", threads=1)
    window = _windows(reader)[0]
    (_, truth), *_ = run(reader.engine, [window], reader.model.positions_from, 512)
    script = Path(__file__).with_name("ask.mjs")
    for dtype, close in (("fp32", 1e-4), ("q8", 1.0)):
        command = [node, str(script), str(library), str(out), *ASKED[0], dtype]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        np.testing.assert_allclose(np.array(json.loads(done.stdout)).T, truth, atol=close)


def test_tampering_is_found(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(checkpoints["bert"], ["safetensors", "onnx"], out)
    graph = out / "onnx" / "model.onnx"
    whole = graph.read_bytes()
    graph.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(ModelError, match=r"model\.onnx: its SHA-256"):
        verify(out)
    graph.unlink()
    with pytest.raises(ModelError, match=r"model\.onnx is named in SHA256SUMS but not there"):
        verify(out)
    (out / "SHA256SUMS").unlink()
    with pytest.raises(ModelError, match="not a finished export"):
        verify(out)


def test_requests_that_cannot_be(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'coreml' is not one of safetensors"):
        export(checkpoints["bert"], ["coreml"], tmp_path / "a")
    with pytest.raises(UsageError, match="at least one"):
        export(checkpoints["bert"], [], tmp_path / "a")
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(UsageError, match="holds other files"):
        export(checkpoints["bert"], ["onnx"], tmp_path)


def test_the_handler_answers_as_its_contract_says(exported: Path) -> None:
    spec = importlib.util.spec_from_file_location("handler", exported / "handler.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["handler"] = module
    spec.loader.exec_module(module)
    handler = module.EndpointHandler(str(exported))
    pair = {"question": "What are heaps?", "context": "Heaps are arrays."}
    one = handler({"inputs": dict(pair), "parameters": {}})
    assert one["answer"] == pair["context"][one["start"] : one["end"]]
    assert handler(dict(pair)) == one
    assert len(handler({"inputs": pair, "parameters": {"top_k": 2}})) == 2
    assert handler({"inputs": [pair, pair]}) == [one, one]


def test_the_command_exports_and_verifies(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    done = CliRunner().invoke(
        cli, ["reader", "export", str(checkpoints["roberta"]), "--to", "safetensors,onnx", "--out", out]
    )
    assert done.exit_code == 0, done.output
    again = CliRunner().invoke(cli, ["reader", "export", out, "--verify", "--json"])
    assert again.exit_code == 0, again.output
    assert [row["format"] for row in json.loads(again.stdout)] == ["safetensors", "onnx"]


@pytest.fixture
def tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """TensorFlow and Transformers 4.57 in an environment of their own, made where DRYSTONE_ORACLES is set."""
    name = "transformers-4.57-tensorflow"
    if not os.environ.get("DRYSTONE_ORACLES") and not any((CACHE / "peers").glob(f"{name}-*/ready")):
        pytest.skip("the TensorFlow environment is not here (DRYSTONE_ORACLES=1 makes it)")
    monkeypatch.setenv("DRYSTONE_TENSORFLOW", str(peer(name, TENSORFLOW)))


@pytest.mark.slow
@pytest.mark.parametrize("family", ["bert", "distilbert"])
@pytest.mark.usefixtures("tensorflow")
def test_tensorflow_and_transformers_load_their_formats(
    family: str, checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    checked = export(checkpoints[family], ["safetensors", "tensorflow", "tf-h5"], tmp_path / "out")
    assert {row["format"] for row in checked} == {"safetensors", "tensorflow", "tf-h5"}
    assert all(row["difference"] < 1e-4 for row in checked)
    variables = tmp_path / "out" / "saved_model" / "variables" / "variables.index"
    variables.write_bytes(variables.read_bytes()[:-1])
    with pytest.raises(ModelError, match=r"variables\.index: its SHA-256"):
        verify(tmp_path / "out")


def test_tensorflow_that_is_not_there_is_named(
    checkpoints: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRYSTONE_TENSORFLOW", str(tmp_path / "python"))
    with pytest.raises(UsageError, match="is not a Python interpreter"):
        export(checkpoints["bert"], ["tensorflow"], tmp_path / "a")
    with pytest.raises(UsageError, match="tf-h5 is written for bert and distilbert"):
        export(checkpoints["electra"], ["tf-h5"], tmp_path / "b")
    with pytest.raises(UsageError, match="not written for deberta"):
        export(checkpoints["deberta"], ["tensorflow"], tmp_path / "c")


def test_rust_parameters_are_named_as_tch_reads_them(exported: Path) -> None:
    import torch
    from safetensors.numpy import load_file

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of TorchScript
        found = dict(torch.jit.load(str(exported / "rust_model.ot")).named_parameters())
    expected = load_file(exported / "model.safetensors")
    assert {name.replace("|", ".") for name in found} == set(expected)
    assert all((found[name.replace(".", "|")].detach().numpy() == value).all() for name, value in expected.items())
