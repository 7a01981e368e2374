"""Finds a checkpoint (a folder, or a Hub id in the local cache or online) and reads its parts.

It returns plain dictionaries, arrays and a tokenizer; what the numbers mean is `families`' business.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from drystone.errors import MissingExtraError, ModelError
from drystone.reader.model.families import Config
from drystone.reader.model.installed import installed
from drystone.reader.model.pickles import read_pickled_tensors
from drystone.reader.model.tokenization import TOKENIZER_FILES, read_tokenizer

#: What is fetched of a Hub repository: never code, and no format that this module does not read.
_WANTED = (
    "config.json",
    *TOKENIZER_FILES,
    "model.safetensors",
    "model.safetensors.index.json",
    "model-*.safetensors",
)
_PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json", "pytorch_model-*.bin")

#: The project's own model, and how to get it.
_OWN = {"mini": "pip install drystone-mini (from a source tree: pip install ./models/mini)"}


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint's parts as plain data: `tensors` are float32 arrays under the names in the file."""

    name: str
    folder: Path
    revision: str | None
    config: Config
    tokenizer_json: str
    tokenizer_config: Config
    tensors: dict[str, np.ndarray]

    def vocabulary(self) -> tuple[Any, ...]:
        """Return what makes token ids of a text; models of equal vocabularies can be compared token by token."""
        parts = json.loads(self.tokenizer_json)
        return parts["model"], parts.get("normalizer"), parts.get("pre_tokenizer")


def read_checkpoint(model: str | Path, revision: str | None = None, *, offline: bool | None = None) -> Checkpoint:
    """Read a question-answering checkpoint from a folder, from an installed package by its model's name, or, by its Hub
    id, from the Hub's local cache or the Hub.

    `revision` pins a branch, tag or commit of a Hub id; `offline` (default: the environment's HF_HUB_OFFLINE) keeps to
    the local cache. Raises ModelError naming the file that is missing or damaged.
    """
    folder, commit = _locate(str(model), revision, offline)
    config = _json_object(folder / "config.json")
    optional = folder / "tokenizer_config.json"
    settings = _json_object(optional) if optional.is_file() else {}
    return Checkpoint(
        name=str(model),
        folder=folder,
        revision=commit,
        config=config,
        tokenizer_json=read_tokenizer(folder, config, settings),
        tokenizer_config=settings,
        tensors=_read_tensors(folder),
    )


def _locate(model: str, revision: str | None, offline: bool | None) -> tuple[Path, str | None]:
    folder = Path(model).expanduser()
    if model.strip() and folder.is_dir():
        if revision is not None:
            raise ModelError(f"{model} is a folder, which has no revisions: drop revision={revision!r}.")
        return folder, None
    if "/" not in model and (packaged := _packaged(model)):
        return packaged, None
    if model.startswith((".", "/", "~")) or model.count("/") > 1 or not model.strip():
        raise ModelError(f"{model!r}: no such folder.")
    try:
        from huggingface_hub import snapshot_download  # noqa: PLC0415  an extra
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("huggingface_hub, which reads Hub models", "reader") from None
    if offline is None:
        offline = os.environ.get("HF_HUB_OFFLINE", "").lower() in {"1", "true", "yes", "on"}
    try:
        found = Path(snapshot_download(model, revision=revision, allow_patterns=[*_WANTED], local_files_only=offline))
        if not any(found.glob("model*.safetensors")):
            found = Path(
                snapshot_download(
                    model, revision=revision, allow_patterns=[*_WANTED, *_PICKLES], local_files_only=offline
                )
            )
    except HFValidationError:
        raise ModelError(f"{model!r}: neither a folder here nor a Hub id such as owner/name.") from None
    except LocalEntryNotFoundError:
        at = f" at revision {revision!r}" if revision else ""
        raise ModelError(
            f"{model}{at}: not a folder here, not in the Hub's local cache, and the Hub cannot be reached"
            f"{' because offline was asked for' if offline else ''}. Download it where there is a network "
            f"(hf download {model}), or give a folder."
        ) from None
    except HfHubHTTPError as error:
        raise ModelError(
            f"{model}: the Hub refuses it ({error.__class__.__name__}: {str(error).split(chr(10))[0]})."
        ) from None
    return found, found.name


def _packaged(name: str) -> Path | None:
    found = installed().get(name)
    if found is None and name in _OWN:
        raise ModelError(f"{name}: is not installed. Install it with: {_OWN[name]}, or give a folder or Hub id.")
    if found is not None and not (found / "config.json").is_file():
        raise ModelError(f"{name}: its package is installed without weights ({found}). Fill it: drystone reader pack.")
    return found


def _json_object(path: Path) -> Config:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{path.parent}: no {path.name}, so this is not a checkpoint.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path}: not readable JSON ({error}).") from None
    if not isinstance(value, dict):
        raise ModelError(f"{path}: holds a {type(value).__name__}, not an object.")
    return value


def _read_tensors(folder: Path) -> dict[str, np.ndarray]:
    """Read the weights in the first form that is there; shards by their index."""
    for name, read in (("model.safetensors", _read_safetensors), ("pytorch_model.bin", read_pickled_tensors)):
        if (folder / name).is_file():
            return read(folder / name)
        index = folder / f"{name}.index.json"
        if index.is_file():
            return _read_shards(index, read)
    raise ModelError(f"{folder}: neither model.safetensors nor pytorch_model.bin is there, nor an index of either.")


def _read_shards(index: Path, read: Callable[[Path], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    shards = _json_object(index).get("weight_map")
    if not isinstance(shards, dict) or not all(isinstance(s, str) and Path(s).name == s for s in shards.values()):
        raise ModelError(f"{index}: has no weight_map from tensors to files beside it.")
    tensors: dict[str, np.ndarray] = {}
    for shard in sorted(set(shards.values())):
        if not (index.parent / shard).is_file():
            raise ModelError(f"{index.parent / shard}: named by the index, but not there.")
        tensors |= read(index.parent / shard)
    return tensors


def _read_safetensors(path: Path) -> dict[str, np.ndarray]:
    try:
        from safetensors import SafetensorError, safe_open  # noqa: PLC0415  an extra
    except ImportError:
        raise MissingExtraError("safetensors", "reader") from None
    try:
        with safe_open(path, framework="numpy") as file:
            tensors = {}
            for name in file.keys():  # noqa: SIM118  not a mapping
                tensor = file.get_tensor(name)
                # "V" is how numpy shows bfloat16 from ml_dtypes; both halves widen without loss.
                tensors[name] = tensor.astype(np.float32) if tensor.dtype.kind in "fV" else tensor
            return tensors
    except FileNotFoundError:
        raise ModelError(f"{path}: named by the index, but not there.") from None
    except (SafetensorError, OSError, TypeError, ValueError, OverflowError) as error:
        raise ModelError(f"{path}: not a readable safetensors file ({error}).") from None
