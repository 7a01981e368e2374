"""Worker processes: results and errors come back, and no process outlives its work or the one that started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from drystone.building import workers
from drystone.errors import BuildError


@pytest.fixture(autouse=True)
def none_left() -> Iterator[None]:
    before = set(psutil.Process().children())
    yield
    workers.stop()
    assert set(psutil.Process().children()) <= before


def test_calls_run_in_processes_that_stay() -> None:
    workers.start(2)
    with ThreadPoolExecutor(4) as pool:
        first = set(pool.map(lambda _: workers.call(os.getpid), range(8)))
    workers.start(2)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: workers.call(os.getpid), range(8))) <= first
    assert os.getpid() not in first
    workers.start(1)
    assert workers.call(os.getpid) not in first


def test_what_is_printed_does_not_get_between_the_results(capfd: pytest.CaptureFixture[str]) -> None:
    workers.start(1)
    assert workers.call(print, "said by a library") is None
    assert workers.call(len, [1, 2]) == 2
    workers.stop()
    assert "said by a library" in capfd.readouterr().err


def test_a_worker_that_dies_is_told_and_replaced() -> None:
    workers.start(1)
    with pytest.raises(BuildError, match="ended with status -9 in the middle of its work"):
        workers.call(os.kill, workers.call(os.getpid), signal.SIGKILL)
    workers.start(1)
    assert workers.call(len, "ab") == 2


def test_workers_end_with_their_parent_even_when_it_is_killed() -> None:
    script = (
        "import os, threading, time\n"
        "from drystone.building import workers\n"
        "workers.start(1)\n"
        "print(workers.call(os.getpid), flush=True)\n"
        "workers.call(time.sleep, 60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    worker = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    _, alive = psutil.wait_procs([worker], timeout=20)
    assert not alive, f"worker {worker.pid} is still there"


def test_an_interrupt_is_for_the_parent_alone() -> None:
    workers.start(1)
    os.kill(workers.call(os.getpid), signal.SIGINT)
    time.sleep(0.2)
    assert workers.call(len, "ab") == 2
