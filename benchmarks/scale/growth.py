"""How opens of Parquet files and what tasks are told grow, from 50 to 400 sources of 500 small files each.

Counted in whole builds of one process, so that nothing is done where it is not seen.
"""

from __future__ import annotations

import math
import pickle
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow.parquet as pq

from benchmarks import builds
from benchmarks.harness import Figure
from drystone.building.builds import build
from drystone.building.settings import Settings, sources_from_arguments
from drystone.work.engine import Engine
from drystone.work.store import Stage
from drystone.work.tasks import Summary, Task, attempt

#: Words of the generated files, so that no two are near duplicates by chance.
_WORDS = ("wall", "stone", "batter", "cope", "hearting", "through", "footing", "cheek", "smoot", "throughband")


@dataclass
class Counts:
    """What one build came to: opened files, tasks, what these were told, and arguments that stages share, in bytes."""

    sources: int
    occurrences: int = 0
    opens: Counter[str] = field(default_factory=Counter)
    tasks: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    most: int = 0
    shared: int = 0


def write_sources(folder: Path, sources: int, files: int, lines: int = 8) -> list[Path]:
    """Write folders of small, different Python files with a licence each; a line has about 30 bytes."""
    made = []
    for source in range(sources):
        home = folder / f"source-{source:05d}"
        home.mkdir(parents=True)
        (home / "LICENSE").write_text(f"SPDX-License-Identifier: MIT\nCopyright {source}\n")
        for number in range(files - 1):
            seed = source * files + number
            told = [f"{_WORDS[(seed + d) * 7919 % 10]}_{seed}_{d} = {seed * 7919 % (d + 3)}" for d in range(lines)]
            (home / f"file_{number:04d}.py").write_text("\n".join(told) + "\n")
        made.append(home)
    return made


def counted(folders: Sequence[Path], output: Path) -> Counts:
    """Build from folders in this process, and count."""
    counts = Counts(len(folders))
    engine = Engine(threads=1)
    with _opens(counts.opens), mock.patch.object(Engine, "run", _counting(counts)):
        sources = sources_from_arguments(tuple(map(str, folders)))
        manifest = build(Settings(), sources, output, engine)
    counts.occurrences = manifest.counts.occurrences
    return counts


def _counting(counts: Counts) -> Any:
    run = Engine.run

    def told(self: Engine, name: str, stage: Stage, tasks: Sequence[Task]) -> list[Summary]:
        sizes = [len(pickle.dumps((attempt, (task, Stage(stage.folder))))) for task in tasks]
        counts.tasks[name] += len(tasks)
        counts.told[name] += sum(sizes)
        counts.most = max(counts.most, *sizes, 0)
        counts.shared += sum(path.stat().st_size for path in {task.shared for task in tasks if task.shared})
        return run(self, name, stage, tasks)

    return told


@contextmanager
def _opens(opens: Counter[str]) -> Iterator[None]:
    class Counting(pq.ParquetFile):  # type: ignore[misc, unused-ignore]
        def __init__(self, source: Any, *rest: Any, **named: Any) -> None:
            opens[Path(source).parent.name.rpartition("-")[0] if isinstance(source, Path | str) else "file"] += 1
            super().__init__(source, *rest, **named)

    table, metadata = pq.read_table, pq.read_metadata

    def read_table(source: Any, *rest: Any, **named: Any) -> Any:
        opens["tables"] += 1
        return table(source, *rest, **named)

    def read_metadata(source: Any, *rest: Any, **named: Any) -> Any:
        return metadata(source, *rest, **named)  # through ParquetFile, which counts

    with (
        mock.patch.object(pq, "ParquetFile", Counting),
        mock.patch.object(pq, "read_table", read_table),
        mock.patch.object(pq, "read_metadata", read_metadata),
    ):
        yield


def exponent(small: float, large: float, factor: float) -> float:
    """Return e where a quantity grew from `small` to `large` as the data's size to the power e, by `factor`."""
    return math.log(large / small) / math.log(factor)


def figures(quick: bool) -> list[Figure]:
    """Build at two sizes and compare."""
    files, sizes = (100 if quick else 500), (50, 400)
    found = []
    with builds.workplace() as folder:
        folders = write_sources(folder / "sources", sizes[1], files)
        for size in sizes:
            found.append(counted(folders[:size], folder / f"release-{size}"))
    few, many = found
    grown = exponent(few.opens.total(), many.opens.total(), sizes[1] / sizes[0])
    means = [counts.told.total() / counts.tasks.total() for counts in found]
    note = f"{few.opens.total():,} -> {many.opens.total():,} opens, {sizes[0]} -> {sizes[1]} sources of {files} files"
    told = f"most {many.most:,} B; {means[0]:,.0f} -> {means[1]:,.0f} B a task; shared once {many.shared:,} B"
    return [
        Figure("growth of Parquet opens", grown, "exponent", 1.15, 1.05, lower_is_better=True, note=note),
        Figure("pickled bytes a task", means[1], "B", 2000, 1000, lower_is_better=True, note=told),
        Figure("growth of them", means[1] / means[0], "times", 1.1, 1.02, lower_is_better=True, note="level is 1"),
    ]
