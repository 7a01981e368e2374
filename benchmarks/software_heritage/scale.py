"""What the whole export of 2026 would take, step by step, from rates that were measured here.

    python -m benchmarks.software_heritage.simulation --record rates.json     50 million entries on two Ray workers
    python -m benchmarks.software_heritage.simulation --origins 200000 --entries 4000000 --record origin_rates.json
    python -m benchmarks.software_heritage.scale --measure build_rates.json   the stages of a build, on real packages
    python -m benchmarks.software_heritage.scale                              the tables of docs/scale.md

The records lie beside this file. Sizes of the export are those that its documentation gives; what it does not give is
an assumption, named in `ASSUMED` and printed with the tables. Steps grow with the rows they read: no step of the plan
compares all with all.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from benchmarks import builds, corpus
from benchmarks.harness import CACHE, machine
from benchmarks.software_heritage.memory import peak
from drystone import building
from drystone.building.settings import Settings
from drystone.sources.software_heritage.source import _GROUP_ENTRIES, _ORIGIN_WEIGHT, _RUN_SHARE
from drystone.work.engine import Engine
from drystone.work.runs import ROWS_PER_RANGE

_HERE: Final = Path(__file__).parent
RATES: Final = _HERE / "rates.json"
ORIGIN_RATES: Final = _HERE / "origin_rates.json"
BUILD_RATES: Final = _HERE / "build_rates.json"

#: The export of 2026-06-04 as docs/graph/dataset.rst of swh-export gives it: 33 TiB, nodes and edges.
BYTES: Final = 33 * 2**40
NODES: Final = 58.68e9
EDGES: Final = 1.101e12
#: The Stack v2: files and bytes of text from the graph of 2023-09-06, and that graph's nodes (its card and paper).
STACK_FILES: Final = 3e9
STACK_BYTES: Final = 67.5e12
STACK_NODES: Final = 34.1e9
#: What nobody has told us, as plain numbers to be changed.
ASSUMED: Final = {
    "origins": 400e6,
    "share of directory entries that a chosen head reaches": 0.10,
    "dollars a core-hour": 0.04,
    "dollars for a million GET requests": 0.40,
    "milliseconds that a request waits for the bucket": 30.0,
}
#: Rows that a task holds: `rows` of the source at full size, and by default, as it was measured. Entries of a group of
#: roots are at most as many as `software_heritage._GROUP_ENTRIES`.
ROWS: Final = 1 << 26
MEASURED: Final = ROWS_PER_RANGE
MOST_OF_GROUP: Final = _GROUP_ENTRIES
#: Bytes of one ranged read from the bucket.
_READ: Final = 8 << 20
#: Steps by what they grow with; a step that is not named grows with directory entries.
_DRIVERS: Final = {
    **dict.fromkeys(
        ("visits", "latest", "recorded", "branches", "chosen", "repositories", "collapsed", "roots", "level-000"),
        "origins",
    ),
    **dict.fromkeys(("releases", "revisions", "root-directories"), "nodes"),
    **dict.fromkeys(("parts", "asked", "listing"), "paths"),
    **dict.fromkeys(("contents", "joined"), "contents"),
}
#: Steps whose rates come from the graph of many origins: in the other one, their tasks are nearly empty.
_OF_ORIGINS: Final = frozenset(
    ("visits", "latest", "branches", "chosen", "revisions", "root-directories", "repositories", "collapsed", "roots")
)
#: The one whose tasks are not full there either, and the table whose rows they hold.
_HELD: Final = {"root-directories": "revision"}
#: It reads all nodes, and writes what it finds of origins.
_WRITTEN: Final = {"root-directories": "origins"}
_CONCURRENCY: Final = 32
PAGE: Final = _HERE.parents[1] / "docs/scale.md"
_BEGIN: Final = "<!-- printed by python -m benchmarks.software_heritage.scale -->"
_END: Final = "<!-- end -->"


@dataclass(frozen=True)
class Line:
    """One step at full size."""

    step: str
    amount: str
    shuffled: float
    memory: float
    requests: float
    core_hours: float

    def cost(self) -> float:
        """Return dollars for cores and requests."""
        of_requests = self.requests / 1e6 * ASSUMED["dollars for a million GET requests"]
        return self.core_hours * ASSUMED["dollars a core-hour"] + of_requests


def graph_lines(rates: dict[str, Any], of_origins: dict[str, Any]) -> list[Line]:
    """Return the steps from the export's tables to lists of occurrences."""
    reached = ASSUMED["share of directory entries that a chosen head reaches"]
    large = {
        "origins": ASSUMED["origins"],
        # The export's documentation has no number for each kind of node, so that each of these is an upper bound.
        "nodes": NODES,
        "entries": EDGES,
        "paths": EDGES * reached,
        "contents": NODES,
    }
    opened, an_open = _opened(rates, of_origins, large), _an_open(rates)
    merged: dict[str, Line] = {}
    first = [step for step in of_origins["steps"] if step["name"] in _OF_ORIGINS]
    for step in [*first, *(step for step in rates["steps"] if step["name"] not in _OF_ORIGINS)]:
        name = step["name"]
        record = of_origins if name in _OF_ORIGINS else rates
        base, small = min(step["peak"] for step in record["steps"]), _amounts(record)
        kind = "level" if name.startswith("level-") and name != "level-000" else name
        kind = "peeled" if kind.startswith("peeled") else kind
        driver = _DRIVERS.get(name, "origins" if kind == "peeled" else "entries")
        factor, wrote = large[driver] / max(1, small[driver]), _WRITTEN.get(name, driver)
        # What a task holds above an empty process grows with the rows that it may hold; a part's length does not.
        more = 1 if kind in ("asked", "listing") else min(ROWS, MOST_OF_GROUP if kind == "parts" else ROWS) / MEASURED
        if name in _HELD:
            more = ROWS / (record["rows"][_HELD[name]] / step["tasks"])
        found = Line(
            kind,
            f"{_short(large[driver])} {driver}",
            step["written"] * large[wrote] / max(1, small[wrote]),
            base + (step["peak"] - base) * more,
            0,
            step["cpu"] * factor / 3600,
        )
        before = merged.get(kind)
        merged[kind] = found if before is None else _sum(before, found)
    for kind, line in merged.items():
        # Tables are read from the bucket once, in the steps that read the export's files.
        files = opened.get(kind, 0.0)
        requests = BYTES / _READ * _share(kind) + files
        merged[kind] = replace(line, requests=requests, core_hours=line.core_hours + files * an_open / 3600)
    return list(merged.values())


