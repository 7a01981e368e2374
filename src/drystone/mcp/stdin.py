"""Lines of standard input for an event loop: none longer than is taken, and none that keeps the process from its end.

A thread that waits in a read can't be stopped. This one is a daemon and reads without Python's buffers, whose locks it
would hold when the process ends. Knows no protocol.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Final

#: What stands for a line that is too long.
TOO_LONG: Final = "too long"
_CHUNK: Final = 1 << 16


class StdinLines:
    """An asynchronous iterator over the lines of a file descriptor; reading begins with the iteration."""

    def __init__(self, descriptor: int, most: int) -> None:
        """`most` is bytes of a line; a longer one comes as `TOO_LONG`."""
        self._of = (descriptor, most)
        #: One line waits at a time, so that nobody who writes faster than is read fills the memory.
        self._room = threading.Semaphore(1)

    async def __aiter__(self) -> AsyncIterator[str]:
        waiting: asyncio.Queue[str | None] = asyncio.Queue()
        given = (asyncio.get_running_loop(), waiting)
        threading.Thread(target=self._read, args=given, name="drystone-stdin", daemon=True).start()
        while (line := await waiting.get()) is not None:
            self._room.release()
            yield line

    def _read(self, loop: asyncio.AbstractEventLoop, waiting: asyncio.Queue[str | None]) -> None:
        # No task of the loop's: one that is under way when a signal ends the loop would be told of as a failure.
        try:
            for line in lines(*self._of):
                self._room.acquire()
                loop.call_soon_threadsafe(waiting.put_nowait, line)
            loop.call_soon_threadsafe(waiting.put_nowait, None)
        except RuntimeError:
            return  # the loop has ended: nobody reads any more


def lines(descriptor: int, most: int) -> Iterator[str]:
    """Yield the lines of a file descriptor, without their ends; of bytes that are not UTF-8 what stands for them."""
    rest: list[bytes] = []
    held = 0
    while chunk := os.read(descriptor, _CHUNK):
        *ended, last = chunk.split(b"\n")
        for end in ended:
            yield _line(rest, end, held + len(end) > most)
            rest, held = [], 0
        held += len(last)
        rest = [*rest, last] if held <= most else []
    if held:
        yield _line(rest, b"", held > most)


def _line(rest: list[bytes], end: bytes, too_long: bool) -> str:
    return TOO_LONG if too_long else b"".join([*rest, end]).decode("utf-8", "replace")
