"""The releases that questions are asked of: built and indexed once, into the benchmarks' cache. Knows no questions."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.answers.questions import settings
from drystone.release.read import Release, open_release
from drystone.search.verbs import index_release


def released(name: str) -> Release:
    """Return the release of `NAME.toml` here, built and indexed where it is not yet."""
    file = settings(name)
    folder = file.parents[2] / ".cache/answers" / name
    if not (folder / "manifest.json").exists():
        command = [sys.executable, "-m", "drystone", "build", str(file), "--quiet", "--json"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    index_release(folder)  # nothing is made where it is there, and of this version
    return open_release(folder)


def said(release: Release) -> str:
    """Return a release's size in words."""
    entries = release.manifest.of_kind("data")
    megabytes = sum(entry.text_bytes for entry in entries) / 1e6
    return f"{megabytes:.1f} MB of text in {sum(entry.rows for entry in entries):,} files"
