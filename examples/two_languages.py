"""Builds a release of the repository this file lies in, and reads it back.

python examples/two_languages.py [SOURCE [OUTPUT]]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import drystone

source = sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).parents[1])
output = sys.argv[2] if len(sys.argv) > 2 else str(Path(tempfile.mkdtemp()) / "release")
settings = {"languages": {"include": ["Python", "C++"]}, "near_duplicates": {"threshold": 0.8}}

# Processes on this machine do the work; the guard keeps them from running this file again.
if __name__ == "__main__":
    release = drystone.build([source], output, settings=settings)
    counts = release.manifest.counts
    print(f"{counts.kept} of {counts.occurrences} files are in {release.path}, root {release.root[:12]}")
    for language in release.languages:
        longest = max(release.files(language, ["path", "num_lines"]), key=lambda file: file["num_lines"])
        print(f"longest in {language}: {longest['path']} with {longest['num_lines']} lines")
    for table in release.ledger(["path", "reason"]):
        for row in table.to_pylist():
            if row["reason"] == "near_duplicate":
                print(f"near duplicate: {row['path']}")
