"""Directory entries resolved to paths: CPU seconds of every step from the export's ORC to lists of occurrences."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks import builds
from benchmarks.harness import Figure
from benchmarks.software_heritage.synthetic import Summary, generate
from drystone.sources.base import Limits
from drystone.sources.software_heritage.source import SoftwareHeritage

#: What the archive knows of contents is joined afterwards, and is no part of finding paths.
AFTER = ("contents", "asked", "joined")
#: Runs of which the best counts: CPU seconds grow where others use the caches.
_ROUNDS = 2


class Timed:
    """Runs tasks here and counts CPU seconds of each step, and the occurrences it gave."""

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


def resolve(graph: Path, folder: Path) -> Timed:
    """Resolve an export as a build does, hashes of directories checked; return what it took."""
    (folder / "bucket/content").mkdir(parents=True)
    timed = Timed()
    start = time.process_time()
    source = SoftwareHeritage(str(graph), str(folder / "bucket"), verify=True)
    source.parts(folder / "cache", Limits(), timed)
    timed.seconds["between"] = time.process_time() - start - sum(timed.seconds.values())
    return timed


def check(found: int, made: Summary | dict[str, Any]) -> None:
    """End the benchmark where an export gave other paths than its generator wrote."""
    wanted = made["paths"] if isinstance(made, dict) else made.paths
    if found != wanted:
        raise SystemExit(f"{found:,} paths came out of a graph that has {wanted:,}")


def _spent(timed: Timed) -> float:
    return sum(seconds for step, seconds in timed.seconds.items() if step not in AFTER)


def figures(quick: bool) -> list[Figure]:
    pa.set_cpu_count(1)
    origins, entries = (200, 500_000) if quick else (1_000, 5_000_000)
    with builds.workplace() as folder:
        made = generate(folder / "export", origins=origins, entries=entries)
        rounds = [resolve(folder / "export", folder / str(number)) for number in range(_ROUNDS)]
    for found in rounds:
        check(found.occurrences, made)
    timed = min(rounds, key=_spent)
    spent = _spent(timed)
    most = ", ".join(f"{step} {seconds:.1f} s" for step, seconds in timed.seconds.most_common(5))
    read = made.rows["directory_entry"]
    note = (
        f"{timed.occurrences:,} paths of {made.roots:,} root directories, {read:,} entries read; "
        f"the best of {' and '.join(f'{_spent(found):.1f} s' for found in rounds)}: {most}"
    )
    bounds = (None, None) if quick else (300_000, 2_000_000)
    # Paths are fewer than entries here: entries of directories and of earlier revisions are read too, and not counted.
    return [
        Figure("directory entries resolved to paths", timed.occurrences / spent, "1/s/core", *bounds, note=note),
        Figure("directory entries of the export, each once", read / spent, "1/s/core", note="the same run"),
    ]
