"""The plan from a graph export to lists of occurrences over a made-up graph, on local Ray workers, step by step.

    python -m benchmarks.software_heritage.simulation --engine ray --record FILE

Each task's CPU time and memory are measured where it runs, so the rates hold on a busy machine too.
"""

from __future__ import annotations

import argparse
import importlib
import json
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from benchmarks import builds
from benchmarks.harness import CACHE, machine
from benchmarks.software_heritage.memory import peak
from benchmarks.software_heritage.synthetic import generate
from drystone.sources import SoftwareHeritage
from drystone.sources.base import Limits
from drystone.work.engine import Engine
from drystone.work.store import Stage
from drystone.work.tasks import Summary, Task


@dataclass
class Step:
    """One step: tasks, seconds by the clock, seconds of CPU, the most memory of a task's process, bytes it wrote."""

    name: str
    tasks: int
    wall: float
    cpu: float
    peak: int
    written: int


@dataclass
class Simulation:
    """A run over one graph: its size, the steps, and what came out beside what the generator says must."""

    machine: str
    engine: str
    workers: int
    rows: dict[str, int]
    origins: int
    paths: int
    expected: int
    steps: list[Step]


def simulate(graph: Path, cache: Path, engine: Engine) -> Simulation:
    """Resolve a graph that `synthetic.generate` wrote, in the empty folder `cache`."""
    (cache / "bucket/content").mkdir(parents=True)
    known = json.loads((graph / "summary.json").read_text())
    runner = _Runner(engine)
    source = SoftwareHeritage(str(graph), str(cache / "bucket"), verify=True)
    parts = source.parts(cache, Limits(), runner)
    tasks = [Task(f"{i:06d}", _list, {"part": part, "cache": cache}) for i, part in enumerate(parts)]
    paths = sum(summary["paths"] for summary in runner("listing", Stage(cache / "listing"), tasks))
    return Simulation(
        machine=machine(),
        engine=engine.kind,
        workers=engine.threads,
        rows=known["rows"],
        origins=known["origins"],
        paths=paths,
        expected=known["paths"],
        steps=runner.steps,
    )


class _Runner:
    """Runs a collection's tasks through the build's engine, and keeps what they cost."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.steps: list[Step] = []

    def __call__(self, name: str, stage: Stage, tasks: Sequence[Task]) -> list[Summary]:
        given = [Task(task.id, _measured, {"measured": task}, task.weight) for task in tasks]
        start = time.monotonic()
        found = self._engine.run(name, stage, given)
        wall = time.monotonic() - start
        written = sum(path.stat().st_size for path in stage.folder.rglob("*") if path.is_file())
        step = Step(
            name.removeprefix("software heritage: "),
            len(given),
            wall,
            sum(summary["cpu"] for summary in found),
            max((summary["peak"] for summary in found), default=0),
            written,
        )
        self.steps.append(step)
        mega = 1e6
        print(
            f"{step.name:24} {step.tasks:5} tasks {wall:8.1f} s {step.cpu:8.1f} s CPU "
            f"{step.peak / mega:7.0f} MB {written / mega:9.1f} MB written",
            file=sys.stderr,
            flush=True,
        )
        return [summary["summary"] for summary in found]


def _measured(stage: Stage, task: str, measured: Task) -> Summary:
    start = time.process_time()
    summary = measured.do(stage)
    return {"summary": summary, "cpu": time.process_time() - start, "peak": peak()}


def _list(stage: Stage, task: str, part: Any, cache: Path) -> Summary:
    """List one part as a build's inventory does; count its occurrences."""
    return {"paths": part.listing(cache, Limits()).occurrences.num_rows}


def main() -> None:
    """Generate the graph where it is not there yet, resolve it, print and record what it cost."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--origins", type=int, default=10_000)
    parser.add_argument("--entries", type=int, default=50_000_000)
    parser.add_argument("--engine", choices=["native", "ray"], default="ray")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--record", type=Path, help="write the result as JSON")
    given = parser.parse_args()
    graph = CACHE / f"synthetic/{given.origins}-{given.entries}"
    if not (graph / "summary.json").exists():
        shutil.rmtree(graph, ignore_errors=True)
        generate(graph, origins=given.origins, entries=given.entries)
    kind: Literal["native", "ray"] = given.engine
    engine = Engine(kind=kind, threads=given.workers, in_process=0)
    with builds.workplace() as folder:
        found = simulate(graph, folder, engine)
    print(f"{found.paths:,} paths of {found.expected:,} that the graph has")
    if given.record is not None:
        given.record.write_text(json.dumps(asdict(found), indent=2) + "\n")
    sys.exit(0 if found.paths == found.expected else 1)


if __name__ == "__main__":
    # By its own name: Ray's workers import the module that a task's function is in.
    importlib.import_module("benchmarks.software_heritage.simulation").main()
