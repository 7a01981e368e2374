"""Checkpoints that are found, pinned, damaged or hostile."""

from __future__ import annotations

import io
import json
import pickle
import shutil
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drystone.errors import ModelError
from drystone.reader import Reader
from drystone.reader.model.checkpoint import read_checkpoint
from drystone.reader.model.pickles import read_pickled_tensors
from tests.reader.checkpoints import write_checkpoint


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("small") / "bert", "bert")


@pytest.fixture
def damaged(small: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small, tmp_path / "copy"))


def test_a_folder_is_read(small: Path) -> None:
    checkpoint = read_checkpoint(small)
    assert checkpoint.config["model_type"] == "bert"
    assert checkpoint.tensors["qa_outputs.weight"].shape == (2, 48)
    assert checkpoint.tensors["qa_outputs.weight"].dtype == np.float32


@pytest.mark.parametrize("missing", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_missing_file_is_named(damaged: Path, missing: str) -> None:
    (damaged / missing).unlink()
    with pytest.raises(ModelError, match=missing):
        read_checkpoint(damaged)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 100_000])
def test_a_config_that_is_no_object_is_refused(damaged: Path, content: bytes) -> None:
    (damaged / "config.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"config.json"):
        read_checkpoint(damaged)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.floats(0, 1), noise=st.binary(min_size=1, max_size=40))
def test_damaged_safetensors_are_refused_or_read(small: Path, tmp_path: Path, at: float, noise: bytes) -> None:
    whole = (small / "model.safetensors").read_bytes()
    header = 8 + int.from_bytes(whole[:8], "little")
    place = int(at * header)
    copy = tmp_path / "copy"
    shutil.copytree(small, copy, dirs_exist_ok=True)
    for content in (whole[:place], whole[:place] + noise + whole[place + len(noise) :]):
        (copy / "model.safetensors").write_bytes(content)
        try:
            read_checkpoint(copy)
        except ModelError as error:
            assert "model.safetensors" in str(error)


def test_half_precision_and_shards_are_read(small: Path, damaged: Path) -> None:
    import ml_dtypes
    from safetensors.numpy import save_file

    tensors = read_checkpoint(small).tensors
    names = sorted(tensors)
    (damaged / "model.safetensors").unlink()
    save_file({n: tensors[n].astype(np.float16) for n in names[::2]}, damaged / "model-1.safetensors")
    save_file({n: tensors[n].astype(ml_dtypes.bfloat16) for n in names[1::2]}, damaged / "model-2.safetensors")
    weight_map = {n: f"model-{1 + i % 2}.safetensors" for i, n in enumerate(names)}
    (damaged / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    found = read_checkpoint(damaged).tensors
    assert {v.dtype for v in found.values()} == {np.dtype(np.float32)}
    for name in names:
        np.testing.assert_allclose(found[name], tensors[name], rtol=1e-2, atol=1e-3)
    (damaged / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"x": "../../etc/passwd"}}))
    with pytest.raises(ModelError, match="weight_map"):
        read_checkpoint(damaged)


def hub(root: Path, small: Path, commit: str, ref: str) -> None:
    home = root / "models--acme--reader"
    shutil.copytree(small, home / "snapshots" / commit)
    (home / "refs").mkdir(parents=True, exist_ok=True)
    (home / "refs" / ref).write_text(commit)


