"""Progress as people like it: a bar with rate and time left on a terminal, a plain line per stage in a log."""

from __future__ import annotations

import sys
import time
from types import TracebackType

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class StageProgress:
    """Follows the stages of a build on standard error; says nothing where `quiet`."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._started: dict[str, tuple[float, float]] = {}
        self._tasks: dict[str, TaskID] = {}
        self._bars: Progress | None = None
        if not quiet and sys.stderr.isatty():
            self._bars = Progress(
                TextColumn("{task.description:16}"),
                BarColumn(),
                TextColumn("{task.percentage:>3.0f} %"),
                TextColumn("{task.fields[rate]:>12}"),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                console=Console(stderr=True),
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
            self._tasks[stage] = self._bars.add_task(stage, total=total, completed=done, rate="")

    def advance(self, stage: str, weight: float) -> None:
        """Note a finished task."""
        if self._bars is not None:
            task = self._tasks[stage]
            self._bars.advance(task, weight)
            seconds = time.monotonic() - self._started[stage][0]
            completed = self._bars.tasks[self._bars.task_ids.index(task)].completed
            self._bars.update(task, rate=_rate(completed, seconds))

    def finish(self, stage: str) -> None:
        """End a stage."""
        began, pending = self._started[stage]
        if self._bars is not None:
            self._bars.update(self._tasks[stage], total=1, completed=1)
        elif not self._quiet:
            seconds = time.monotonic() - began
            what = f"{seconds:.1f} s, {_rate(pending, seconds)}" if pending else "already done"
            click.echo(f"{stage}: {what}", err=True)


def _rate(amount: float, seconds: float) -> str:
    """Return a rate; weights of a million and more are bytes, smaller ones are tasks or rows."""
    if seconds <= 0:
        return ""
    rate = amount / seconds
    return f"{rate / 1e6:.1f} MB/s" if amount >= 1e6 else f"{rate:,.0f} /s"
