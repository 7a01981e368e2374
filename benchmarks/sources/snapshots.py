"""Are snapshots those that Software Heritage's own git loader makes, whatever references a forge has made?

The loader runs in an environment of its own, over the repositories of `tests/sources/git/references.py`.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from tests.sources.git.references import make

from benchmarks.harness import CACHE, Figure, peer
from drystone.sources import GitSource, Limits

_ORACLES: Final = Path(__file__).parents[2] / "tests/oracles"


def figures(quick: bool) -> list[Figure]:
    """Return how many snapshots are equal to the loader's."""
    python = peer("swh-export", (_ORACLES / "swh-export-requirements.txt").read_text().split())
    with tempfile.TemporaryDirectory(prefix="drystone-snapshots-") as folder:
        paths = make(Path(folder))
        command = [str(python), str(_ORACLES / "swh_snapshots.py"), *map(str, paths)]
        said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        ours = []
        for path in paths:
            with GitSource(path).open(CACHE, Limits()) as opened:
                ours.append(opened.repository().snapshot)
    equal = sum(one is not None and one == other for one, other in zip(ours, said, strict=True))
    name = f"snapshots equal to those of the archive's loader, of {len(paths)} repositories"
    return [Figure(name, equal, "repositories", len(paths), len(paths))]
