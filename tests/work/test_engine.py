"""The engine: the same summaries wherever tasks run, in their order; what has finished is not done again."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from drystone.errors import BuildError, SourceError
from drystone.work.engine import Engine
from drystone.work.store import Stage
from drystone.work.tasks import Summary, Task


def square(stage: Stage, task: str, number: int) -> Summary:
    stage.file(f"{task}.txt").write_text(str(number))
    return {"square": number * number, "process": os.getpid()}


def fail(stage: Stage, task: str, seconds: float = 0) -> Summary:
    time.sleep(seconds)
    raise SourceError(f"{task}: is no wall")


def die(stage: Stage, task: str) -> Summary:
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def sleep(stage: Stage, task: str, seconds: float) -> Summary:
    time.sleep(seconds)
    return {}


class Told:
    """Progress that remembers what it was told."""

    def __init__(self) -> None:
        self.events: list[tuple[str, float]] = []

    def start(self, stage: str, total: float, done: float) -> None:
        self.events.append((f"start {total:g}", done))

    def advance(self, stage: str, weight: float) -> None:
        self.events.append(("advance", weight))

    def finish(self, stage: str) -> None:
        self.events.append(("finish", 0))


def squares(count: int) -> list[Task]:
    return [Task(f"{n:02d}", square, {"number": n}, weight=1 + n % 3) for n in range(count)]


@pytest.mark.parametrize(("threads", "in_process"), [(1, 0.0), (2, 0.0), (2, 1e9)])
def test_summaries_come_in_the_order_of_tasks(threads: int, in_process: float, tmp_path: Path) -> None:
    engine = Engine(threads=threads, in_process=in_process)
    try:
        found = engine.run("squares", Stage(tmp_path / "s"), squares(9))
        assert [summary["square"] for summary in found] == [n * n for n in range(9)]
        assert ({summary["process"] for summary in found} == {os.getpid()}) == (threads == 1 or in_process > 0)
        # Finished tasks are known again, by any engine.
        assert Engine(threads=1).run("squares", Stage(tmp_path / "s"), squares(9)) == found
    finally:
        engine.workers.stop()


def test_progress_counts_what_an_earlier_run_has_finished(tmp_path: Path) -> None:
    told = Told()
    Engine(threads=1).run("squares", Stage(tmp_path), squares(2))
    Engine(threads=1, progress=told).run("squares", Stage(tmp_path), squares(4))
    assert told.events == [("start 7", 3), ("advance", 3), ("advance", 1), ("finish", 0)]  # the heaviest first


def test_a_task_that_fails_ends_the_run_at_once(tmp_path: Path) -> None:
    engine = Engine(threads=2, in_process=0)
    tasks = [
        Task("wrong", fail, {"seconds": 0.2}, weight=1e9),
        *(Task(f"{n}", sleep, {"seconds": 60}) for n in range(4)),
    ]
    before = set(psutil.Process().children())
    begun = time.monotonic()
    with pytest.raises(SourceError, match="wrong: is no wall"):
        engine.run("walls", Stage(tmp_path), tasks)
    assert time.monotonic() - begun < 30, "nobody waits for what other tasks have in hand"
    assert set(psutil.Process().children()) <= before


def test_a_worker_that_is_killed_is_told_with_what_to_do(tmp_path: Path) -> None:
    engine = Engine(threads=2, in_process=0)
    before = set(psutil.Process().children())
    with pytest.raises(BuildError, match=r"ended with status -9 .* too little memory: try fewer threads"):
        engine.run("walls", Stage(tmp_path), [Task("a", die), Task("b", sleep, {"seconds": 60})])
    assert set(psutil.Process().children()) <= before
