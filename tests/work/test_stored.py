"""Values in a file: each is found by its number, and the whole is told in few bytes."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from drystone.work.stored import Stored


def test_values_are_found_by_number(tmp_path: Path) -> None:
    values = [("a", [1, 2]), ("b", []), ("c" * 5000, [3])]
    stored = Stored.of(values, tmp_path / "values")
    assert list(stored) == values
    assert stored[1] == values[1]
    assert stored[-1] == values[2]
    assert stored[1:] == values[1:]
    assert stored[3:] == []
    with pytest.raises(IndexError):
        stored[3]
    assert len(pickle.dumps(stored)) < 400
    assert list(Stored.of([], tmp_path / "none")) == []
