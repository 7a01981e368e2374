"""Worker processes of this machine that live as long as a build, forked from one that has loaded the detectors once.

That first process is a program of its own, so that no thread of the one that builds is ever copied. It loads what
tasks need while the builder still makes its plan; then it copies itself for each worker but the last, which it becomes.
A worker reads pickled calls from a socket and writes pickled results to it. It ends when the other end does, also in
the middle of a call.
"""

from __future__ import annotations

import atexit
import importlib
import os
import pickle
import queue
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from drystone.errors import BuildError

_LENGTH: Final = struct.Struct("<Q")
#: What the first process is told with each worker's socket: to copy itself, or to become the worker.
_COPY: Final = b"c"
_BECOME: Final = b"b"


class _Worker:
    """The builder's end of a worker."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        #: Known from its first message on.
        self.pid: int | None = None

    def call(self, what: Any) -> Any:
        if self.pid is None:
            self.pid = _receive(self.connection)
        _send(self.connection, what)
        return _receive(self.connection)


@dataclass
class _First:
    """The process that workers are copied from; `control` is closed when it has been told of all of them."""

    process: subprocess.Popen[bytes]
    control: socket.socket
    dismissed: bool = False

    def lives(self) -> bool:
        return not self.dismissed and self.process.poll() is None


class Workers:
    """The worker processes of one who builds; none runs before `prepare` or `start`.

    `preload` names a module whose function `preload` loads what tasks need; empty: nothing is loaded before it is
    asked for. May be used from several threads at once, except to start and to stop.
    """

    def __init__(self, preload: str = "") -> None:
        self.preload = preload
        self._first: _First | None = None
        self._workers: list[_Worker] = []
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()

    def prepare(self) -> None:
        """Start the process that workers are copied from, where there is none: it loads what it needs meanwhile."""
        if self._first is not None:
            return
        ours, theirs = socket.socketpair()
        call = f"main({theirs.fileno()}, {self.preload!r})"
        command = [sys.executable, "-c", f"from drystone.work.workers import main; {call}"]
        # Each worker is one processor's worth: threads of a library's own would only be in the way, and cannot be
        # copied.
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        environment.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # for what is not told of a pool; see `cli.main`
        # Huge pages for malloc: faults of small ones cost several processes more than one.
        environment.setdefault("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1")
        with theirs:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()], env=environment)
        self._first = _First(process, ours)
        atexit.register(self.stop)

    def start(self, count: int) -> None:
        """See to it that `count` workers run; those of another number are ended first."""
        lives = self._first is not None and self._first.lives()
        if len(self._workers) == count and lives:
            return
        if self._workers or not lives:
            self.stop()
        self.prepare()
        assert self._first is not None
        with self._first.control as control:
            for number in range(count):
                ours, theirs = socket.socketpair()
                self._workers.append(_Worker(ours))
                self._idle.put(self._workers[-1])
                with theirs, suppress(BrokenPipeError):
                    # Where the first process has died, the first call says so.
                    socket.send_fds(control, [_COPY if number < count - 1 else _BECOME], [theirs.fileno()])

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return `function(*arguments)`, done in a worker; both must be picklable. Waits while all are at work.

        Raises `BuildError` where the worker died on it.
        """
        idle, first = self._idle, self._first
        worker = idle.get()
        try:
            return worker.call((function, arguments))
        except (EOFError, OSError):
            raise BuildError(
                f"a worker process ended{_status(worker, first)} in the middle of its work; -9 is often the system's "
                "answer to too little memory: try fewer threads"
            ) from None
        finally:
            idle.put(worker)

    def dismiss(self) -> None:
        """Let the workers end, which takes them a while, without waiting for it; none may be at work."""
        if self._first is not None and self._first.lives():
            for worker in self._workers:
                # As long as nobody has waited for the first one, the others keep their numbers.
                if worker.pid is not None and worker.pid != self._first.process.pid:
                    with suppress(ProcessLookupError):
                        os.kill(worker.pid, signal.SIGKILL)
            self._first.process.kill()
            self._first.dismissed = True

    def stop(self) -> None:
        """End the workers, whatever they are doing."""
        if self._first is None:
            return
        atexit.unregister(self.stop)
        self.dismiss()
        first, self._first = self._first, None
        first.control.close()
        first.process.wait()
        for worker in self._workers:
            with suppress(OSError):
                # The other end of one that was told to end is open as long as it lives. The rest end by themselves,
                # when this end is closed.
                while first.dismissed and worker.pid is not None and worker.connection.recv(1 << 16):
                    pass
                # A call that still waits for its worker waits no longer.
                worker.connection.shutdown(socket.SHUT_RDWR)
            worker.connection.close()
        self._workers = []
        self._idle = queue.SimpleQueue()


def _status(worker: _Worker, first: _First | None) -> str:
    """Return how a worker ended, in words, where that can be known."""
    if first is None:
        return ""
    if worker.pid is None or worker.pid == first.process.pid:
        with suppress(subprocess.TimeoutExpired):
            return f" with status {first.process.wait(timeout=5)}"
        return ""
    with suppress(OSError):
        # It waits to be asked by the process that it was copied from; proc_pid_stat(5): exit_code comes last.
        text = Path(f"/proc/{worker.pid}/stat").read_text()
        return f" with status {os.waitstatus_to_exitcode(int(text.split()[-1]))}"
    return ""


def _send(connection: socket.socket, what: Any) -> None:
    data = pickle.dumps(what)
    connection.sendall(_LENGTH.pack(len(data)) + data)


def _receive(connection: socket.socket) -> Any:
    (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size))
    # Both ends are one program, and nobody else has the socket.
    return pickle.loads(_exactly(connection, length))  # noqa: S301


def _exactly(connection: socket.socket, size: int) -> bytearray:
    data = bytearray(size)
    view = memoryview(data)
    while view:
        count = connection.recv_into(view)
        if not count:
            raise EOFError
        view = view[count:]
    return data


def _end_with(connection: socket.socket) -> None:
    """End this process when nobody can give it work any more, even if it is at work."""
    closed = select.poll()
    closed.register(connection, select.POLLHUP)
    closed.poll()
    os._exit(0)


def main(descriptor: int, preload: str) -> None:
    """Load what tasks need, then become the workers that the socket `descriptor` asks for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What a library prints must not get into what the builder prints.
    os.dup2(2, 1)
    # Brings Arrow, which takes the builder longer to load than to start this process.
    from drystone.work.process import prepare_process  # noqa: PLC0415

    if preload:
        importlib.import_module(preload).preload()
    prepare_process()
    with socket.socket(fileno=descriptor) as control:
        while True:
            asked, descriptors, *_ = socket.recv_fds(control, 1, 1)
            if not asked:
                return
            (given,) = descriptors
            if asked == _BECOME or not os.fork():
                break
            os.close(given)
    _serve(socket.socket(fileno=given))


def _serve(connection: socket.socket) -> None:
    """Do calls until the other end is closed."""
    threading.Thread(target=_end_with, args=(connection,), daemon=True).start()
    _send(connection, os.getpid())
    with suppress(EOFError):
        while True:
            function, arguments = _receive(connection)
            _send(connection, function(*arguments))
