"""Worker processes: results and errors come back, and no process outlives its work or the one that started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from drystone.errors import BuildError
from drystone.work.workers import Workers


@pytest.fixture
def workers() -> Iterator[Workers]:
    before = set(psutil.Process().children())
    workers = Workers()
    yield workers
    workers.stop()
    assert set(psutil.Process().children()) <= before


def test_calls_run_in_processes_that_stay(workers: Workers) -> None:
    workers.start(2)
    with ThreadPoolExecutor(4) as pool:
        first = set(pool.map(lambda _: workers.call(os.getpid), range(8)))
    workers.start(2)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: workers.call(os.getpid), range(8))) <= first
    assert os.getpid() not in first
    workers.start(1)
    assert workers.call(os.getpid) not in first


def test_what_is_printed_does_not_get_between_the_results(workers: Workers, capfd: pytest.CaptureFixture[str]) -> None:
    workers.start(1)
    assert workers.call(print, "said by a library") is None
    assert workers.call(len, [1, 2]) == 2
    workers.stop()
    assert "said by a library" in capfd.readouterr().err


def test_a_worker_that_dies_is_told_and_replaced(workers: Workers) -> None:
    workers.start(1)
    with pytest.raises(BuildError, match="ended with status -9 in the middle of its work"):
        workers.call(os.kill, workers.call(os.getpid), signal.SIGKILL)
    workers.start(1)
    assert workers.call(len, "ab") == 2


def test_a_copied_worker_tells_how_it_died(workers: Workers) -> None:
    workers.start(2)
    with ThreadPoolExecutor(2) as pool:
        both = set(pool.map(workers.call, [_pid_after] * 2, [0.3] * 2))
    assert len(both) == 2
    (copy,) = (pid for pid in both if psutil.Process(pid).ppid() in both)
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(workers.call, time.sleep, 0.5) for _ in range(2)]
        time.sleep(0.2)
        os.kill(copy, signal.SIGSEGV)
        errors = [str(error) for call in calls if (error := call.exception()) is not None]
    assert len(errors) == 1
    assert "ended with status -11" in errors[0]


def test_workers_end_also_where_the_one_that_they_were_copied_from_died_before(workers: Workers) -> None:
    workers.start(2)
    with ThreadPoolExecutor(2) as pool:
        both = set(pool.map(workers.call, [_pid_after] * 2, [0.3] * 2))
    (copy,) = (pid for pid in both if psutil.Process(pid).ppid() in both)
    (first,) = both - {copy}
    left = psutil.Process(copy)
    os.kill(first, signal.SIGKILL)
    workers.stop()
    left.wait(10)


def test_the_first_process_ends_quietly_where_no_worker_is_asked_of_it(
    workers: Workers, capfd: pytest.CaptureFixture[str]
) -> None:
    workers.prepare()
    assert workers._first is not None
    process, control = workers._first.process, workers._first.control
    control.close()
    assert process.wait(60) == 0
    assert not capfd.readouterr().err


def _pid_after(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def _threads() -> list[str]:
    return [(thread / "comm").read_text().strip() for thread in Path("/proc/self/task").iterdir()]


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="the system does not tell of threads in /proc")
def test_nothing_has_started_threads_when_workers_are_copied(workers: Workers) -> None:
    workers.start(1)
    # Arrow's jemalloc knows how to be copied; the others are Python's own two.
    assert len([name for name in workers.call(_threads) if name != "jemalloc_bg_thd"]) == 2


def test_workers_that_were_dismissed_are_replaced(workers: Workers) -> None:
    workers.start(2)
    first = workers.call(os.getpid)
    workers.dismiss()
    workers.start(2)
    assert workers.call(os.getpid) != first


def test_a_first_process_that_was_never_used_ends(workers: Workers) -> None:
    workers.stop()
    before = psutil.Process().children()  # other tests may have left some
    workers.prepare()
    workers.prepare()
    started = [process for process in psutil.Process().children() if process not in before]
    assert len(started) == 1
    workers.stop()
    assert not started[0].is_running()


def test_workers_end_with_their_parent_even_when_it_is_killed(workers: Workers) -> None:
    script = (
        "import os, threading, time\n"
        "from drystone.work.workers import Workers\n"
        "workers = Workers()\n"
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


def test_an_interrupt_is_for_the_parent_alone(workers: Workers) -> None:
    workers.start(1)
    os.kill(workers.call(os.getpid), signal.SIGINT)
    time.sleep(0.2)
    assert workers.call(len, "ab") == 2


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the system does not tell of open files in /proc")
def test_workers_do_not_read_what_is_meant_for_the_one_who_started_them() -> None:
    script = (
        "import os\n"
        "from drystone.work.workers import Workers\n"
        "workers = Workers()\n"
        "workers.start(2)\n"
        "print(workers.call(os.readlink, '/proc/self/fd/0'))\n"
        "workers.stop()\n"
        "print(input())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], input="mine\n", capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["/dev/null", "mine"]


def test_a_script_may_build_without_a_guard_around_its_main_part(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from drystone.work.workers import Workers\n"
        "print('begun', flush=True)\n"
        "workers = Workers()\n"
        "workers.start(2)\n"
        "print(workers.call(abs, -1))\n"
        "workers.stop()\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["begun", "1"]