def _amounts(record: dict[str, Any]) -> dict[str, int]:
    """Return what steps grow with, as it was in a simulation."""
    rows = record["rows"]
    return {
        "origins": rows["origin"],
        "nodes": rows["revision"] + rows["release"],
        "entries": rows["directory_entry"],
        "paths": record["paths"],
        "contents": rows["content"] + rows["skipped_content"],
    }


def _ranges(rows: float, weight: int = 1) -> float:
    """Return into how many ranges, each a task's, so many rows are cut."""
    return max(1.0, rows * weight / ROWS)


def _runs(rows: float) -> float:
    """Return into how many runs so many rows are written."""
    return max(1.0, rows * _RUN_SHARE / ROWS)


def _opened(rates: dict[str, Any], of_origins: dict[str, Any], large: dict[str, float]) -> dict[str, float]:
    """Return how often each step opens a run that another task wrote: tasks by the runs that each reads."""
    tasks = {step["name"]: step["tasks"] for step in rates["steps"]}
    levels = sum(name.startswith("level-") for name in tasks) - 1
    ranges, runs = _ranges(large["entries"]), _runs(large["entries"])
    growth = large["paths"] / rates["paths"]
    groups = tasks["parts"] * growth * MEASURED / min(ROWS, MOST_OF_GROUP)
    parts = tasks["asked"] * growth
    # Contents are joined by ranges over what is known and what is asked for: at most every path asks.
    joined = _ranges(large["contents"] + large["paths"])
    growth = large["origins"] / of_origins["origins"]
    visits = growth * sum(of_origins["rows"][name] for name in ("origin", "origin_visit", "origin_visit_status"))
    branches = growth * of_origins["rows"]["snapshot_branch"]
    latest, chosen, origins = (_ranges(rows, _ORIGIN_WEIGHT) for rows in (visits, branches, large["origins"]))
    return {
        "latest": latest * _runs(visits),
        "chosen": chosen * (latest + _runs(branches)),
        "root-directories": _ranges(large["nodes"]) * (chosen + _runs(large["nodes"])),
        "repositories": origins * (latest + chosen + _ranges(large["nodes"])),
        "collapsed": origins * 2 * origins,
        "roots": origins * origins,
        "edges": ranges * 2 * runs,
        "level": sum(ranges * (ranges + level + 2) for level in range(levels)),
        "routed": ranges * (runs + levels + 2 * _runs(large["nodes"])),
        "parts": groups * ranges,
        "asked": parts,
        "joined": joined * (parts + _runs(large["contents"])),
        "listing": parts * joined,
    }


