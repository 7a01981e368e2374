"""Reads the tensors of a `pytorch_model.bin` without torch and without running anything the file says.

A pickle is a program. This module lets it name an ordered dictionary, torch's tensor rebuilders and its storage types,
and refuses everything else by name. It knows nothing of models.
"""

from __future__ import annotations

import io
import math
import pickle  # the restricted Unpickler below is the point of this module
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from drystone.errors import ModelError

#: First pickle of torch's format before 1.6 (torch/serialization.py, MAGIC_NUMBER).
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C

_STORAGES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "BFloat16Storage": "bf16",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}


class _StorageType(NamedTuple):
    dtype: str

    @property
    def itemsize(self) -> int:
        return 2 if self.dtype == "bf16" else np.dtype(self.dtype).itemsize


class _Tensor(NamedTuple):
    storage: tuple[str, _StorageType, int]  # key, type, number of elements
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


def _rebuild_tensor(storage: Any, offset: int, shape: tuple[int, ...], stride: tuple[int, ...], *_: Any) -> _Tensor:
    return _Tensor(storage, offset, shape, stride)


def _rebuild_parameter(data: Any, *_: Any) -> Any:
    return data


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO, name: str) -> None:
        super().__init__(file, encoding="utf-8")
        self._name = name

    def find_class(self, module: str, name: str) -> Any:
        allowed: dict[tuple[str, str], Any] = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
            ("torch._utils", "_rebuild_tensor"): _rebuild_tensor,
            ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
        }
        if (module, name) in allowed:
            return allowed[module, name]
        if module in {"torch", "torch.storage"} and name in _STORAGES:
            return _StorageType(_STORAGES[name])
        raise ModelError(
            f"{self._name}: the pickle asks for {module}.{name}, which a file of weights has no use for. It was not "
            "run. Ask its author for model.safetensors."
        )

    def persistent_load(self, pid: Any) -> tuple[str, _StorageType, int]:
        if not (isinstance(pid, tuple) and len(pid) >= 5 and pid[0] == "storage" and isinstance(pid[1], _StorageType)):
            raise ModelError(f"{self._name}: the pickle refers to something that is not a tensor's storage.")
        return str(pid[2]), pid[1], int(pid[4])


def read_pickled_tensors(path: Path) -> dict[str, np.ndarray]:
    """Return the float32 tensors of a `torch.save`d state dict, by name; integer tensors keep their type.

    Reads both of torch's formats (zip archives, and the stream of pickles before torch 1.6). Raises ModelError where
    the file is damaged, holds anything but tensors, or names a global that is not allowed.
    """
    try:
        with path.open("rb") as file:
            if zipfile.is_zipfile(file):
                file.seek(0)
                state, load = _read_zip(file, path)
            else:
                file.seek(0)
                state, load = _read_legacy(file, path)
        return {
            name: _materialise(tensor, load, f"{path.name}: tensor {name!r}") for name, tensor in _tensors(state, path)
        }
    except ModelError:
        raise
    except Exception as error:  # a hostile pickle can fail in any way there is; none of them is ours to explain
        raise ModelError(f"{path}: not a readable file of PyTorch weights ({type(error).__name__}: {error}).") from None


def _tensors(state: Any, path: Path) -> list[tuple[str, _Tensor]]:
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]
    if not isinstance(state, dict):
        raise ModelError(f"{path}: holds a {type(state).__name__}, not a dictionary of tensors.")
    return [(str(name), value) for name, value in state.items() if isinstance(value, _Tensor)]


def _read_zip(file: BinaryIO, path: Path) -> tuple[Any, Callable[[str], bytes]]:
    archive = zipfile.ZipFile(file)
    members = {info.filename: info for info in archive.infolist()}
    entry = next((name for name in members if name.endswith("/data.pkl") or name == "data.pkl"), None)
    if entry is None:
        raise ModelError(f"{path}: a zip archive without data.pkl, so not written by torch.save.")
    if any(info.compress_type != zipfile.ZIP_STORED for info in members.values()):
        raise ModelError(f"{path}: holds compressed members, which torch.save never writes.")
    state = _Unpickler(io.BytesIO(archive.read(entry)), path.name).load()
    root = entry[: -len("data.pkl")]
    stored = {name[len(root) + 5 :]: archive.read(name) for name in members if name.startswith(f"{root}data/")}
    return state, stored.__getitem__


def _read_legacy(file: BinaryIO, path: Path) -> tuple[Any, Callable[[str], bytes]]:
    if _Unpickler(file, path.name).load() != _LEGACY_MAGIC:
        raise ModelError(f"{path}: does not begin as a file written by torch.save.")
    _Unpickler(file, path.name).load()  # protocol version
    _Unpickler(file, path.name).load()  # byte order and type sizes of the writing machine
    sizes: dict[str, int] = {}

    class Unpickler(_Unpickler):
        def persistent_load(self, pid: Any) -> tuple[str, _StorageType, int]:
            key, kind, count = super().persistent_load(pid)
            sizes[key] = kind.itemsize
            return key, kind, count

    state = Unpickler(file, path.name).load()
    stored: dict[str, bytes] = {}
    for key in _Unpickler(file, path.name).load():
        count = int.from_bytes(file.read(8), "little")
        stored[str(key)] = file.read(count * sizes[str(key)])
    return state, stored.__getitem__


def _materialise(tensor: _Tensor, load: Callable[[str], bytes], what: str) -> np.ndarray:
    key, kind, _ = tensor.storage
    raw = load(key)
    if kind.dtype == "bf16":
        flat = (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32)
    else:
        flat = np.frombuffer(raw, kind.dtype)
    shape, stride = tuple(map(int, tensor.shape)), tuple(map(int, tensor.stride))
    last = tensor.offset + sum((n - 1) * step for n, step in zip(shape, stride, strict=True))
    if math.prod(shape) and (min((*shape, *stride, tensor.offset), default=0) < 0 or last >= flat.size):
        raise ModelError(f"{what} reaches beyond its storage of {flat.size} elements: the file is damaged.")
    view = np.lib.stride_tricks.as_strided(
        flat[tensor.offset :], shape, tuple(step * flat.itemsize for step in stride), writeable=False
    )
    return view.astype(np.float32 if flat.dtype.kind == "f" else flat.dtype, order="C")
