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

import anyio
import anyio.from_thread
import anyio.lowlevel

#: What stands for a line that is too long.
TOO_LONG: Final = "too long"
_CHUNK: Final = 1 << 16


class StdinLines:
    """An asynchronous iterator over the lines of a file descriptor; reading begins with the iteration."""

    def __init__(self, descriptor: int, most: int) -> None:
        """`most` is bytes of a line; a longer one comes as `TOO_LONG`."""
        self._of = (descriptor, most)
        self._sender, self._receiver = anyio.create_memory_object_stream[str](0)

    def __aiter__(self) -> AsyncIterator[str]:
        token = anyio.lowlevel.current_token()
        threading.Thread(target=self._read, args=(token,), name="drystone-stdin", daemon=True).start()
        return self._receiver

    def _read(self, token: anyio.lowlevel.EventLoopToken) -> None:
        try:
            for line in lines(*self._of):
                anyio.from_thread.run(self._sender.send, line, token=token)
            anyio.from_thread.run(self._sender.aclose, token=token)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.RunFinishedError, asyncio.CancelledError):
            return  # nobody reads any more


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
