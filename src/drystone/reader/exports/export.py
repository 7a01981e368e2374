"""Writes a checkpoint in other runtimes' formats into one folder laid out like a Hub repository, and checks each.

A format counts as written only once its own consumer has loaded it and its answers were compared with the reader's.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import warnings
from collections.abc import Callable, Sequence
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Any, TypedDict

import numpy as np

from drystone.errors import MissingExtraError, ModelError, UsageError
from drystone.reader.engines.onnxruntime import OnnxRuntimeEngine
from drystone.reader.engines.openvino import OpenVinoEngine, openvino_core, openvino_module
from drystone.reader.engines.quantize import quantized_onnx, quantized_openvino
from drystone.reader.engines.schedule import Batch, collate
from drystone.reader.exports import tensorflow_formats
from drystone.reader.model.checkpoint import Checkpoint, read_checkpoint
from drystone.reader.model.families import Model, build_model
from drystone.reader.model.numpy_ops import trace
from drystone.reader.model.onnx_graph import build_onnx
from drystone.reader.model.pickles import read_pickled_tensors
from drystone.reader.model.tokenization import TOKENIZER_FILES
from drystone.reader.reader import sample_windows
from drystone.reader.spans.windows import Windower

FILES = {
    "safetensors": ("model.safetensors",),
    "pytorch": ("pytorch_model.bin",),
    "onnx": ("onnx/model.onnx",),
    "onnx-int8": ("onnx/model_quantized.onnx",),
    "onnx-packed": ("drystone_packed.onnx",),
    "openvino": ("openvino_model.xml", "openvino_model.bin"),
    "openvino-int8": ("openvino_model_int8.xml", "openvino_model_int8.bin"),
    "tensorflow": (
        "saved_model/saved_model.pb",
        "saved_model/variables/variables.index",
        "saved_model/variables/variables.data-00000-of-00001",
    ),
    "tf-h5": ("tf_model.h5",),
    "rust": ("rust_model.ot",),
}
FORMATS = tuple(FILES)
#: Largest difference of a logit from the reference in float32, and the least share of windows whose best start and end
#: int8 must keep. Random weights have flat logits, which int8 may reorder: the share is reported beside its bound.
TOLERANCE, AGREEMENT = 1e-3, 0.8

_CHECKSUMS = "SHA256SUMS"


class CheckedFormat(TypedDict):
    """A written format, its first file, the largest difference of a logit from the reference, and the share of windows
    with the same best start and end."""

    format: str
    file: str
    difference: float
    agreement: float


def export(model: str | Path, formats: Sequence[str], out: Path, revision: str | None = None) -> list[CheckedFormat]:
    """Write `model` in `formats` to the folder `out`, check every one, and return what `verify` returns.

    Adds config, tokenizer, a model card, `handler.py` (Hugging Face's EndpointHandler) and SHA256SUMS. Raises
    UsageError for an unknown format or a folder that holds other files, MissingExtraError for a runtime that is not
    installed, ModelError where a written format does not load or answers otherwise.
    """
    for name in formats:
        if name not in FORMATS:
            raise UsageError(f"--to: {name!r} is not one of {', '.join(FORMATS)}.")
    if not formats:
        raise UsageError(f"--to: name at least one of {', '.join(FORMATS)}.")
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / _CHECKSUMS).is_file())):
        raise UsageError(f"{out}: holds other files; give an empty folder or an earlier export.")
    checkpoint = read_checkpoint(model, revision)
    built = build_model(checkpoint.config, checkpoint.tensors, checkpoint.name)
    out.mkdir(parents=True, exist_ok=True)
    (out / _CHECKSUMS).unlink(missing_ok=True)  # it comes back last: where it stands, the folder is whole
    for name in TOKENIZER_FILES:
        if (checkpoint.folder / name).is_file() and (checkpoint.folder / name).resolve() != (out / name).resolve():
            shutil.copyfile(checkpoint.folder / name, out / name)
    _write_vocabulary(checkpoint.tokenizer_json, out)
    # Weights are written in float32, whatever they were read in.
    config = {name: value for name, value in checkpoint.config.items() if name not in {"dtype", "torch_dtype"}}
    (out / "config.json").write_text(json.dumps(config | {"dtype": "float32"}, indent=2) + "\n", encoding="utf-8")
    batches = _batches(checkpoint, built)
    for name in dict.fromkeys(formats):
        _WRITERS[name](checkpoint, built, batches, out)
    (out / "handler.py").write_text(_handler(), encoding="utf-8")
    (out / "requirements.txt").write_text(f"drystone[reader]=={version('drystone')}\n", encoding="utf-8")
    (out / "README.md").write_text(_card(checkpoint, built, out), encoding="utf-8")
    checked = _check(built, batches, out)
    (out / _CHECKSUMS).write_text(_checksums(out), encoding="utf-8")
    return checked


def _write_vocabulary(tokenizer_json: str, out: Path) -> None:
    """Write the vocabulary in every form that its kind has: rust-bert reads no tokenizer.json.

    vocab.txt numbers words by their lines, so that a vocabulary with gaps or with line ends in words has none.
    """
    (out / "tokenizer.json").write_text(tokenizer_json, encoding="utf-8")
    model = json.loads(tokenizer_json)["model"]
    if model["type"] == "WordPiece":
        words = sorted(model["vocab"], key=model["vocab"].__getitem__)
        numbered = all(model["vocab"][word] == at for at, word in enumerate(words))
        if numbered and not any("\n" in word or "\r" in word for word in words):
            (out / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    elif model["type"] == "BPE":
        merges = (merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"])
        (out / "vocab.json").write_text(json.dumps(model["vocab"], ensure_ascii=False), encoding="utf-8")
        (out / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", encoding="utf-8")


def verify(folder: Path) -> list[CheckedFormat]:
    """Check an exported folder: checksums, then every format by its consumer against the reference.

    Returns for each format its name, the largest difference of a logit, and the share of windows with the same best
    start and end. Raises ModelError naming the file or format that fails.
    """
    stated = folder / _CHECKSUMS
    if not stated.is_file():
        raise ModelError(f"{folder}: no {_CHECKSUMS}, so not a finished export.")
    for line in stated.read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not (folder / name).is_file():
            raise ModelError(f"{folder}: {name} is named in {_CHECKSUMS} but not there.")
        if _sha256(folder / name) != digest:
            raise ModelError(f"{folder / name}: its SHA-256 is not the one in {_CHECKSUMS}.")
    if not any((folder / FILES[name][0]).is_file() for name in ("safetensors", "pytorch")):
        raise ModelError(f"{folder}: holds neither safetensors nor pytorch weights to compare with.")
    checkpoint = read_checkpoint(folder)
    built = build_model(checkpoint.config, checkpoint.tensors, checkpoint.name)
    return _check(built, _batches(checkpoint, built), folder)


def _batches(checkpoint: Checkpoint, model: Model) -> list[Batch]:
    windower = Windower(
        checkpoint.tokenizer_json,
        checkpoint.tokenizer_config,
        model.max_tokens,
        len(model.weights["embed.word"]),
        checkpoint.name,
    )
    if "embed.type" in model.weights:
        windower.keep_types_below(len(model.weights["embed.type"]))
    return [collate([w], model.positions_from, model.max_tokens) for w in sample_windows(windower)]


def _write_safetensors(checkpoint: Checkpoint, model: Model, batches: list[Batch], out: Path) -> None:
    from safetensors.numpy import save_file  # noqa: PLC0415  an extra; reading the checkpoint named it if missing

    tensors = {name: np.ascontiguousarray(value) for name, value in checkpoint.tensors.items()}
    save_file(tensors, out / "model.safetensors", metadata={"format": "pt"})


def _write_pytorch(checkpoint: Checkpoint, model: Model, batches: list[Batch], out: Path) -> None:
    torch = _torch()
    state = {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in checkpoint.tensors.items()}
    torch.save(state, out / "pytorch_model.bin")


def _write_onnx(checkpoint: Checkpoint, model: Model, batches: list[Batch], out: Path) -> None:
    (out / "onnx").mkdir(exist_ok=True)
    (out / "onnx" / "model.onnx").write_bytes(build_onnx(model, public=True))


def _write_onnx_int8(checkpoint: Checkpoint, model: Model, batches: list[Batch], out: Path) -> None:
    (out / "onnx").mkdir(exist_ok=True)
    (out / "onnx" / "model_quantized.onnx").write_bytes(quantized_onnx(model, public=True))


def _write_onnx_packed(checkpoint: Checkpoint, model: Model, batches: list[Batch], out: Path) -> None:
    """Write the graph that takes several windows in a row, with the inputs of this reader's own batches."""
    (out / "drystone_packed.onnx").write_bytes(build_onnx(model))


def _write_openvino(checkpoint: Checkpoint, model: Model, batches: list[Batch], out: Path) -> None:
    openvino = openvino_module()
    graph = openvino_core().read_model(build_onnx(model, public=True))
    openvino.save_model(graph, out / "openvino_model.xml", compress_to_fp16=False)


def _write_openvino_int8(checkpoint: Checkpoint, model: Model, batches: list[Batch], out: Path) -> None:
    written = quantized_openvino(model, batches, public=True)
    shutil.copyfile(written, out / "openvino_model_int8.xml")
    shutil.copyfile(written.with_suffix(".bin"), out / "openvino_model_int8.bin")


def _write_saved_model(checkpoint: Checkpoint, model: Model, batches: list[Batch], out: Path) -> None:
    shutil.rmtree(out / "saved_model", ignore_errors=True)
    tensorflow_formats.write("tensorflow", model, out / "saved_model")


def _write_h5(checkpoint: Checkpoint, model: Model, batches: list[Batch], out: Path) -> None:
    tensorflow_formats.write("tf-h5", model, out)


def _write_rust(checkpoint: Checkpoint, model: Model, batches: list[Batch], out: Path) -> None:
    """Write what tch, and so rust-bert, loads: a TorchScript module whose parameters are named with | for the dot."""
    torch = _torch()
    holder = torch.nn.Module()
    for name, value in checkpoint.tensors.items():
        tensor = torch.from_numpy(np.ascontiguousarray(value))
        holder.register_parameter(name.replace(".", "|"), torch.nn.Parameter(tensor, requires_grad=False))
    with warnings.catch_warnings():  # torch announces TorchScript's end; tch reads nothing else
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(holder).save(str(out / "rust_model.ot"))


_WRITERS: dict[str, Callable[[Checkpoint, Model, list[Batch], Path], None]] = {
    "safetensors": _write_safetensors,
    "pytorch": _write_pytorch,
    "onnx": _write_onnx,
    "onnx-int8": _write_onnx_int8,
    "onnx-packed": _write_onnx_packed,
    "openvino": _write_openvino,
    "openvino-int8": _write_openvino_int8,
    "tensorflow": _write_saved_model,
    "tf-h5": _write_h5,
    "rust": _write_rust,
}


def _check(model: Model, batches: list[Batch], folder: Path) -> list[CheckedFormat]:
    """Load each format that is there by its own consumer and compare logits with the numpy reference."""
    # Three lengths tell as much as twenty, and the reference is slow.
    few = [batches[i] for i in sorted({0, len(batches) // 2, len(batches) - 1})]
    expected = [trace(model, b.ids, b.types, b.positions, b.blocks)[0] for b in few]
    checked: list[CheckedFormat] = []
    for name, names in FILES.items():
        if not all((folder / n).is_file() for n in names):
            continue
        pairs = list(zip(_logits(name, folder, model, few), expected, strict=True))
        real = [(a[0, b.blocks[0] == 1], w[0, b.blocks[0] == 1]) for (a, w), b in zip(pairs, few, strict=True)]
        difference = max(float(np.abs(a - w).max()) for a, w in real)
        agreement = float(np.mean([(a.argmax(0) == w.argmax(0)).mean() for a, w in real]))
        exact = not name.endswith("int8")
        if exact and difference > TOLERANCE:
            raise ModelError(f"{folder / names[0]}: logits differ from the reference by {difference:.2g}.")
        if not exact and agreement < AGREEMENT:
            kept = f"keeps the best start and end of {agreement:.0%} of windows, under {AGREEMENT:.0%}"
            raise ModelError(f"{folder / names[0]}: {kept}.")
        checked.append({"format": name, "file": names[0], "difference": difference, "agreement": agreement})
    return checked


def _logits(name: str, folder: Path, model: Model, batches: Sequence[Batch]) -> list[np.ndarray]:
    """Return the logits that a format's own consumer computes."""
    path = folder / FILES[name][0]
    precision = "int8" if name.endswith("int8") else "fp32"
    if name.startswith("onnx"):
        return list(map(OnnxRuntimeEngine(path, precision, 1).run, batches))
    if name.startswith("openvino"):
        return list(map(OpenVinoEngine(path, precision, 1).run, batches))
    if name in {"tensorflow", "tf-h5"}:
        return tensorflow_formats.read(name, model, path.parent, batches)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if name == "pytorch":
        loaded = _torch().load(path, weights_only=True, map_location="cpu")
        tensors = {n: value.numpy() for n, value in loaded.items()}
        ours = read_pickled_tensors(path)
        if set(ours) != set(tensors) or any(not np.array_equal(ours[n], tensors[n]) for n in ours):
            raise ModelError(f"{path}: torch and this reader read different weights.")
    elif name == "rust":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            parameters = _torch().jit.load(str(path), map_location="cpu").named_parameters()
        tensors = {n.replace("|", "."): value.detach().numpy() for n, value in parameters}
    else:
        from safetensors.numpy import load_file  # noqa: PLC0415  an extra

        tensors = load_file(path)
    again = build_model(config, tensors, str(path))
    return [trace(again, b.ids, b.types, b.positions, b.blocks)[0] for b in batches]


def _torch() -> Any:
    try:
        import torch  # noqa: PLC0415  an extra
    except ImportError:
        raise MissingExtraError("torch, which writes pytorch_model.bin and rust_model.ot", "train") from None
    return torch


def _handler() -> str:
    return files("drystone.reader.exports").joinpath("handler_template.py").read_text(encoding="utf-8")


def _card(checkpoint: Checkpoint, model: Model, out: Path) -> str:
    held = [name for name, names in FILES.items() if (out / names[0]).is_file()]
    rows = "\n".join(
        f"| {name} | `{FILES[name][0]}` | {sum((out / n).stat().st_size for n in FILES[name]) / 1e6:.1f} MB |"
        for name in held
    )
    pin = f" at revision `{checkpoint.revision}`" if checkpoint.revision else ""
    parameters = sum(v.size for v in checkpoint.tensors.values()) / 1e6
    return (
        f"---\npipeline_tag: question-answering\nlibrary_name: drystone\nbase_model: {checkpoint.name}\n---\n\n"
        f"# Extractive question answering: {Path(checkpoint.name).name}\n\n"
        f"Exported from `{checkpoint.name}`{pin}: {model.family}, {model.layers} layers, {parameters:.1f}M parameters. "
        "Licence, training data and limits are those of the model it was exported from.\n\n"
        f"| format | file | size |\n|---|---|---|\n{rows}\n\n"
        "```python\nfrom drystone.reader import Reader\n\n"
        'reader = Reader.load("path/to/this/folder")\n'
        'reader.answer("Who wrote it?", "It was written by Ada.")\n```\n\n'
        "`handler.py` answers the question-answering task on an inference endpoint. `drystone reader export --verify` "
        "checks the files against SHA256SUMS and each format against the weights.\n"
    )


def _checksums(out: Path) -> str:
    every = (p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file())
    names = sorted(name for name in every if name != _CHECKSUMS)
    return "".join(f"{_sha256(out / name)}  {name}\n" for name in names)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
