"""Calls with an end: so many at once, so long each; one that is cancelled stops at its next step. Knows no tool."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import anyio

from drystone.errors import DrystoneError

_Result = TypeVar("_Result")


class StoppedError(Exception):
    """Nobody waits for this work any more."""


class BusyError(DrystoneError):
    """More calls came than can be worked on or wait."""


class TooLongError(DrystoneError):
    """A call did not end in its time."""


class Stop:
    """When a piece of work is to end: once its time is over, or nobody waits for it."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._stopped = threading.Event()

    @property
    def left(self) -> float:
        """Seconds that are left; 0 where none are."""
        return max(0.0, self._until - time.monotonic())

    def now(self) -> None:
        """Let the work end at its next step."""
        self._stopped.set()

    def reached(self) -> bool:
        """Return whether the work is to end."""
        return self._stopped.is_set() or self.left == 0

    def check(self) -> None:
        """Raise `StoppedError` where the work is to end."""
        if self.reached():
            raise StoppedError


class Calls:
    """Runs work on threads: `at_once` pieces at the same time while `waiting` more wait; each at most `seconds`.

    A piece that was given up keeps its thread until it has really ended, so that no flood of calls, cancelled or not,
    has more work going on than that.
    """

    def __init__(self, at_once: int, waiting: int, seconds: float) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="drystone-mcp")
        self._most, self._seconds = at_once + waiting, seconds
        self._said = f"{at_once} calls are worked on at once and {waiting} may wait"
        self._inside: set[Stop] = set()
        self._lock = threading.Lock()

    async def run(self, work: Callable[[Stop], _Result]) -> _Result:
        """Return what `work` returns. Raises what it raises; `BusyError`, `TooLongError`.

        Where the caller is cancelled, or time is over, `work` is told so by the `Stop` that it is given.
        """
        stop = Stop(self._seconds)
        with self._lock:
            if len(self._inside) >= self._most:
                raise BusyError(f"too many calls at once: {self._said}; call again in a moment")
            self._inside.add(stop)
        future = self._threads.submit(work, stop)
        future.add_done_callback(lambda done: self._left(stop, done))
        try:
            with anyio.fail_after(self._seconds):
                return await asyncio.wrap_future(future)
        except (TimeoutError, StoppedError):
            raise TooLongError(
                f"this took longer than {self._seconds:g} s and was stopped; ask for less, or narrow it by language, "
                "repository or path"
            ) from None
        finally:
            stop.now()

    def close(self) -> None:
        """Stop all work and take no more."""
        with self._lock:
            for stop in self._inside:
                stop.now()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _left(self, stop: Stop, done: Future[Any]) -> None:
        with self._lock:
            self._inside.discard(stop)
        if not done.cancelled():
            done.exception()  # looked at, so that nobody is told of an error that no caller waits for
