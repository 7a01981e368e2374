"""Exports, each loaded by its own consumer; what was tampered with is found."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from benchmarks.harness import CACHE, peer
from click.testing import CliRunner

from drystone.cli import cli
from drystone.errors import ModelError, UsageError
from drystone.reader import Reader
from drystone.reader.exports.export import FORMATS, export, verify

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


def test_tampering_is_found(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(checkpoints["bert"], ["safetensors", "onnx"], out)
    graph = out / "model.onnx"
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
