"""Entities that are one: precision and recall on 500 labelled pairs."""

from __future__ import annotations

from benchmarks.harness import Figure

_NOT_YET = "not measured yet"


def figures(quick: bool) -> list[Figure]:
    """Return what is to be measured."""
    return [
        Figure("duplicate entities, precision on 500 labelled pairs", None, "", 0.98, 0.99, note=_NOT_YET),
        Figure("duplicate entities, recall on 500 labelled pairs", None, "", 0.93, 0.97, note=_NOT_YET),
    ]
