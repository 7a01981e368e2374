"""What a task is, and what runs tasks. Knows nothing of what they do."""

from __future__ import annotations

import hashlib
import pickle
import pkgutil
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from drystone import errors
from drystone.errors import BuildError, DrystoneError
from drystone.work.remote.mirror import Mirror, mount, opened
from drystone.work.store import Stage, Summary, write_atomically

__all__ = ["Outcome", "Runner", "Stage", "Summary", "Task", "attempt", "run_here", "share"]


@dataclass(frozen=True)
class Task:
    """One unit of work: `function(stage, id, **arguments)` writes files named after `id` and returns a summary.

    `function` stands at the top of its module, so that other processes find it; as "module:function" it is loaded only
    where the task is done. `weight` is about as many bytes as the task reads or writes. `shared` is a file by `share`
    with arguments that many tasks have. Picklable.
    """

    id: str
    function: Callable[..., Mapping[str, Any]] | str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    weight: float = 32e6
    shared: Path | None = None

    def do(self, stage: Stage) -> Summary:
        """Do it here and now."""
        function = pkgutil.resolve_name(self.function) if isinstance(self.function, str) else self.function
        return dict(function(stage, self.id, **(_load(self.shared) if self.shared else {}), **self.arguments))


def share(stage: Stage, **arguments: Any) -> Path:
    """Write down arguments that many tasks of a stage have, so that each of them is told one path."""
    data = pickle.dumps(arguments)
    path = stage.folder / f"shared-{hashlib.sha256(data).hexdigest()[:16]}"
    if not path.exists():
        write_atomically(path, lambda temporary: temporary.write_bytes(data), durable=False)
    return path


def _load(path: Path) -> Mapping[str, Any]:
    """Return what was shared: anew for each task, since what one of them opens is nothing to the next."""
    arguments: Mapping[str, Any] = pickle.loads(opened(path, Path.read_bytes))  # noqa: S301 -- written by `share`
    return arguments


class Runner(Protocol):
    """Runs tasks: one after another, on all processors, on many machines."""

    def __call__(self, name: str, stage: Stage, tasks: Sequence[Task]) -> list[Summary]:
        """Do each task of a stage that has not finished; return all summaries in the order of `tasks`.

        `name` is what people are told. Raises `BuildError`, or the task's own `DrystoneError`, for one that failed.
        """
        ...


def run_here(name: str, stage: Stage, tasks: Sequence[Task]) -> list[Summary]:
    """Do every task in this process, one after another, and remember nothing: the `Runner` that needs no engine."""
    stage.folder.mkdir(parents=True, exist_ok=True)
    return [task.do(stage) for task in tasks]


@dataclass(frozen=True)
class Outcome:
    """How a task ended: its summary, or what it raised (an error of `drystone.errors` by name, else a traceback)."""

    task: str
    summary: Summary | None = None
    error: str = ""
    message: str = ""

    def result(self, name: str) -> Summary:
        """Return the summary of a task of stage `name`, or raise what the task raised."""
        if self.summary is not None:
            return self.summary
        kind = getattr(errors, self.error, None)
        if kind in (errors.SettingsError, errors.MissingExtraError):  # these are not made of a message
            raise BuildError(self.message)
        if isinstance(kind, type) and issubclass(kind, DrystoneError):
            raise kind(self.message)
        raise BuildError(
            f"stage {name}, task {self.task} failed unexpectedly; this is a fault in Drystone:\n{self.message}"
        )


def attempt(task: Task, stage: Stage, mirrors: Sequence[Mirror] = ()) -> Outcome:
    """Do one task and write its done file; a failure comes back as data, since engines garble exceptions.

    `mirrors` are the folders that stand for object stores.
    """
    own = Stage(stage.folder)
    try:
        mount(mirrors)
        if mirrors:  # this host may see its folder for the first time
            own.folder.mkdir(parents=True, exist_ok=True)
        summary = task.do(own)
        own.finish(task.id, summary)
    except Exception as error:  # the engine's boundary: whatever it is, the driver reports it
        done = own.summary(task.id)
        if done is not None:  # another process was first, and its files are those that this one would have written
            return Outcome(task.id, done)
        if isinstance(error, DrystoneError):
            return Outcome(task.id, error=type(error).__name__, message=str(error))
        return Outcome(task.id, message=traceback.format_exc())
    return Outcome(task.id, summary)
