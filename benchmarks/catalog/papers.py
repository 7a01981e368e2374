"""Papers made from the manifest: how complete the ML-BOM is by a published checklist."""

from __future__ import annotations

from benchmarks.harness import Figure

_NOT_YET = "not measured yet"


def figures(quick: bool) -> list[Figure]:
    """Return what is to be measured."""
    return [
        Figure("completeness of the ML-BOM by a published checklist", None, "of 100", 90, 95, note=_NOT_YET),
    ]
