"""Snapshots of reviews are values: equal ones have one hash, and nobody changes them."""

from __future__ import annotations

import pickle
from typing import get_args

import pytest

from drystone.registry.plain import PLACE_KINDS, STATUSES, Outcome, ReviewSnapshot


def test_a_snapshot_is_a_value() -> None:
    one = ReviewSnapshot((("a" * 64, "MIT"), ("b" * 64, "NONE")))
    assert pickle.loads(pickle.dumps(one)) == one
    assert one.decisions == {"a" * 64: "MIT", "b" * 64: "NONE"}
    with pytest.raises(TypeError):
        one.decisions["c"] = "MIT"  # type: ignore[index]


def test_its_hash_is_that_of_its_decisions() -> None:
    one = ReviewSnapshot((("a" * 64, "MIT"),))
    assert one.sha256 == ReviewSnapshot((("a" * 64, "MIT"),)).sha256
    others = [ReviewSnapshot(), ReviewSnapshot((("a" * 64, "ISC"),)), ReviewSnapshot((("b" * 64, "MIT"),))]
    assert len({snapshot.sha256 for snapshot in [one, *others]}) == 4


def test_every_outcome_is_a_status() -> None:
    assert set(get_args(Outcome)) < set(STATUSES)
    assert len(set(PLACE_KINDS)) == 3
