"""Progress as people like it: a bar with rate and time left on a terminal, a plain line per stage in a log."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Final

import click

from drystone.cli._console import console

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class StageProgress:
    """Follows the stages of a build on standard error; says nothing where `quiet`."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._started: dict[str, tuple[float, float]] = {}
        self._tasks: dict[str, TaskID] = {}
        self._bars: Progress | None = None
        if not quiet and sys.stderr.isatty():
            from rich.progress import (
                BarColumn,
                Progress,
                TextColumn,
                TimeElapsedColumn,
                TimeRemainingColumn,
            )

            self._bars = Progress(
                TextColumn("{task.description:16}"),
                BarColumn(),
                TextColumn("{task.percentage:>3.0f} %"),
                TextColumn("{task.fields[rate]:>12}"),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                console=console(stderr=True),
            )

    def __enter__(self) -> StageProgress:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def start(self, stage: str, total: float, done: float) -> None:
        """Begin a stage."""
        self._started[stage] = (time.monotonic(), total - done)
        if self._bars is not None:
            self._tasks[stage] = self._bars.add_task(stage, total=total, rate="")
            self._bars.update(self._tasks[stage], completed=done)

    def advance(self, stage: str, weight: float) -> None:
        """Note a finished task."""
        if self._bars is not None:
            task = self._tasks[stage]
            self._bars.advance(task, weight)
            seconds = time.monotonic() - self._started[stage][0]
            completed = self._bars.tasks[self._bars.task_ids.index(task)].completed
            self._bars.update(task, rate=_rate(stage, completed, seconds))

    def finish(self, stage: str) -> None:
        """End a stage."""
        began, pending = self._started[stage]
        if self._bars is not None:
            self._bars.update(self._tasks[stage], total=1, completed=1)
        elif not self._quiet:
            seconds = time.monotonic() - began
            rate = _rate(stage, pending, seconds)
            what = f"{seconds:.1f} s{', ' if rate else ''}{rate}" if pending else "already done"
            click.echo(f"{stage}: {what}", err=True)


#: Stages whose weights are bytes that are really read or written; those of the others only say how long they take.
_IN_BYTES: Final = frozenset({"inventory", "annotate", "ledger, shards"})


def _rate(stage: str, weight: float, seconds: float) -> str:
    """Return bytes a second where that is what the stage's weight means, else nothing."""
    return f"{weight / seconds / 1e6:.1f} MB/s" if stage in _IN_BYTES and seconds > 0 else ""
