"""Writes and reads TensorFlow's formats in a Python that has TensorFlow, by `tensorflow_ops`.

That Python is named by DRYSTONE_TENSORFLOW, or is this one. It knows nothing of checkpoints.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from drystone.errors import ModelError, UsageError
from drystone.reader.engines.schedule import Batch
from drystone.reader.model.families import Model

_LIMIT = 900  # seconds: TensorFlow starts slowly, and a large model is traced once


def python() -> str:
    """Return the Python that has TensorFlow; raises UsageError saying how to name one."""
    named = os.environ.get("DRYSTONE_TENSORFLOW")
    if named:
        if not Path(named).is_file():
            raise UsageError(f"DRYSTONE_TENSORFLOW: {named} is not a Python interpreter.")
        return named
    if importlib.util.find_spec("tensorflow"):
        return sys.executable
    raise UsageError(
        "--to: tensorflow is not installed. It goes best into an environment of its own (python -m venv tf; "
        "tf/bin/pip install tensorflow-cpu 'transformers<5' tf-keras): set DRYSTONE_TENSORFLOW=tf/bin/python."
    )


def write(task: str, model: Model, folder: Path) -> None:
    """Write `tensorflow` (a SavedModel) or `tf-h5` (tf_model.h5) into `folder`.

    Raises UsageError for a family that the format is not written for.
    """
    if model.relative:
        raise UsageError(f"--to: {task} is not written for {model.family}.")
    if task == "tf-h5" and model.family not in ("bert", "distilbert"):
        raise UsageError(f"--to: tf-h5 is written for bert and distilbert, not for {model.family}.")
    _run(f"write-{task}", model, folder, [])


def read(task: str, model: Model, folder: Path, batches: Sequence[Batch]) -> list[np.ndarray]:
    """Return float32 logits [rows, tokens, 2] of batches, computed by the format's own consumer."""
    return _run(f"read-{task}", model, folder, batches)


def _run(task: str, model: Model, folder: Path, batches: Sequence[Batch]) -> list[np.ndarray]:
    fields = ("family", "layers", "heads", "hidden", "activation", "epsilon", "positions_from", "max_tokens")
    arrays: dict[str, Any] = {f"w:{name}": value for name, value in model.weights.items()}
    arrays["sizes"] = np.array(json.dumps({name: getattr(model, name) for name in fields}))
    arrays["rows"] = np.array(len(batches))
    for i, batch in enumerate(batches):
        arrays |= {f"{name}_{i}": np.ascontiguousarray(getattr(batch, name)) for name in ("ids", "types", "blocks")}
    with tempfile.TemporaryDirectory() as home:
        source = Path(home) / "model.npz"
        np.savez(source, **arrays)
        # The other Python sees this package and nothing else of this environment.
        (Path(home) / "drystone").symlink_to(Path(__file__).parents[2], target_is_directory=True)
        environment = {
            **os.environ, "PYTHONPATH": home, "TF_CPP_MIN_LOG_LEVEL": "3", "TF_USE_LEGACY_KERAS": "1",
            "CUDA_VISIBLE_DEVICES": "", "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip
        command = [python(), "-m", "drystone.reader.model.tensorflow_ops", task, str(source), str(folder.resolve())]
        try:
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_LIMIT, check=False)
        except subprocess.TimeoutExpired:
            raise ModelError(f"{folder}: {task} did not end within {_LIMIT} s.") from None
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise ModelError(f"{folder}: {task} failed in {command[0]}: {last}")
        if not task.startswith("read"):
            return []
        with np.load(source.with_name("logits.npz")) as found:
            return [found[f"arr_{i}"] for i in range(len(batches))]
