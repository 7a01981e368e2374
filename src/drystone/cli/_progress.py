"""Progress as people like it: a bar with rate and time left on a terminal, a plain line per stage in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from drystone.cli._out import console, echo, rewrite

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

    def __enter__(self) -> Self:
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
            echo(f"{stage}: {what}", err=True)


class Meter(StageProgress):
    """Follows one piece of work that says now and then how much of how much is done."""

    def __init__(self, what: str, quiet: bool = False) -> None:
        super().__init__(quiet)
        self._what = what
        self._done = -1

    def beside(self, what: str) -> Meter:
        """Return a meter for what comes next, in the same display."""
        other = Meter(what, quiet=True)
        other._quiet, other._bars = self._quiet, self._bars
        return other

    def __call__(self, done: int, total: int) -> None:
        if self._done < 0:
            self.start(self._what, total, 0)
            self._done = 0
        last = done == total > self._done
        if done - self._done >= total / 200 or last:  # a display needs no more
            self.advance(self._what, done - self._done)
            self._done = done
        if last:
            self.finish(self._what)


@contextmanager
def spinner(what: str, wanted: bool) -> Iterator[Callable[[str], None]]:
    """Show that work is under way where standard error is a terminal; what is yielded changes the words beside it."""
    if not (wanted and sys.stderr.isatty()):
        yield lambda text: None
        return
    with console(stderr=True).status(what) as status:

        def update(text: str) -> None:
            status.update(text)

        yield update


class ProgressLine:
    """A line of progress that takes the place of the one before on a terminal, and follows it in a log."""

    _open = False

    def write(self, text: str) -> None:
        """Show a text."""
        rewrite(text)
        self._open = sys.stderr.isatty()

    def end(self) -> None:
        """Leave what was shown last where it is."""
        if self._open:
            echo(err=True)
        self._open = False


def counter(what: str) -> Callable[[int, int], None]:
    """Return a report(done, total): a line that is rewritten on a terminal, a line a tenth elsewhere."""
    line, last = ProgressLine(), [-1]

    def report(done: int, total: int) -> None:
        tenth = 10 * done // max(1, total)
        if sys.stderr.isatty() or tenth != last[0]:
            last[0] = tenth
            line.write(f"{done:,} of {total:,} {what}")
        if done == total:
            line.end()

    return report


#: Stages whose weights are bytes that are really read or written; those of the others only say how long they take.
_IN_BYTES: Final = frozenset({"inventory", "annotate", "index", "ledger, shards"})


#: Seconds under which a rate says nothing.
_SHORTEST: Final = 0.05


def _rate(stage: str, weight: float, seconds: float) -> str:
    """Return bytes a second where that is what the stage's weight means, else nothing."""
    return f"{weight / seconds / 1e6:.1f} MB/s" if stage in _IN_BYTES and seconds >= _SHORTEST else ""
