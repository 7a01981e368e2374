"""Peak memory of resolving exports of 10 and 50 million directory entries, each in a process with a limit."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

from benchmarks import builds
from benchmarks.harness import Figure

#: Bytes that the process may allocate: one that needs more fails.
LIMIT = 3 << 30


def figures(quick: bool) -> list[Figure]:
    sizes = (500_000, 2_000_000) if quick else (10_000_000, 50_000_000)
    found: list[Figure] = []
    peaks: list[float] = []
    for entries in sizes:
        with builds.workplace() as folder:
            origins = entries // 5_000
            subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "benchmarks.software_heritage.memory",
                    "make",
                    str(folder),
                    str(origins),
                    str(entries),
                ],
                check=True,
            )
            command = [sys.executable, "-m", "benchmarks.software_heritage.memory", "resolve", str(folder)]
            result = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        peaks.append(result["peak"])
        note = f"{result['paths']:,} paths of {origins:,} origins, {result['seconds']:.0f} s of CPU"
        limit = LIMIT / 1e6
        name = f"peak memory at {entries / 1e6:g} million entries"
        found.append(Figure(name, result["peak"] / 1e6, "MB", limit, lower_is_better=True, note=note))
    ratio = peaks[-1] / peaks[0]
    name = f"peak memory, {sizes[-1] / 1e6:g} over {sizes[0] / 1e6:g} million entries"
    found.append(Figure(name, ratio, "ratio", None if quick else 1.2, 1.0, lower_is_better=True))
    return found


def _make(folder: Path, origins: int, entries: int) -> None:
    from benchmarks.software_heritage import graph

    graph.make(folder / "export", origins, entries)
    (folder / "bucket/content").mkdir(parents=True)


def _resolve(folder: Path) -> None:
    import pyarrow as pa

    from benchmarks.software_heritage.paths import Timed
    from drystone.sources.base import Limits
    from drystone.sources.software_heritage import SoftwareHeritage

    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, LIMIT))
    pa.set_cpu_count(1)
    timed = Timed()
    SoftwareHeritage(str(folder / "export"), str(folder / "bucket")).parts(folder / "cache", Limits(), timed)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"peak": peak, "paths": timed.occurrences, "seconds": sum(timed.seconds.values())}))


if __name__ == "__main__":
    if sys.argv[1] == "make":
        _make(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    else:
        _resolve(Path(sys.argv[2]))
