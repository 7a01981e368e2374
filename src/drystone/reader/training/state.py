"""A training run's state on disk: written whole or not at all, read back to the bit.

It knows nothing of models: tensors by name and a JSON object.
"""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from drystone.errors import ModelError


def write_atomically(path: Path, save: Any, keeps: str) -> None:
    """Call save(temporary path), then put the file in place; raises ModelError naming what is left where it fails."""
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save(part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        raise ModelError(
            f"{path}: cannot be written ({'the disk is full' if full else error.strerror or error}). {keeps}"
        ) from None


def write_state(path: Path, tensors: dict[str, np.ndarray], facts: dict[str, Any]) -> None:
    """Write a state; what stood there stays until the new one is whole."""
    from safetensors.numpy import save  # noqa: PLC0415  an extra

    raw = save(tensors, metadata={"state": json.dumps(facts)})
    kept = "The checkpoint before it is whole." if path.exists() else "No checkpoint was there before."
    write_atomically(path, lambda part: part.write_bytes(raw), f"{kept} Make room and run the same command again.")


def read_state(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Read a state; raises ModelError where it is damaged."""
    from safetensors import SafetensorError, safe_open  # noqa: PLC0415  an extra

    try:
        with safe_open(path, framework="numpy") as file:
            facts = json.loads((file.metadata() or {})["state"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a mapping
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise ModelError(
            f"{path}: not a readable training state ({error}). Delete its folder to start anew, or give another --out."
        ) from None
    return tensors, facts
