"""A state is read back to the bit, and what cannot be written leaves the one before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from drystone.errors import ModelError
from drystone.reader.training.state import read_state, write_atomically, write_state

pytest.importorskip("safetensors", reason="the extra `reader` is not installed")


def test_what_was_written_is_read_to_the_bit(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    tensors = {"weights": random.normal(size=(3, 5)).astype(np.float32), "odd": np.array([np.nan, -0.0], np.float32)}
    facts = {"at": {"step": 7, "best": None}, "history": [{"loss": 0.1}]}
    path = tmp_path / "deep/state.safetensors"
    write_state(path, tensors, facts)
    found, said = read_state(path)
    assert said == facts
    assert found.keys() == tensors.keys()
    assert all(found[name].tobytes() == value.tobytes() for name, value in tensors.items())
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_write_that_fails_leaves_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    write_state(path, {"a": np.ones(2, np.float32)}, {"n": 1})

    def fail(part: Path) -> None:
        part.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(ModelError, match=r"state\.safetensors: cannot be written .* It is whole\."):
        write_atomically(path, fail, "It is whole.")
    assert read_state(path)[1] == {"n": 1}
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_damage_is_named(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    for raw in (b"", b"\x08\0\0\0\0\0\0\0{}      ", b"no state at all"):
        path.write_bytes(raw)
        with pytest.raises(ModelError, match=r"state\.safetensors: not a readable training state"):
            read_state(path)
    with pytest.raises(ModelError, match=r"gone\.safetensors: not a readable training state"):
        read_state(tmp_path / "gone.safetensors")
