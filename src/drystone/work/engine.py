"""Runs a function over tasks: in this process, in processes of Daft's native runner, or on a Ray cluster.

The plan is the same everywhere: a Daft frame with one row per task and a function over it. A task writes its files
and then its checkpoint, so that a build which is killed repeats at most the tasks in hand. Tasks exchange files of
ids and small columns only; bytes of the corpus never pass through the engine.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import logging
import os
import pickle
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Literal, Protocol

import pyarrow as pa

from drystone import errors, processor
from drystone.errors import BuildError, DrystoneError, MissingExtraError
from drystone.work import workers
from drystone.work.store import Stage

Summary = dict[str, Any]

#: Parameters of glibc's mallopt (malloc.h), and what they are set to: bytes of freed memory at the heap's end that are
#: kept, and the bytes from which an allocation is a mapping of its own (32 MiB is the most that glibc takes).
_MALLOPT: Final = {-1: 64 << 20, -3: 4 << 20}


@dataclass(frozen=True)
class Task:
    """One unit of work: `id` names its files, `weight` is about as many bytes as it reads or writes."""

    id: str
    arguments: dict[str, Any] = field(default_factory=dict)
    weight: float = 32e6


#: A module-level function `work(stage, task, **arguments)` that does one task, writing into the stage's folder, and
#: reports a JSON-able summary.
Work = Callable[..., Summary]


@dataclass(frozen=True)
class Named:
    """A stage's work by its place: who plans a build need not load the detectors, whoever does a task loads them."""

    module: str
    name: str = "run"

    def __call__(self, stage: Stage, task: str, **arguments: Any) -> Summary:
        """Do one task."""
        done: Summary = getattr(importlib.import_module(self.module), self.name)(stage, task, **arguments)
        return done


def of_task(stage: Stage, task: str, work: Work, **arguments: Any) -> Summary:
    """Do a task that says itself what its work is, for a stage that has tasks of several kinds."""
    return work(stage, task, **arguments)


class Progress(Protocol):
    """Told what happens; the command line draws it."""

    def start(self, stage: str, total: float, done: float) -> None:
        """A stage begins: `total` weight of which `done` is already finished from an earlier run."""

    def advance(self, stage: str, weight: float) -> None:
        """A task of this weight has finished."""

    def finish(self, stage: str) -> None:
        """A stage has ended."""


class Silent:
    """Progress that is told nothing to anyone."""

    def start(self, stage: str, total: float, done: float) -> None:
        """Ignore."""

    def advance(self, stage: str, weight: float) -> None:
        """Ignore."""

    def finish(self, stage: str) -> None:
        """Ignore."""


@dataclass(frozen=True)
class Engine:
    """How tasks are run: `native` processes on this machine (`threads` of them), or `ray`.

    Tasks that together weigh less than `in_process` are done here and now: starting processes would take longer.
    """

    kind: Literal["native", "ray"] = "native"
    threads: int = field(default_factory=processor.count)
    ray_address: str | None = None
    progress: Progress = field(default_factory=Silent)
    in_process: float = 8e6
    #: The module whose function `preload` loads what tasks need, for processes of this machine.
    preload: str = ""
    #: Called whenever tasks have been handed to other processes and this one has nothing to do but wait for them.
    meanwhile: Callable[[], object] = lambda: None

    def run(self, name: str, stage: Stage, work: Work, tasks: Sequence[Task]) -> list[Summary]:
        """Run `work` for every task that has not finished; return all summaries in the order of `tasks`.

        Raises `BuildError` (or the task's own `DrystoneError`) for the first task that failed.
        """
        found = {task.id: stage.summary(task.id) for task in tasks}
        pending = [task for task in tasks if found[task.id] is None]
        finished = sum(task.weight for task in tasks if found[task.id] is not None)
        self.progress.start(name, sum(task.weight for task in tasks), finished)
        weights = {task.id: task.weight for task in tasks}
        # The longest first: the short ones then fill the gaps at the end.
        pending.sort(key=lambda task: (-task.weight, task.id))
        for outcome in self._outcomes(stage, work, pending):
            if "error" in outcome:
                raise _revive(name, outcome)
            found[outcome["task"]] = outcome["summary"]
            self.progress.advance(name, weights[outcome["task"]])
        self.progress.finish(name)
        missing = [task.id for task in tasks if found[task.id] is None]
        if missing:
            raise BuildError(f"stage {name}: {len(missing)} tasks gave no result; start the build again to go on")
        return [summary for task in tasks if (summary := found[task.id]) is not None]

    def _outcomes(self, stage: Stage, work: Work, tasks: list[Task]) -> Iterator[dict[str, Any]]:
        weight = sum(task.weight for task in tasks)
        if self.kind == "native" and (len(tasks) <= 1 or self.threads == 1 or weight < self.in_process):
            for task in tasks:
                yield _do(work, stage, task)
        elif tasks:
            yield from self._through_daft(stage, work, tasks)

    def _through_daft(self, stage: Stage, work: Work, tasks: list[Task]) -> Iterator[dict[str, Any]]:
        if self.kind == "native":
            workers.start(self.threads, self.preload)
        daft = import_daft()
        if self.kind == "ray":
            self._start_ray(daft)
            place = {"max_concurrency": min(self.threads, len(tasks))}
        else:
            _use_native_runner()
            # Daft starts processes anew for each query; ours keep what they have loaded.
            place = {"use_process": False}

        @daft.cls(**place)  # type: ignore[untyped-decorator, unused-ignore]
        class Worker:
            def __init__(self, work: Work, folder: str, kind: str) -> None:
                self.work = work
                self.stage = Stage(Path(folder))
                self.run = workers.call if kind == "native" else _do_alone

            @daft.method.batch(return_dtype=daft.DataType.binary(), batch_size=1)  # type: ignore[untyped-decorator, unused-ignore]
            def __call__(self, tasks: Any) -> list[bytes]:
                # Tasks are pickled by `_through_daft` below and come from nowhere else.
                given = [pickle.loads(task) for task in tasks.to_pylist()]  # noqa: S301
                return [pickle.dumps(self.run(_do, self.work, self.stage, task)) for task in given]

        worker = Worker(work, str(stage.folder), self.kind)
        frame = daft.from_pydict({"task": [pickle.dumps(task) for task in tasks]})
        if self.kind == "ray":
            frame = frame.into_partitions(len(tasks))
        frame = frame.select(worker(frame["task"]).alias("outcome"))
        self.meanwhile()
        # Tasks go to whichever process is free, not round and round.
        with daft.execution_config_ctx(maintain_order=False):
            for batch in frame.to_arrow_iter():
                for outcome in batch.column("outcome").to_pylist():
                    yield pickle.loads(outcome)  # noqa: S301 -- pickled by our own worker

    def _start_ray(self, daft: Any) -> None:
        try:
            import ray  # noqa: PLC0415
        except ImportError:
            raise MissingExtraError("The Ray engine", "ray") from None
        if not ray.is_initialized():
            local: dict[str, Any] = {} if self.ray_address else {"num_cpus": self.threads, "include_dashboard": False}
            ray.init(address=self.ray_address, logging_level=logging.ERROR, log_to_driver=False, **local)
        daft.set_runner_ray(noop_if_initialized=True)


