"""How long users wait for a release of 700 languages: the first row of `load_dataset` and of Croissant's records.

Each in a process of its own that has imported its library, in processor time: what is measured is what the release asks
of it, not the library's own start.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.release.sample import Row, write_sample

from benchmarks.harness import Figure
from drystone.detect.languages import languages

_DATASETS: Final = """
import sys, time
import datasets
start = time.process_time()
rows = datasets.load_dataset(sys.argv[1], split="train", streaming=True)
assert next(iter(rows))["content"]
print(time.process_time() - start)
"""
_CROISSANT: Final = """
import sys, time
import mlcroissant
start = time.process_time()
described = mlcroissant.Dataset(sys.argv[1] + "/croissant.json")
assert [each.name for each in described.metadata.record_sets] == ["files"]
print(time.process_time() - start)
"""


def _seconds(program: str, release: Path, home: Path) -> float:
    told = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(home)}
    command = [sys.executable, "-W", "ignore", "-c", program, str(release)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True, env=told).stdout)


def figures(quick: bool) -> list[Figure]:
    """Return the seconds until the first row of all languages, and until Croissant's description is there."""
    names = sorted(languages())[:700]
    with tempfile.TemporaryDirectory(prefix="drystone-opening-") as folder:
        release = Path(folder) / "release"
        rows = [Row("own/x", f"/f{n}.x", f"text {n}\n".encode(), name) for n, name in enumerate(names)]
        write_sample(release, rows, shards=1)
        first = min(_seconds(_DATASETS, release, Path(folder) / f"home-{n}") for n in range(2))
        described = min(_seconds(_CROISSANT, release, Path(folder)) for _ in range(2))
    note = f"{len(names)} languages; processor time"
    return [
        Figure("load_dataset(DIR, split='train', streaming=True), first row", first, "s", 3, 1, True, note),
        Figure("Croissant description loaded", described, "s", 3, 1, True, note),
    ]
