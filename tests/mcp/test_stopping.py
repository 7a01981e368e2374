"""Calls end: so many at once, so long each, and none that nobody waits for goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import anyio
import pytest

from drystone.errors import UsageError
from drystone.mcp.stopping import BusyError, Calls, Stop, StoppedError, TooLongError


def steps(stop: Stop) -> None:
    """Work that takes steps until it is told to end."""
    while True:
        stop.check()
        time.sleep(0.005)


def test_a_call_gives_what_its_work_gives(run: Callable[..., object]) -> None:
    calls = Calls(2, 2, 10)

    async def all_of_it() -> None:
        assert await calls.run(lambda stop: stop.left > 5) is True

        def wrong(stop: Stop) -> None:
            raise UsageError("wrong")

        with pytest.raises(UsageError, match="wrong"):
            await calls.run(wrong)

    run(all_of_it)
    calls.close()


def test_a_call_that_is_cancelled_stops_at_its_next_step(run: Callable[..., object]) -> None:
    calls, ended, begun = Calls(1, 1, 60), threading.Event(), threading.Event()

    def work(stop: Stop) -> None:
        begun.set()
        try:
            steps(stop)
        except StoppedError:
            ended.set()
            raise

    async def cancelled() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(calls.run, work)
            await anyio.to_thread.run_sync(begun.wait, 10)
            tasks.cancel_scope.cancel()

    run(cancelled)
    assert ended.wait(10)
    calls.close()


def test_a_call_ends_in_its_time(run: Callable[..., object]) -> None:
    calls = Calls(1, 1, 0.2)

    async def too_long() -> None:
        with pytest.raises(TooLongError, match=r"longer than 0\.2 s"):
            await calls.run(steps)

    run(too_long)
    calls.close()


def test_a_flood_is_refused_and_work_that_was_given_up_keeps_its_place(run: Callable[..., object]) -> None:
    calls, go = Calls(1, 1, 60), threading.Event()

    def stubborn(stop: Stop) -> bool:
        return go.wait(20)

    async def flood() -> None:
        async with anyio.create_task_group() as tasks:
            for _ in range(2):
                tasks.start_soon(calls.run, stubborn)
            await anyio.sleep(0.1)
            with pytest.raises(BusyError, match="1 calls are worked on at once and 1 may wait"):
                await calls.run(stubborn)
            tasks.cancel_scope.cancel()
        # The one that waited is gone; the one that runs is not at an end, whoever waits for it.
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(calls.run, stubborn)
            await anyio.sleep(0.1)
            with pytest.raises(BusyError):
                await calls.run(stubborn)
            go.set()
        assert await calls.run(stubborn)

    run(flood)
    calls.close()
