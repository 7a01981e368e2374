"""Labelled cases of kinds that detection once got wrong: `cases/*.jsonl` of the labelled files, with their runner."""

from __future__ import annotations

import re
import subprocess
import sys

from benchmarks.detection.table import LABELLED, bounded
from benchmarks.harness import Figure

SETS = ("licenses", "secrets", "languages", "encodings", "notebooks", "near_duplicates")


def figures(quick: bool) -> list[Figure]:
    """Return, for each set, the share of its cases that come out as labelled."""
    folder = LABELLED / "cases"
    found = []
    for name in SETS:
        command = [sys.executable, str(folder / "run.py"), str(folder), "--set", name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        counted = re.search(rf"^{name}: (\d+) / (\d+)$", done.stdout, re.M)
        if counted is None:
            print(f"cases: {name} could not be run: {done.stdout[-500:]}{done.stderr[-500:]}", file=sys.stderr)
            continue
        passed, total = int(counted[1]), int(counted[2])
        found.append(bounded(f"cases: {name}", passed / total, f"of {total}", note=f"{passed} pass"))
    return found
