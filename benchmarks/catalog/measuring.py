"""Measuring a dataset: megabytes a second and core over a sample of 1 GB."""

from __future__ import annotations

from benchmarks.harness import Figure

_NOT_YET = "not measured yet"


def figures(quick: bool) -> list[Figure]:
    """Return what is to be measured."""
    return [
        Figure("measuring a dataset sample of 1 GB", None, "MB/s a core", 60, 120, note=_NOT_YET),
    ]
