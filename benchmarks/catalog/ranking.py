"""Ranking 100,000 artifacts anew."""

from __future__ import annotations

from benchmarks.harness import Figure

_NOT_YET = "not measured yet"


def figures(quick: bool) -> list[Figure]:
    """Return what is to be measured."""
    return [
        Figure("100,000 artifacts ranked anew", None, "s", 10, 3, lower_is_better=True, note=_NOT_YET),
    ]
