"""Events appended a second by eight processes at once, each event a transaction of its own on disk; none lost."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path

from tests.registry.conftest import start_postgresql

from benchmarks.harness import Figure
from drystone.registry import Registry

WRITERS = 8


def _write(url: str, writer: int, together: Barrier, seconds: float, done: multiprocessing.Queue[int]) -> None:
    with Registry.open(url) as registry:
        together.wait()
        count = 0
        start = time.monotonic()
        while time.monotonic() < start + seconds:
            registry.events.append("note", {"writer": writer, "number": count, "text": "x" * 200})
            count += 1
    done.put(count)


def _measure(name: str, url: str, seconds: float, at_least: float) -> Figure:
    Registry.open(url).close()
    context = multiprocessing.get_context("spawn")
    done: multiprocessing.Queue[int] = context.Queue()
    together = context.Barrier(WRITERS)
    processes = [context.Process(target=_write, args=(url, n, together, seconds, done)) for n in range(WRITERS)]
    for process in processes:
        process.start()
    counts = [done.get() for _ in processes]
    for process in processes:
        process.join()
    with Registry.open(url) as registry:
        found = registry.audit()
        seen = [e.as_dict()["body"] for e in registry.events.all()]
    pairs = {(body["writer"], body["number"]) for body in seen}
    whole = not found.problems and found.events == sum(counts) == len(pairs)
    note = f"{sum(counts)} events, least of a writer {min(counts)}; " + ("chain whole" if whole else "NOT WHOLE")
    # A log that lost something has no speed.
    return Figure(f"events appended, {name}", sum(counts) / seconds if whole else 0.0, "1/s", at_least, 2000, note=note)


def figures(quick: bool) -> list[Figure]:
    """Return the figure of each database that is here."""
    seconds = 3.0 if quick else 10.0
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        found = [_measure("SQLite, 8 writers", str(Path(folder) / "registry.sqlite"), seconds, 200)]
    server = start_postgresql()
    if isinstance(server, str):
        raise SystemExit(f"events on PostgreSQL cannot be measured: {server}")
    try:
        found.append(_measure("PostgreSQL, 8 writers", server.database(), seconds, 500))
    finally:
        server.stop()
    return found