def _an_open(rates: dict[str, Any]) -> float:
    """Return CPU seconds that opening a run takes, at most: of the last level, whose tasks find hardly any rows."""
    levels = [step for step in rates["steps"] if step["name"].startswith("level-")]
    last: dict[str, Any] = levels[-1]
    return float(last["cpu"]) / (last["tasks"] * (last["tasks"] + len(levels) + 1))


def content_lines(build: dict[str, Any]) -> list[Line]:
    """Return fetching, and the stages of a build over what was fetched."""
    growth = NODES / STACK_NODES
    files, size = STACK_FILES * growth, STACK_BYTES * growth
    waiting = files * ASSUMED["milliseconds that a request waits for the bucket"] / 1000 / _CONCURRENCY
    lines = [Line("fetch", f"{_short(files)} contents, {size / 1e12:,.0f} TB", 0, 64 << 20, files, waiting / 3600)]
    for stage in build["stages"]:
        factor = size / build["bytes"]
        name, cpu = stage["name"], stage["cpu"]
        memory = build["peak"]
        lines.append(Line(name, f"{size / 1e12:,.0f} TB", stage["written"] * factor, memory, 0, cpu * factor / 3600))
    return lines


def _share(step: str) -> float:
    """Return which share of the export's bytes a step reads, about: entries are nearly all of it."""
    return {"entries": 0.8, "contents": 0.15, "revisions": 0.04}.get(step, 0.0)


def _sum(a: Line, b: Line) -> Line:
    return Line(
        a.step, a.amount, a.shuffled + b.shuffled, max(a.memory, b.memory), a.requests + b.requests,
        a.core_hours + b.core_hours,
    )  # fmt: skip


