"""Comparing: pairs without a shared job refused, pairs with one not refused."""

from __future__ import annotations

from benchmarks.harness import Figure

_NOT_YET = "not measured yet"


def figures(quick: bool) -> list[Figure]:
    """Return what is to be measured."""
    return [
        Figure("pairs without a shared job refused, of 50", None, "pairs", 48, 50, note=_NOT_YET),
        Figure(
            "false refusals, of 50 pairs that share a job", None, "pairs", 2, 0, lower_is_better=True, note=_NOT_YET
        ),
    ]