@cache
def _use_native_runner() -> None:
    """Choose Daft's native runner. Daft chooses once in a process, and may have done so before."""
    daft = import_daft()
    if daft.get_or_infer_runner_type() != "native":
        raise BuildError(
            "Daft already runs on Ray in this process; build with the Ray engine or in a process of its own"
        )


@cache
def prepare_process() -> None:
    """Set up, once, a process that does nothing but build: memory, fewer rounds of the garbage collector, no pandas.

    Batches of some megabytes come and go; where the allocator hands them back each time, the system zeroes the same
    pages anew. Builds make millions of objects and hardly a cycle; Python's default
    looks through all of them again and again. pyarrow imports pandas at the first array that is made from Python, only
    to learn whether it was given a pandas object; each worker would pay for that.
    """
    pa.set_cpu_count(1)
    pa.set_io_thread_count(2)
    pa.set_memory_pool(pa.system_memory_pool())
    _keep_freed_memory()
    gc.freeze()
    gc.set_threshold(200_000, 50, 100)
    if "pandas" not in sys.modules:
        sys.meta_path.insert(0, _NoPandas)
        try:
            pa.array([])
        finally:
            sys.meta_path.remove(_NoPandas)


def _keep_freed_memory() -> None:
    """Let malloc keep memory that was freed (`_MALLOPT`), where the C library is one that can be told."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    for parameter, value in _MALLOPT.items():
        mallopt(parameter, value)


class _NoPandas:
    """A finder of modules that refuses pandas."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def import_daft() -> Any:
    """Import Daft with its telemetry off."""
    os.environ.setdefault("DO_NOT_TRACK", "1")
    os.environ.setdefault("DAFT_PROGRESS_BAR", "0")
    import daft  # noqa: PLC0415

    return daft


def _do_alone(do: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    prepare_process()
    return do(*arguments)


def _do(work: Work, stage: Stage, task: Task) -> dict[str, Any]:
    """Do one task and write its checkpoint; a failure comes back as data, since engines garble exceptions."""
    stage.begin()
    try:
        summary = work(stage, task.id, **task.arguments)
        stage.finish(task.id, summary)
    except DrystoneError as error:
        return {"task": task.id, "error": type(error).__name__, "message": str(error)}
    except Exception:  # the engine's boundary: whatever it is, the driver reports it
        return {"task": task.id, "error": "", "message": traceback.format_exc()}
    return {"task": task.id, "summary": summary}


def _revive(name: str, outcome: dict[str, Any]) -> DrystoneError:
    kind = getattr(errors, outcome["error"], None) if outcome["error"] else None
    if isinstance(kind, type) and issubclass(kind, DrystoneError) and kind is not errors.SettingsError:
        return kind(outcome["message"]) if kind is not MissingExtraError else BuildError(outcome["message"])
    return BuildError(
        f"stage {name}, task {outcome['task']} failed unexpectedly; this is a fault in Drystone:\n{outcome['message']}"
    )
