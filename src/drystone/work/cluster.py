"""Tasks on a Ray cluster (extra `ray`): as many at a time as it has processors at that moment.

Hosts come and go. What a lost host had in hand is done again elsewhere, and nothing waits until Ray has noticed: where
processors are free, a task that takes far longer than the others is begun a second time. That is harmless, since a
task's files come into place whole and are the same whoever wrote them. The one module that loads Ray for work. Bytes of
what is worked on never pass through it.
"""

from __future__ import annotations

import logging
import os
import pickle
import socket
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from drystone.errors import BuildError, MissingExtraError, UsageError
from drystone.work.preflight import judge, remove_token, report, write_token
from drystone.work.process import prepare_process
from drystone.work.remote.mirror import Mirror
from drystone.work.store import Stage
from drystone.work.tasks import Outcome, Task, attempt

#: Seconds between looks at what the cluster has.
_LOOK: Final = 1.0
#: Tasks handed over beyond the processors that there are, for each of these, so that none waits for the next one.
_AHEAD: Final = 2
#: A task is begun a second time after so many seconds, or so many times as long as the slowest that has ended.
_PATIENCE: Final = 4.0
_SLOWER: Final = 2.0
#: How often a task is tried whose process, or whose host, ends under it.
_TRIES: Final = 6
#: Seconds for which the hosts are waited for before the first stage.
_PREFLIGHT: Final = 20.0
#: Seconds in which the head of a cluster has to answer.
_ANSWER: Final = 3.0


def outcomes(
    stage: Stage, tasks: Sequence[Task], most: int | None, address: str | None, mirrors: Sequence[Mirror] = ()
) -> Iterator[Outcome]:
    """Yield how each task ended, in any order; at most `most` are at work at a time (None: as many as there is room).

    `address` is that of a cluster that runs; without one Ray starts on this machine. `mirrors` are folders of each host
    that stand for object stores. Raises `BuildError` where
    nothing answers there, and where a task's process dies again and again.
    """
    yield from _Stage(start(most, address), stage, tasks, most, mirrors).run()


class _Stage:
    """One stage on the cluster: what waits, and what is at work since when."""

    def __init__(
        self, ray: Any, stage: Stage, tasks: Sequence[Task], most: int | None, mirrors: Sequence[Mirror] = ()
    ) -> None:
        self._ray, self._most, self._mirrors = ray, most, tuple(mirrors)
        self._folder = str(stage.folder)
        self._do = ray.remote(num_cpus=1, max_retries=0, scheduling_strategy="SPREAD")(_do)
        self._tasks = {task.id: task for task in tasks}
        self._waiting = deque(self._tasks)
        self._running: dict[Any, tuple[str, float]] = {}
        self._tries: dict[str, int] = dict.fromkeys(self._tasks, 0)
        self._slowest = 0.0
        self._processors = 1
        self._looked = -_LOOK

    def run(self) -> Iterator[Outcome]:
        """Yield each task's outcome once."""
        left = set(self._tasks)
        try:
            while left:
                self._look()
                self._fill(left)
                done, _ = self._ray.wait(list(self._running), num_returns=1, timeout=_LOOK)
                for reference in done:
                    task, since = self._running.pop(reference)
                    outcome = self._outcome(reference, task, left)
                    if outcome is not None and task in left:
                        left.remove(task)
                        self._slowest = max(self._slowest, time.monotonic() - since)
                        yield outcome
        finally:
            for reference in self._running:  # of tasks that another process has done, or of a build that ends
                self._ray.cancel(reference, force=True)

    def _look(self) -> None:
        """Ask the cluster what it has, once in a while."""
        if time.monotonic() - self._looked >= _LOOK:
            self._processors = max(1, int(self._ray.cluster_resources().get("CPU", 0)))
            self._looked = time.monotonic()

    def _fill(self, left: set[str]) -> None:
        """Hand over what waits; where nothing does, begin anew what takes too long."""
        at_work = self._processors if self._most is None else min(self._processors, self._most)
        ahead = _AHEAD if self._most is None else 1
        while self._waiting and len(self._running) < at_work * ahead:
            self._begin(self._waiting.popleft())
        if self._waiting or len(self._running) >= at_work:
            return
        begun = [task for task, _ in self._running.values()]
        long = max(_PATIENCE, _SLOWER * self._slowest)
        for task, since in sorted(self._running.values(), key=lambda each: each[1]):
            late = task in left and begun.count(task) == 1 and time.monotonic() - since > long
            if late and len(self._running) < at_work:
                self._begin(task)

    def _begin(self, task: str) -> None:
        data = pickle.dumps(self._tasks[task])
        self._running[self._do.remote(self._folder, data, self._mirrors)] = (task, time.monotonic())

    def _outcome(self, reference: Any, task: str, left: set[str]) -> Outcome | None:
        """Return how a task ended; None where its process or host did, and it waits again."""
        try:
            outcome: Outcome = pickle.loads(self._ray.get(reference))  # noqa: S301 -- pickled by `_do`
        except self._ray.exceptions.RayError as error:
            if task not in left or any(task == other for other, _ in self._running.values()):
                return None
            self._tries[task] += 1
            if self._tries[task] >= _TRIES:
                raise self._given_up(task, error) from None
            self._waiting.appendleft(task)
            return None
        return outcome

    def _given_up(self, task: str, error: Exception) -> BuildError:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        if isinstance(error, self._ray.exceptions.RayTaskError):  # what a task raises itself comes as its outcome
            return BuildError(
                f"task {task}: was begun on hosts {_TRIES} times, and none could ({lines[-1]}); "
                "install the same Drystone on all hosts"
            )
        return BuildError(
            f"task {task}: the process that did it ended {_TRIES} times ({lines[0]}); often there is too little "
            "memory for as many tasks as the hosts have processors: start Ray with a smaller --num-cpus"
        )


