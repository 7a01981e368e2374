"""Worker processes of this machine that live as long as a build, so that each loads the detectors once.

A worker runs `main` below: it reads pickled calls from its standard input, and writes pickled results to what was its
standard output. It ends when that input does, also in the middle of a call.
"""

from __future__ import annotations

import atexit
import os
import pickle
import queue
import select
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any, Final

from drystone.errors import BuildError

_LENGTH: Final = struct.Struct("<Q")


_processes: list[subprocess.Popen[bytes]] = []
_idle: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()


def start(count: int) -> None:
    """See to it that `count` workers run; those of another number are ended first."""
    if len(_processes) == count and all(process.poll() is None for process in _processes):
        return
    stop()
    command = [sys.executable, "-c", "from drystone.building.workers import main; main()"]
    for _ in range(count):
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        _processes.append(process)
        _idle.put(process)


def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return `function(*arguments)`, done in a worker; both must be picklable. Waits while all are at work.

    May be used from several threads at once. Raises `BuildError` where the worker died on it.
    """
    process = _idle.get()
    assert process.stdin is not None and process.stdout is not None
    try:
        _send(process.stdin, (function, arguments))
        return _receive(process.stdout)
    except (EOFError, BrokenPipeError):
        raise BuildError(
            f"a worker process ended with status {process.wait()} in the middle of its work; -9 is often the system's "
            "answer to too little memory: try fewer threads"
        ) from None
    finally:
        _idle.put(process)


@atexit.register
def stop() -> None:
    """End the workers, whatever they are doing."""
    for process in _processes:
        process.kill()
    for process in _processes:
        assert process.stdin is not None and process.stdout is not None
        process.wait()
        process.stdout.close()
        with suppress(BrokenPipeError):
            process.stdin.close()
    _processes.clear()
    while not _idle.empty():
        _idle.get()


def _send(stream: IO[bytes], what: Any) -> None:
    data = pickle.dumps(what)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def _receive(stream: IO[bytes]) -> Any:
    header = stream.read(_LENGTH.size)
    if len(header) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(header)
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    # Both ends are one program, and nobody else has the pipe.
    return pickle.loads(data)  # noqa: S301


def _end_with_input() -> None:
    """End this process when nobody can give it work any more, even if it is at work."""
    closed = select.poll()
    closed.register(0, select.POLLHUP)
    closed.poll()
    os._exit(0)


def main() -> None:
    """Do calls until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What a library prints must not get between the results.
    results = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    threading.Thread(target=_end_with_input, daemon=True).start()
    from drystone.building.engine import prepare_process  # noqa: PLC0415

    prepare_process()
    calls = os.fdopen(0, "rb")
    while True:
        try:
            function, arguments = _receive(calls)
        except EOFError:
            return
        _send(results, function(*arguments))
