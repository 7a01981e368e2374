"""A text and the task that it holds side by side, those lines marked that they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final

from drystone.dedup.contamination.benchmarks import shared_lines
from drystone.dedup.contamination.formats import BenchmarkFile, TaskText, read_parts

#: Lines before and after what is shared, and the most lines that are shown.
_AROUND: Final = 2
_MOST: Final = 200


def side_by_side(evidence: Mapping[str, Any], path: str, text: bytes, file: BenchmarkFile) -> str | None:
    """Return a text and the task that evidence (`Overlap.as_dict`) names beside each other.

    None where the benchmark does not have that task. Raises `UsageError` where it cannot be read.
    """
    wanted = tuple(evidence[name] for name in ("benchmark", "task", "part"))
    parts = [part for part in read_parts([file]) if part[:3] == wanted]
    if not parts:
        return None

    def ranges(part: TaskText) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        return shared_lines(text, part.text, part.measure)

    # One task may have many solutions under one name.
    part = max(parts, key=lambda part: sum(last - first + 1 for first, last in ranges(part)[1]))
    lines, task_lines = ranges(part)
    heading = f"{part.benchmark}, task {part.task}: {part.part}"
    sides = [(path, text, lines), (heading, part.text, task_lines)]
    left, right = [(head, data.decode("utf-8", "replace"), shared) for head, data, shared in sides]
    return beside(left, right)


def beside(
    left: tuple[str, str, Sequence[Sequence[int]]], right: tuple[str, str, Sequence[Sequence[int]]], width: int = 60
) -> str:
    """Return two texts beside each other, each as (heading, text, shared ranges of lines from 1).

    Each side begins two lines before its first shared line and ends two after its last; lines that are shared have a
    `|` before them. A line is cut at `width` columns.
    """
    columns = [_column(*side, width) for side in (left, right)]
    rows = [f"{a:{width}}  {b}".rstrip() for a, b in zip_longest(*columns, fillvalue="")]
    return "\n".join(rows[:_MOST] + ["... (cut)"] * (len(rows) > _MOST))


def _column(heading: str, text: str, ranges: Sequence[Sequence[int]], width: int) -> list[str]:
    lines = text.removesuffix("\n").split("\n")  # as the kernel counts them: a form feed ends none
    shared = {number for first, last in ranges for number in range(first, last + 1)}
    first = max(1, min(shared, default=1) - _AROUND)
    last = min(len(lines), max(shared, default=len(lines)) + _AROUND)
    digits = len(str(last))
    out = [_cut(heading, width)]
    for number in range(first, last + 1):
        mark = "|" if number in shared else " "
        out.append(_cut(f"{number:{digits}} {mark} {lines[number - 1].rstrip().expandtabs(4)}", width))
    return out


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
