"""Runs tasks: in this process, in worker processes of this machine, or on a Ray cluster.

What a task gives is the same everywhere. It writes its files and then its done file, so that work which is killed is
repeated for the tasks in hand at most. Tasks exchange files; what they work on never passes through the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from drystone import processor
from drystone.errors import BuildError
from drystone.work import preflight
from drystone.work.remote.mirror import Mirror
from drystone.work.store import Stage
from drystone.work.tasks import Outcome, Summary, Task, attempt
from drystone.work.workers import Workers


class Progress(Protocol):
    """Told what happens; the command line draws it."""

    def start(self, stage: str, total: float, done: float) -> None:
        """A stage begins: `total` weight of which `done` is already finished from an earlier run."""

    def advance(self, stage: str, weight: float) -> None:
        """A task of this weight has finished."""

    def finish(self, stage: str) -> None:
        """A stage has ended."""


class Silent:
    """Progress that nobody is shown."""

    def start(self, stage: str, total: float, done: float) -> None:
        """Ignore."""

    def advance(self, stage: str, weight: float) -> None:
        """Ignore."""

    def finish(self, stage: str) -> None:
        """Ignore."""


@dataclass(frozen=True)
class Engine:
    """How tasks are run: `native` processes on this machine (`threads` of them), or `ray`.

    `most` bounds how many tasks are at work at a time on Ray; None: as many as the cluster has processors.
    Tasks that together weigh less than `in_process` are done here and now: handing them over would take longer.
    `workers` are the processes of this machine; whoever starts them stops them. `mirrors` are folders that stand for
    object stores, mounted by whoever runs the engine. `check_held` is called before each stage, and raises where
    the work is no longer this process's.
    """

    kind: Literal["native", "ray"] = "native"
    threads: int = field(default_factory=processor.count)
    most: int | None = None
    ray_address: str | None = None
    progress: Progress = field(default_factory=Silent)
    in_process: float = 8e6
    workers: Workers = field(default_factory=Workers, compare=False)
    mirrors: tuple[Mirror, ...] = ()
    check_held: Callable[[], None] = field(default=lambda: None, compare=False)

    def run(self, name: str, stage: Stage, tasks: Sequence[Task]) -> list[Summary]:
        """Do every task that has not finished; return all summaries in the order of `tasks`: a `Runner`."""
        self.check_held()
        stage.folder.mkdir(parents=True, exist_ok=True)
        found = stage.summaries([task.id for task in tasks])
        pending = [task for task in tasks if found[task.id] is None]
        finished = sum(task.weight for task in tasks if found[task.id] is not None)
        self.progress.start(name, sum(task.weight for task in tasks), finished)
        weights = {task.id: task.weight for task in tasks}
        # The longest first: the short ones then fill the gaps at the end.
        pending.sort(key=lambda task: (-task.weight, task.id))
        for outcome in self._outcomes(stage, pending):
            found[outcome.task] = outcome.result(name)
            self.progress.advance(name, weights[outcome.task])
        self.progress.finish(name)
        missing = [task.id for task in tasks if found[task.id] is None]
        if missing:
            raise BuildError(f"stage {name}: {len(missing)} tasks gave no result; start the build again to go on")
        return [summary for task in tasks if (summary := found[task.id]) is not None]

    def check(self, *folders: Path, reads: Sequence[Path] = ()) -> None:
        """Find out before any work whether it can be done in these folders, by all who would do it.

        `reads` are files and folders that every host reads. Raises `BuildError` naming the folder or file, and the host
        where there are several.
        """
        preflight.check(folders)
        if self.kind == "ray":
            from drystone.work import cluster  # noqa: PLC0415  extras

            cluster.check(self.ray_address, self.most, folders, reads, self.mirrors)

    def _outcomes(self, stage: Stage, tasks: list[Task]) -> Iterator[Outcome]:
        stage = Stage(stage.folder)
        weight = sum(task.weight for task in tasks)
        alone = self.kind == "native" and (len(tasks) <= 1 or self.threads == 1)
        if alone or weight < self.in_process:
            yield from (attempt(task, stage) for task in tasks)
        elif tasks and self.kind == "native":
            yield from self._in_workers(stage, tasks)
        elif tasks:
            from drystone.work import cluster  # noqa: PLC0415  extras

            yield from cluster.outcomes(stage, tasks, self.most, self.ray_address, self.mirrors)

    def _in_workers(self, stage: Stage, tasks: list[Task]) -> Iterator[Outcome]:
        self.workers.start(self.threads)
        # A thread for each process: it waits for the process and does nothing else.
        with ThreadPoolExecutor(self.threads) as pool:
            try:
                calls = [pool.submit(self.workers.call, attempt, task, stage, self.mirrors) for task in tasks]
                for done in as_completed(calls):
                    yield done.result()
            except BaseException:
                # Nobody waits for what others have in hand: it is done again.
                pool.shutdown(wait=False, cancel_futures=True)
                self.workers.stop()
                raise
