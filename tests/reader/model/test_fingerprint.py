"""A fingerprint tells weights and sizes apart, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from drystone.reader.model.families import Model
from drystone.reader.model.fingerprint import fingerprint

MODEL = Model(
    family="bert", layers=2, heads=2, hidden=8, activation="gelu", epsilon=1e-12, positions_from=0, max_tokens=64,
    weights={"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.zeros(3, np.float32)},
)  # fmt: skip


def test_it_is_the_one_that_earlier_versions_recorded() -> None:
    assert fingerprint(MODEL) == "68d532ae83d3c927952283307abefacb9743e42a093a58afc1e1e4a4d41ef706"


def test_order_and_layout_in_memory_do_not_matter() -> None:
    turned = {"b": MODEL.weights["b"], "a": np.asfortranarray(MODEL.weights["a"])}
    assert fingerprint(replace(MODEL, weights=turned)) == fingerprint(MODEL)


def test_every_weight_shape_and_size_counts() -> None:
    a, b = MODEL.weights["a"], MODEL.weights["b"]
    others = [
        replace(MODEL, weights={"a": a + 1, "b": b}),
        replace(MODEL, weights={"a": a.reshape(3, 2), "b": b}),
        replace(MODEL, weights={"a": a, "c": b}),
        replace(MODEL, epsilon=1e-6),
        replace(MODEL, positions_from=2),
    ]
    assert len({fingerprint(model) for model in [MODEL, *others]}) == 6
