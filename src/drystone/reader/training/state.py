"""A training run's state on disk: written whole or not at all, read back to the bit.

It knows nothing of models: tensors by name and a JSON object.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from drystone.errors import ModelError
from drystone.work.files import remove_partial, whole, why


def write_atomically(path: Path, save: Any, keeps: str) -> None:
    """Call save(temporary path), then put the file in place; raises ModelError naming what is left where it fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as part:
            save(part)
    except OSError as error:
        raise ModelError(f"{path}: cannot be written ({why(error)}). {keeps}") from None


def write_state(path: Path, tensors: dict[str, np.ndarray], facts: dict[str, Any]) -> None:
    """Write a state; what stood there stays until the new one is whole."""
    from safetensors.numpy import save  # noqa: PLC0415  an extra

    raw = save(tensors, metadata={"state": json.dumps(facts)})
    if path.parent.is_dir():
        remove_partial(path.parent)  # of a run that was killed: states are large
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
