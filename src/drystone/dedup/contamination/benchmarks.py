"""Which tasks of some benchmarks a text holds, measured: the share of a task's shingles that the text has.

The work is the kernel's (kernel/dedup/overlap.hpp). Says what overlaps and by how much; drops nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, cast

import numpy as np
import pyarrow as pa

from drystone.dedup import _kernel
from drystone.dedup.contamination.formats import BenchmarkFile, Measure, TaskText, read_parts
from drystone.dedup.contamination.rule import COMMON, GENERIC
from drystone.dedup.sketches import buffers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from drystone._json import Json

_MEASURES: Final[tuple[Measure, ...]] = ("code", "words")


class Overlap(NamedTuple):
    """A task that a text holds: `shared` of the `total` distinct shingles of one of its parts.

    `generic`: that part is so short that any program may hold it. `lines` of the text and `task_lines` of the part are
    where the shared shingles stand, as ranges of lines from 1. `tasks`: how many tasks of all benchmarks it holds.
    """

    benchmark: str
    task: str
    part: str
    measure: Measure
    shared: int
    total: int
    generic: bool
    lines: list[tuple[int, int]]
    task_lines: list[tuple[int, int]]
    tasks: int

    @property
    def share(self) -> float:
        """The share of the part's shingles that the text has."""
        return self.shared / self.total

    def as_dict(self) -> dict[str, Json]:
        """Return it as the evidence of a ledger row; there are numbers of lines in it, and no text."""
        return {
            "benchmark": self.benchmark,
            "task": self.task,
            "part": self.part,
            "measure": self.measure,
            "overlap": round(self.share, 4),
            "shared": self.shared,
            "shingles": self.total,
            "lines": cast("Json", [list(each) for each in self.lines]),
            "task_lines": cast("Json", [list(each) for each in self.task_lines]),
            "tasks": self.tasks,
        }


class Benchmarks:
    """The parts of some benchmarks, indexed by both measures; safe to share between threads."""

    def __init__(self, parts: Sequence[TaskText]) -> None:
        self.parts = list(parts)
        names = sorted({(part.benchmark, part.task) for part in self.parts})
        numbers = {name: number for number, name in enumerate(names)}
        self._of_task: dict[tuple[str, str], list[TaskText]] = defaultdict(list)
        for part in self.parts:
            self._of_task[part.benchmark, part.task].append(part)
        self._own: dict[Measure, list[int]] = {
            measure: [i for i, part in enumerate(self.parts) if part.measure == measure] for measure in _MEASURES
        }
        self._indexes = {}
        for measure, own in self._own.items():
            data, offsets, _ = buffers(pa.array([self.parts[i].text for i in own], pa.large_binary()))
            tasks = np.array([numbers[self.parts[i].benchmark, self.parts[i].task] for i in own], np.uint32)
            self._indexes[measure] = _kernel.Overlap(measure, data, offsets, tasks, COMMON)

    @property
    def tasks(self) -> int:
        """The number of tasks."""
        return len({(part.benchmark, part.task) for part in self.parts})

    def find(self, texts: pa.Array | pa.ChunkedArray, least: float) -> list[Overlap | None]:
        """Return for each text the task of which it holds most, at least the share `least`; None where there is none.

        What is not generic goes before what is, then the larger share, then the larger part, then the one with more
        lines as they are, then the name. `texts`: string or binary. Raises `UsageError` for texts of any other type.
        """
        array = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
        data, offsets, valid = buffers(array)
        found: list[list[tuple[int, int, int]]] = [[] for _ in range(len(array))]
        for measure, own in self._own.items():
            index = self._indexes[measure]
            totals = index.totals()
            for document, part, shared in zip(*index.match(data, offsets, valid, least), strict=True):
                found[int(document)].append((own[int(part)], int(shared), int(totals[part])))
        return [
            self._best(each, data[offsets[at] : offsets[at + 1]].tobytes()) if each else None
            for at, each in enumerate(found)
        ]

    def _best(self, found: list[tuple[int, int, int]], text: bytes) -> Overlap:
        def key(each: tuple[int, int, int]) -> tuple[bool, float, int]:
            part, shared, total = each
            return self._generic(part, total), -shared / total, -total

        most = min(map(key, found))
        lines_of_text = set(text.split(b"\n"))

        def by_lines(each: tuple[int, int, int]) -> tuple[int, TaskText]:
            # Of tasks that differ in a literal alone, the one whose lines the text has as they are.
            part = self.parts[each[0]]
            own = (line for other in self._of_task[part.benchmark, part.task] for line in other.text.split(b"\n"))
            return -len(lines_of_text.intersection(own)), part

        best, shared, total = min((each for each in found if key(each) == most), key=by_lines)
        part = self.parts[best]
        lines, task_lines = shared_lines(text, part.text, part.measure)
        tasks = len({(self.parts[each].benchmark, self.parts[each].task) for each, _, _ in found})
        own = (part.benchmark, part.task, part.part, part.measure, shared, total, self._generic(best, total))
        return Overlap(*own, lines, task_lines, tasks)

    def _generic(self, part: int, total: int) -> bool:
        return total < GENERIC[self.parts[part].measure]


@lru_cache(maxsize=2)
def load(files: tuple[BenchmarkFile, ...]) -> Benchmarks:
    """Return benchmarks read and indexed, once in this process. Raises `UsageError` as `read_parts` does."""
    return Benchmarks(read_parts(files))


def shared_lines(a: bytes, b: bytes, measure: Measure) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return the ranges of lines, from 1, of both texts in which the shingles that they share stand."""
    left, right = _kernel.places(a, measure), _kernel.places(b, measure)
    return _ranges(a, left, right[0]), _ranges(b, right, left[0])


def _ranges(
    text: bytes, places: tuple[NDArray[np.uint64], NDArray[np.uint32], NDArray[np.uint32]], other: NDArray[np.uint64]
) -> list[tuple[int, int]]:
    hashes, starts, ends = places
    shared = np.isin(hashes, other)
    breaks = [match.start() for match in re.finditer(b"\n", text)]

    def line(at: int) -> int:
        return bisect_right(breaks, at - 1) + 1

    return merged((line(int(s)), line(int(e) - 1)) for s, e in zip(starts[shared], ends[shared], strict=True))


def merged(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return ranges of lines that touch or follow each other as one."""
    out: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if out and first <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], last))
        else:
            out.append((first, last))
    return out
