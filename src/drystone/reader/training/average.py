"""The mean of several readers' weights, often better than each of them (Wortsman et al. 2022, model soups).

It helps where they were trained from one another or from one base, so that what lies between them is good as well.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from drystone.errors import UsageError
from drystone.reader.model.checkpoint import Checkpoint, read_checkpoint
from drystone.reader.model.families import Model, build_model
from drystone.reader.model.fingerprint import fingerprint
from drystone.reader.training.data import HELD_OUT
from drystone.reader.training.files import describe, versions, write_manifest, write_model
from drystone.reader.training.records import WeightsFacts


def average(models: Sequence[str | Path], out: Path) -> Path:
    """Write the mean of the weights of `models`, each counting alike, and what made it as the folder `out`.

    `training.json` lists the models with their own records; the questions that all of them held back are kept. Raises
    UsageError where there are fewer than two, where sizes, tensors or tokenizers differ, or where `out` is one of them.
    """
    if len(models) < 2:
        raise UsageError("average: give at least two models.")
    checkpoints = [read_checkpoint(model) for model in models]
    first, *others = checkpoints
    built = [build_model(checkpoint.config, checkpoint.tensors, checkpoint.name) for checkpoint in checkpoints]
    for checkpoint, model in zip(checkpoints, built, strict=True):
        if replace(model, weights={}) != replace(built[0], weights={}) or _shapes(checkpoint) != _shapes(first):
            raise UsageError(f"{checkpoint.name}: has other sizes than {first.name}; only like weights have a mean.")
        if checkpoint.vocabulary() != first.vocabulary():
            raise UsageError(f"{checkpoint.name}: has another tokenizer than {first.name}.")
        if checkpoint.folder.resolve() == out.resolve():
            raise UsageError(f"{out}: is one of the models; give another folder.")
    mean = {
        name: (sum((o.tensors[name] for o in others), value.astype(np.float64)) / len(models)).astype(value.dtype)
        for name, value in first.tensors.items()
    }
    records = [_record(checkpoint, model) for checkpoint, model in zip(checkpoints, built, strict=True)]
    write_model(replace(first, tensors=mean), out)
    held = [checkpoint.folder / HELD_OUT for checkpoint in checkpoints]
    if all(path.is_file() for path in held) and len({path.read_bytes() for path in held}) == 1:
        shutil.copyfile(held[0], out / HELD_OUT)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    write_manifest(out, {"finished": now, "mean_of": records, "versions": versions()})
    return out


def _shapes(checkpoint: Checkpoint) -> dict[str, tuple[int, ...]]:
    return {name: value.shape for name, value in checkpoint.tensors.items()}


def _record(checkpoint: Checkpoint, model: Model) -> WeightsFacts:
    found: WeightsFacts = {"name": Path(checkpoint.name).name, "weights": fingerprint(model)}
    if (checkpoint.folder / "training.json").is_file():
        found["training"] = describe(checkpoint.folder)
    return found