def test_a_hub_id_is_read_from_the_local_cache_at_its_revision(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    hub(tmp_path, small, "a" * 40, "main")
    hub(tmp_path, write_checkpoint(tmp_path / "other", "bert", seed=5), "b" * 40, "v2")
    main = read_checkpoint("acme/reader", offline=True)
    tagged = read_checkpoint("acme/reader", "v2", offline=True)
    pinned = read_checkpoint("acme/reader", "a" * 40, offline=True)
    assert (main.revision, tagged.revision, pinned.revision) == ("a" * 40, "b" * 40, "a" * 40)
    name = "qa_outputs.weight"
    assert np.array_equal(main.tensors[name], pinned.tensors[name])
    assert not np.array_equal(main.tensors[name], tagged.tensors[name])
    with pytest.raises(ModelError, match=r"acme/reader at revision 'v3'.*offline"):
        read_checkpoint("acme/reader", "v3", offline=True)


@pytest.mark.parametrize(
    ("name", "revision", "message"),
    [
        ("no/such-model", None, "not a folder here, not in the Hub's local cache"),
        ("./nowhere", None, "no such folder"),
        ("a/b/c", None, "no such folder"),
        ("", None, "no such folder"),
        ("what is this?", None, "neither a folder here nor a Hub id"),
    ],
)
def test_a_model_that_is_nowhere(name: str, revision: str | None, message: str) -> None:
    pytest.importorskip("huggingface_hub")
    with pytest.raises(ModelError, match=message):
        read_checkpoint(name, revision, offline=True)


def test_a_folder_has_no_revision(small: Path) -> None:
    with pytest.raises(ModelError, match="has no revisions"):
        read_checkpoint(small, "main")


class _Global:
    """Pickles as a reference to torch's own name, without torch."""

    def __init__(self, module: str, name: str, *arguments: Any) -> None:
        self.module, self.name, self.arguments = module, name, arguments


class _Pickler(pickle._Pickler):  # type: ignore[name-defined,misc]
    """Writes what torch.save writes: storages by persistent id, tensors by torch._utils._rebuild_tensor_v2."""

    def persistent_id(self, obj: Any) -> Any:
        return obj.arguments[0] if isinstance(obj, _Global) and obj.name == "storage" else None

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        if isinstance(obj, _Global) and obj.name != "storage":
            self.write(b"c" + f"{obj.module}\n{obj.name}\n".encode())
            if obj.arguments:
                self.save(obj.arguments[0])
                self.write(b"R")
            return
        super().save(obj, save_persistent_id)


def _reference(tensors: dict[str, np.ndarray]) -> bytes:
    state: OrderedDict[str, Any] = OrderedDict()
    for key, (name, value) in enumerate(tensors.items()):
        kind = {"<f4": "FloatStorage", "<f2": "HalfStorage", "<i8": "LongStorage"}[value.dtype.str]
        pid = ("storage", _Global("torch", kind), str(key), "cpu", value.size)
        strides = tuple(s // value.itemsize for s in value.strides)
        arguments = (_Global("", "storage", pid), 0, value.shape, strides, False, OrderedDict())
        state[name] = _Global("torch._utils", "_rebuild_tensor_v2", arguments)
    out = io.BytesIO()
    _Pickler(out, 2).dump(state)
    return out.getvalue()


def write_zip(path: Path, data: bytes, tensors: dict[str, np.ndarray]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", data)
        for key, value in enumerate(tensors.values()):
            archive.writestr(f"archive/data/{key}", value.tobytes())


def test_pickled_weights_are_read_without_torch(small: Path, damaged: Path) -> None:
    tensors = read_checkpoint(small).tensors
    (damaged / "model.safetensors").unlink()
    write_zip(damaged / "pytorch_model.bin", _reference(tensors), tensors)
    found = read_checkpoint(damaged).tensors
    assert all(np.array_equal(found[name], value) for name, value in tensors.items())
    assert Reader.load(damaged, threads=1).answer("What?", "Because of it.").text  # type: ignore[union-attr]


@pytest.mark.parametrize("legacy", [False, True])
def test_what_torch_saves_is_read(tmp_path: Path, legacy: bool) -> None:
    torch = pytest.importorskip("torch")
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    state = {
        "plain": base,
        "transposed": base.T,
        "slice": base[1:3, 2:],
        "half": base.half(),
        "bf16": base.bfloat16(),
        "ids": torch.arange(5),
        "parameter": torch.nn.Parameter(base * 2),
        "scalar": torch.tensor(3.5),
    }
    torch.save(state, tmp_path / "w.bin", _use_new_zipfile_serialization=not legacy)
    found = read_pickled_tensors(tmp_path / "w.bin")
    for name, value in state.items():
        expected = value.detach()
        expected = expected.float() if expected.is_floating_point() else expected
        assert np.array_equal(found[name], expected.numpy()), name


class _Evil:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        import os

        return os.system, ("touch /tmp/drystone-was-here",)


def test_a_hostile_pickle_is_refused_and_not_run(damaged: Path) -> None:
    (damaged / "model.safetensors").unlink()
    target = damaged / "pytorch_model.bin"
    for data in (pickle.dumps({"x": _Evil()}), b"cbuiltins\neval\n(S'1/0'\ntR.", b"ctorch\nload\n."):
        write_zip(target, data, {})
        with pytest.raises(ModelError, match=r"the pickle asks for .* not run"):
            read_checkpoint(damaged)
        target.write_bytes(data)
        with pytest.raises(ModelError, match=r"pytorch_model.bin"):
            read_checkpoint(damaged)
    assert not Path("/tmp/drystone-was-here").exists()


def test_a_tensor_that_reaches_beyond_its_storage_is_refused(tmp_path: Path) -> None:
    value = np.arange(12, dtype=np.float32).reshape(3, 4)
    data = _reference({"w": value})
    write_zip(tmp_path / "w.bin", data, {"w": value.reshape(-1)[:7]})
    with pytest.raises(ModelError, match="'w' reaches beyond its storage of 7 elements"):
        read_pickled_tensors(tmp_path / "w.bin")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\x80\x02.", struct.pack("<Q", 2**63), b"\x80\x05]\x94."])
def test_rubbish_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "w.bin").write_bytes(data)
    with pytest.raises(ModelError, match=r"w\.bin"):
        read_pickled_tensors(tmp_path / "w.bin")
    write_zip(tmp_path / "w.bin", data, {})
    with pytest.raises(ModelError, match=r"w\.bin"):
        read_pickled_tensors(tmp_path / "w.bin")


def test_pytorch_shards_are_read(small: Path, damaged: Path) -> None:
    torch = pytest.importorskip("torch")
    tensors = read_checkpoint(small).tensors
    (damaged / "model.safetensors").unlink()
    names = sorted(tensors)
    parts = {"pytorch_model-00001-of-00002.bin": names[::2], "pytorch_model-00002-of-00002.bin": names[1::2]}
    for part, held in parts.items():
        torch.save({name: torch.from_numpy(tensors[name]) for name in held}, damaged / part)
    index = damaged / "pytorch_model.bin.index.json"
    index.write_text(json.dumps({"weight_map": {name: part for part, held in parts.items() for name in held}}))
    again = read_checkpoint(damaged).tensors
    assert all(np.array_equal(again[name], tensors[name]) for name in names) and len(again) == len(names)
    (damaged / "pytorch_model-00002-of-00002.bin").unlink()
    with pytest.raises(ModelError, match=r"00002-of-00002\.bin: named by the index"):
        read_checkpoint(damaged)