class _Stages:
    """Progress that keeps CPU seconds of each stage."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self._began = 0.0

    def start(self, stage: str, total: float, done: float) -> None:
        """Begin a stage."""
        self._began = time.process_time()

    def advance(self, stage: str, weight: float) -> None:
        """Ignore."""

    def finish(self, stage: str) -> None:
        """End a stage."""
        self.spent[stage] = self.spent.get(stage, 0) + time.process_time() - self._began


def measure_build(megabytes: int) -> dict[str, Any]:
    """Build real packages in this process; return CPU seconds and bytes written of each stage."""
    sources, size = corpus.load(megabytes)
    stages = _Stages()
    with builds.workplace() as folder:
        settings = Settings.model_validate({"engine": {"work": folder / "work", "cache": CACHE / "corpus"}})
        engine = Engine(threads=1, in_process=float("inf"), progress=stages)
        building.build(settings, list(sources), folder / "release", engine)
        written: dict[str, int] = {}
        for stage in (path for path in (folder / "work").iterdir() if path.is_dir()):
            # Packs stand in for what a bucket or a cache keeps; they are not passed between stages.
            files = [path for path in stage.rglob("*") if path.is_file() and path.suffix != ".pack"]
            name = stage.name.rpartition("-")[0]
            written[name] = written.get(name, 0) + sum(path.stat().st_size for path in files)
        written["shards"] = sum(path.stat().st_size for path in (folder / "release/data").rglob("*.parquet"))
        written["ledger"] = sum(path.stat().st_size for path in (folder / "release/ledger").rglob("*.parquet"))
    return {
        "machine": machine(),
        "bytes": size,
        "packages": len(sources),
        "peak": peak(),
        "stages": [
            {"name": name, "cpu": cpu, "written": written.get(name, 0)}
            for name, cpu in stages.spent.items()
            if name != "fetch"
        ],
    }


def tables(rates: dict[str, Any], of_origins: dict[str, Any], build: dict[str, Any]) -> str:
    """Return the two tables and their assumptions as Markdown."""
    graph, contents = graph_lines(rates, of_origins), content_lines(build)
    parts = [
        f"A task holds {ROWS:,} rows (`rows` of the source). Requests are reads from the bucket, and runs of rows that "
        "tasks open on the storage they share.",
        f"Rates of the graph: {rates['machine']}; {rates['rows']['directory_entry']:,} directory entries of "
        f"{rates['origins']:,} origins on {rates['workers']} workers of {rates['engine']}; {rates['paths']:,} paths, "
        f"all {rates['expected']:,} that the graph has. "
        f"Those of the steps before entries: {of_origins['origins']:,} origins.",
        f"Rates of a build: {build['machine']}; {build['packages']} packages, {build['bytes'] / 1e6:,.0f} MB of files.",
        "Assumed: " + "; ".join(f"{name}: {value:g}" for name, value in ASSUMED.items()) + ".",
        "\n### From the export to lists of occurrences\n",
        _markdown(graph),
        "\n### Contents, and the build\n",
        _markdown(contents),
    ]
    return "\n".join(parts) + "\n"


def page(text: str, found: str) -> str:
    """Return docs/scale.md with `found` in the place of what was there before."""
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{found}{_END}{after}"


def _markdown(lines: list[Line]) -> str:
    head = "| step | grows with | bytes shuffled | memory a worker | requests | core-hours | dollars |\n"
    head += "|---|---|---:|---:|---:|---:|---:|\n"
    total = Line("**together**", "", 0, 0, 0, 0)
    out = []
    for line in lines:
        out.append(_row(line))
        total = _sum(total, line)
    return head + "\n".join([*out, _row(total)])


def _row(line: Line) -> str:
    return (
        f"| {line.step} | {line.amount} | {line.shuffled / 1e12:,.2f} TB | {line.memory / 1e6:,.0f} MB | "
        f"{_short(line.requests)} | {line.core_hours:,.0f} | {line.cost():,.0f} |"
    )


def _short(number: float) -> str:
    for unit, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:,.3g} {unit}"
    return f"{number:,.3g}"


def main() -> None:
    """Measure, or print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--measure", type=Path, metavar="FILE", help="measure the stages of a build, write them here")
    parser.add_argument("--megabytes", type=int, default=60, help="of real packages to build")
    parser.add_argument("--rates", type=Path, default=RATES)
    parser.add_argument("--origin-rates", type=Path, default=ORIGIN_RATES)
    parser.add_argument("--build-rates", type=Path, default=BUILD_RATES)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/scale.md")
    given = parser.parse_args()
    if given.measure is not None:
        given.measure.write_text(json.dumps(measure_build(given.megabytes), indent=2) + "\n")
        return
    records = (given.rates, given.origin_rates, given.build_rates)
    found = tables(*(json.loads(record.read_text()) for record in records))
    print(found)
    if given.write:
        PAGE.write_text(page(PAGE.read_text(), found))


if __name__ == "__main__":
    main()
