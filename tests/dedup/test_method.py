"""The method: parameters in their ranges, bands and rows solved, everything described."""

from __future__ import annotations

import json
from typing import Any

import pytest

from drystone.dedup import near
from drystone.dedup.method import probability, solve
from drystone.errors import UsageError


def test_defaults() -> None:
    method = near.Method()
    assert method.banding == (42, 6)
    described = method.describe()
    assert json.loads(json.dumps(described)) == described
    assert described["recall_at_threshold"] == pytest.approx(1 - (1 - 0.7**6) ** 42, abs=1e-6)
    assert {"rule", "rule_version", "seed", "bands", "rows", "sketch", "size", "threshold"} <= set(described)


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.85, 1.0])
@pytest.mark.parametrize("recall", [0.9, 0.99])
def test_the_most_rows_that_reach_the_recall(threshold: float, recall: float) -> None:
    bands, rows = solve(threshold, recall, 256)
    assert bands * rows <= 256
    assert probability(threshold, bands, rows) >= recall
    assert all(probability(threshold, 256 // r, r) < recall for r in range(rows + 1, 257))


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"threshold": 0.0}, "threshold"),
        ({"threshold": 1.1}, "threshold"),
        ({"threshold": float("nan")}, "threshold"),
        ({"recall": 1.0}, "recall"),
        ({"sketch": "simhash"}, "sketch"),
        ({"size": 0}, "size"),
        ({"size": 4097}, "size"),
        ({"seed": -1}, "seed"),
        ({"bands": 5}, "both"),
        ({"bands": 100, "rows": 3}, "fit"),
        ({"threshold": 0.01, "size": 4}, "recall"),
    ],
)
def test_wrong_parameters_are_named(wrong: dict[str, Any], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        near.Method(**wrong)
