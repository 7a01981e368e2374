"""The passport of a reader's folder: its card, and what its files themselves show. Loads no model, asks no question."""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Any, Final

from drystone.catalog.importing.cards import import_hub_folder
from drystone.catalog.importing.imported import Imported, QuotedText, known
from drystone.catalog.passports.passport import ArtifactVersion, Capability, Fact, Passport, Procedure
from drystone.catalog.passports.reading import load_object
from drystone.catalog.passports.texts import kept_by_hash
from drystone.catalog.passports.vocabulary import jobs
from drystone.errors import UsageError
from drystone.reader.model.families import FAMILIES
from drystone.release.files import file_sha256
from drystone.release.layout import shown

_METHOD: Final = Procedure(name="read from the model's files", version="1")
_WHOLE: Final = Procedure(name="weights, configuration and tokenizer are there, of a family that we read", version="1")
#: Bytes of the head of a safetensors file, and of a JSON file.
_LONGEST: Final = 100 * 1024**2
_FORMATS: Final = {
    "model.safetensors": "safetensors",
    "pytorch_model.bin": "PyTorch",
    "tf_model.h5": "TensorFlow",
    "model.onnx": "ONNX",
    "onnx/model.onnx": "ONNX",
    "openvino_model.xml": "OpenVINO",
    "rust_model.ot": "Rust",
}


def import_reader(folder: Path, name: str, date: str) -> Imported:
    """Return the passport of a reader in a folder; `date` is today (YYYY-MM-DD).

    Raises `UsageError` where card, configuration or weights are missing or cannot be read.
    """
    card = import_hub_folder(folder, name, date)
    config = load_object(folder / "config.json", _LONGEST)
    weights = folder / "model.safetensors"
    measures: dict[str, int | str] = {}
    if weights.is_file():
        measures["size.parameters"] = _parameters(weights)
        measures["size.model_bytes"] = weights.stat().st_size
    window = config.get("max_position_embeddings")
    if isinstance(window, int) and not isinstance(window, bool):
        measures["window"] = window
    formats = sorted({said for file, said in _FORMATS.items() if (folder / file).is_file()})
    if formats:
        measures["formats"] = ", ".join(formats)
    kept = QuotedText("".join(f"{key}: {value}\n" for key, value in measures.items()), f"{name}: its files", date)
    weights_hash = file_sha256(weights) if weights.is_file() else None
    measured = [
        known(key, value, [kept.quote(f"{key}: {value}\n", key)], "measured", _METHOD)
        for key, value in measures.items()
    ]  # fmt: skip
    if weights.is_file() and (folder / "tokenizer.json").is_file() and config.get("model_type") in FAMILIES:
        quote = kept.quote(f"formats: {measures['formats']}\n", "formats")
        measured.append(known("offline", True, [quote], "derived", _WHOLE))
    return _joined(card, measured, kept, config, weights_hash)


def _joined(
    card: Imported, measured: list[Fact], kept: QuotedText, config: dict[str, Any], weights: str | None
) -> Imported:  # fmt: skip
    passport = card.passport
    there = {fact.name for fact in measured}
    facts = [fact for fact in passport.facts if fact.name not in there] + measured
    does = [*passport.capabilities, *_more(config)]
    # A reader is its weights: their hash names it, whatever the day.
    versions = () if weights is None else (ArtifactVersion(name=weights[:12], hashes={"sha256": weights}),)
    artifact = passport.artifact.model_copy(update={"versions": versions})
    made = Passport(artifact=artifact, capabilities=tuple(does), facts=tuple(facts))
    return Imported(made, {**card.texts, **kept_by_hash([kept.text])}, card.notes)


def _more(config: dict[str, Any]) -> list[Capability]:
    """Return what a reader of a family that the program reads can do besides: be tuned, run elsewhere."""
    family = config.get("model_type")
    if not isinstance(family, str) or family not in FAMILIES:
        return []
    needs = (f"model_type {family}",)
    described = {
        "model.fine_tune": "drystone reader train goes on from its weights.",
        "model.runtimes": "drystone reader export writes it for ONNX Runtime, OpenVINO, TensorFlow and PyTorch.",
    }
    return [
        Capability(
            id=id, name=jobs()[id].name, description=said, intents=jobs()[id].intents, requirements=needs
        )
        for id, said in described.items()
    ]  # fmt: skip


def _parameters(path: Path) -> int:
    """Return how many numbers a safetensors file holds, by the shapes in its head."""
    try:
        with path.open("rb") as opened:
            (length,) = struct.unpack("<Q", opened.read(8))
            if length > _LONGEST:
                raise ValueError
            head = json.loads(opened.read(length))
        return sum(math.prod(map(int, one["shape"])) for name, one in head.items() if name != "__metadata__")
    except (OSError, ValueError, TypeError, KeyError, AttributeError, struct.error, RecursionError):
        raise UsageError(f"{shown(str(path))} is no safetensors file") from None
