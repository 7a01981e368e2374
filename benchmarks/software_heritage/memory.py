"""Peak memory of resolving exports of 10 and 50 million directory entries, each in a process with a limit."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import builds
from benchmarks.harness import Figure
from benchmarks.software_heritage.paths import check, resolve

#: Bytes that the process may allocate, stacks of threads and reserves of allocators among them: one that needs more
#: fails.
LIMIT = 3 << 30


def figures(quick: bool) -> list[Figure]:
    sizes = (500_000, 2_000_000) if quick else (10_000_000, 50_000_000)
    found: list[Figure] = []
    peaks: list[float] = []
    for entries in sizes:
        with builds.workplace() as folder:
            origins = entries // 5_000
            made = _run("synthetic", folder / "export", "--origins", origins, "--entries", entries)
            result = _run("memory", folder / "export", folder)
        check(result["paths"], made)
        peaks.append(result["peak"])
        rows = made["rows"]["directory_entry"]
        note = f"{result['paths']:,} paths of {rows:,} entries, {result['seconds']:.0f} s of CPU; allocation is limited"
        name = f"peak memory at {entries / 1e6:g} million entries"
        found.append(Figure(name, result["peak"] / 1e6, "MB", LIMIT / 1e6, lower_is_better=True, note=note))
    ratio = peaks[-1] / peaks[0]
    name = f"peak memory, {sizes[-1] / 1e6:g} over {sizes[0] / 1e6:g} million entries"
    found.append(Figure(name, ratio, "ratio", None if quick else 1.2, 1.0, lower_is_better=True))
    return found


def _run(module: str, *arguments: object) -> dict[str, Any]:
    """Run a module of this benchmark in a process of its own, which prints JSON."""
    command = [sys.executable, "-m", f"benchmarks.software_heritage.{module}", *map(str, arguments)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found


def peak() -> int:
    """Return the most memory that this process has held, bytes. (`ru_maxrss` starts with what its parent held.)"""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def main() -> None:
    """Resolve an export under the limit; print the peak of memory, paths found and CPU seconds."""
    import pyarrow as pa

    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, LIMIT))
    pa.set_cpu_count(1)
    timed = resolve(Path(sys.argv[1]), Path(sys.argv[2]))
    print(json.dumps({"peak": peak(), "paths": timed.occurrences, "seconds": sum(timed.seconds.values())}))


if __name__ == "__main__":
    main()
