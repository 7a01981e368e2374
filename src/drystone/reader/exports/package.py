"""Fills a package with a trained model, so that it can be installed with pip (`model.installed` finds it then).

It knows nothing of training.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from drystone.errors import ModelError, UsageError
from drystone.reader.model.checkpoint import read_checkpoint
from drystone.reader.model.families import build_model
from drystone.reader.training.files import write_model


def pack(model: str | Path, package: Path) -> Path:
    """Write a model (float16), its card and what made it into a package's folder `model`; return that folder.

    Raises UsageError where `package` is no package of one module, ModelError where a weight does not fit float16.
    """
    modules = sorted(path.parent for path in package.glob("src/*/__init__.py"))
    if not (package / "pyproject.toml").is_file() or len(modules) != 1:
        raise UsageError(f"{package}: is no package with a pyproject.toml and one module under src.")
    checkpoint = read_checkpoint(model)
    build_model(checkpoint.config, checkpoint.tensors, checkpoint.name)  # refuses what could not be loaded again
    largest = float(np.finfo(np.float16).max)
    for name, value in checkpoint.tensors.items():
        if value.dtype.kind == "f" and np.abs(value).max(initial=0.0) > largest:
            raise ModelError(f"{model}: tensor {name} holds numbers that float16 does not.")
    out = modules[0] / "model"
    write_model(checkpoint, out, half=True)
    for name in ("README.md", "training.json", "training.png"):
        if (checkpoint.folder / name).is_file():
            shutil.copyfile(checkpoint.folder / name, out / name)
    return out
