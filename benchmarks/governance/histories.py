"""Random histories with lost, restored and foreign registries: how often opted-out content comes into a release.

Each history is a chain of real builds, updates, retractions and decisions (`tests/building/test_registries.py` has the
steps). A history takes seconds: 10,000 of them take a night on two cores. HISTORIES in the environment says how many.
"""

from __future__ import annotations

import os
import shutil

from tests.building.test_registries import live_through

from benchmarks.builds import workplace
from benchmarks.harness import Figure


def figures(quick: bool) -> list[Figure]:
    """Live through histories, and count those in which something came back."""
    count = int(os.environ.get("HISTORIES", "5" if quick else "10000"))
    broken: list[int] = []
    for seed in range(count):
        with workplace() as folder:
            try:
                live_through(folder, seed)
            except AssertionError:
                broken.append(seed)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(exist_ok=True)
    note = f"{count:,} histories" + (f"; seeds {broken[:10]}" if broken else "")
    return [
        Figure("random histories with lost, restored, foreign registries: opted-out content in a release", len(broken),
               "histories", 0, 0, lower_is_better=True, note=note),
    ]  # fmt: skip
