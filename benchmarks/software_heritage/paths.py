"""Directory entries resolved to paths: CPU seconds of every step from the export's ORC to lists of occurrences."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks import builds
from benchmarks.harness import Figure
from benchmarks.software_heritage import graph
from drystone.sources.base import Limits
from drystone.sources.software_heritage import SoftwareHeritage

#: What the archive knows of contents is joined afterwards, and is no part of finding paths.
AFTER = ("contents", "asked", "joined")


class Timed:
    """Runs tasks here and counts CPU seconds of each step, and the rows it gave."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.occurrences = 0

    def __call__(self, name: str, folder: Path, work: Any, tasks: Any) -> list[dict[str, Any]]:
        folder.mkdir(parents=True, exist_ok=True)
        start = time.process_time()
        found = [work(folder, task, **arguments) for task, arguments in tasks]
        step = name.rpartition(": ")[2]
        self.seconds["level" if step.startswith("level") else step] += time.process_time() - start
        self.occurrences += sum(part["rows"] for summary in found for part in summary.get("parts", ()))
        return found


def resolve(folder: Path, origins: int, entries: int) -> tuple[Timed, int]:
    """Make an export and resolve it; return what it took, and how many directory entries it has."""
    made = graph.make(folder / "export", origins, entries)
    (folder / "bucket/content").mkdir(parents=True)
    timed = Timed()
    start = time.process_time()
    SoftwareHeritage(str(folder / "export"), str(folder / "bucket")).parts(folder / "cache", Limits(), timed)
    timed.seconds["between"] = time.process_time() - start - sum(timed.seconds.values())
    return timed, made


def figures(quick: bool) -> list[Figure]:
    pa.set_cpu_count(1)
    origins, entries = (400, 300_000) if quick else (1_000, 5_000_000)
    with builds.workplace() as folder:
        timed, made = resolve(folder, origins, entries)
    spent = sum(seconds for step, seconds in timed.seconds.items() if step not in AFTER)
    most = ", ".join(f"{step} {seconds:.1f} s" for step, seconds in timed.seconds.most_common(5))
    note = f"{made:,} entries, {origins:,} origins, {timed.occurrences:,} paths; {most}"
    return [
        Figure(
            "directory entries resolved to paths", timed.occurrences / spent, "1/s/core", 300_000, 2_000_000, note=note
        ),
        Figure(
            "directory entries of the export read, each once", made / spent, "1/s/core", 300_000, note="the same run"
        ),
    ]
