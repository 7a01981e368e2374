"""A build in an object store alone, without a file system that hosts share: not built yet, and said so."""

from __future__ import annotations

from benchmarks.harness import Figure


def figures(quick: bool) -> list[Figure]:
    """Return the figure with why it has no number."""
    why = "output, work folder and cache must be folders; a URL is refused before any work"
    name = "build on S3 only, time over local"
    return [Figure(name, None, "times", 1.6, 1.2, lower_is_better=True, note=why)]