def _do(folder: str, task: bytes, mirrors: Sequence[Mirror]) -> bytes:
    """Do a task on the host that Ray has chosen; what it raises names that host."""
    prepare_process()
    # Tasks are pickled by `_Stage` and come from nowhere else.
    outcome = attempt(pickle.loads(task), Stage(Path(folder)), mirrors)  # noqa: S301
    if outcome.summary is None:
        import ray  # noqa: PLC0415  an extra

        util: Any = ray.util
        outcome = replace(outcome, message=f"host {util.get_node_ip_address()}: {outcome.message}")
    return pickle.dumps(outcome)


def check(
    address: str | None,
    most: int | None,
    folders: Sequence[Path],
    reads: Sequence[Path] = (),
    mirrors: Sequence[Mirror] = (),
) -> None:
    """See to it that each host of the cluster sees the folders, can write there, sees what is read, has this program.

    `mirrors` are folders of each host that stand for object stores. Raises `BuildError` naming host and folder. A host
    that does not answer in a while is left alone: it may be gone.
    """
    ray = start(most, address)
    here = ray.util.get_node_ip_address()
    with ExitStack() as stack:
        tokens = []
        for folder in folders:
            tokens.append(write_token(folder))
            stack.callback(remove_token, tokens[-1])
        pin = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
        ask = ray.remote(num_cpus=0, max_retries=0)(report)
        hosts = {node["NodeID"]: node["NodeManagerAddress"] for node in ray.nodes() if node["Alive"]}
        others = {id_: host for id_, host in hosts.items() if host != here}
        asked = {
            ask.options(scheduling_strategy=pin(id_, soft=False)).remote(tokens, reads, mirrors): id_ for id_ in others
        }
        until = time.monotonic() + _PREFLIGHT
        while asked and time.monotonic() < until:
            done, _ = ray.wait(list(asked), num_returns=1, timeout=_LOOK)
            for reference in done:
                host = others[asked.pop(reference)]
                try:
                    found = ray.get(reference)
                except (ray.exceptions.RayTaskError, ray.exceptions.RuntimeEnvSetupError) as error:
                    why = str(error).strip().splitlines()[-1]
                    raise BuildError(
                        f"host {host}: cannot run this program ({why}); install the same Drystone on all hosts"
                    ) from None
                except ray.exceptions.RayError:
                    continue  # it is gone, or was before it was asked
                judge(host, found, folders)
        for reference in asked:
            ray.cancel(reference, force=True)


def start(most: int | None, address: str | None) -> Any:
    """Return Ray, connected to the cluster at `address`, or started here with as many processors as `most`.

    Raises `BuildError` within seconds where nothing answers there, `UsageError` for what is no address.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray  # noqa: PLC0415  an extra
    except ImportError:
        raise MissingExtraError("The Ray engine", "ray") from None
    if not ray.is_initialized():
        if address is not None:
            _check_answers(address)
        local: dict[str, Any] = {} if address else {"num_cpus": most, "include_dashboard": False}
        try:
            ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False, **local)
        except Exception as error:  # Ray raises plain ones too: a machine that is too busy to start it in time
            why = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise BuildError(f"Ray at {address or 'this machine'} does not take this program in: {why}") from None
    return ray


def _check_answers(address: str) -> None:
    """Raise where nothing listens at an address, before Ray tries it for minutes."""
    if address in ("auto", "local"):
        return
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not port.isdecimal():
        raise UsageError(f"{address}: is no address of a Ray cluster; give HOST:PORT, as `ray start --head` prints it")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _ANSWER).close()
    except (OSError, OverflowError) as error:
        raise BuildError(
            f"{address}: no Ray cluster answers there ({getattr(error, 'strerror', None) or error}); "
            "start one with `ray start --head`, or give the address that it printed"
        ) from None
