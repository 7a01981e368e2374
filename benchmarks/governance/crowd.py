"""What honest visitors notice while others hold the server with half-sent requests: how long answers take, at p99.

1,200 connections from one address that send half a request each, opened anew as the server closes them, and 64 clients
from another that ask for `/health`, against `drystone serve` that may open 256 files. The same clients without the
crowd, just before, tell what the machine alone takes.
"""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from tests.web.pages import releases

from benchmarks.harness import Figure

_LIMITED = (
    "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256)); from drystone.cli import main; main()"
)
_HALF = b"GET / HTTP/1.1\r\nHost: x\r\nX-Half:"


def figures(quick: bool) -> list[Figure]:
    """Return the 99th part of the time of an answer, in milliseconds, and how many bytes the log grew by."""
    crowd, clients, seconds = (300, 16, 5.0) if quick else (1200, 64, 20.0)
    with tempfile.TemporaryDirectory(prefix="drystone-crowd-") as folder:
        times, alone, failed, log = measure(Path(folder), crowd, clients, seconds)
    p50, p99 = np.percentile(times, [50, 99]) if times else (None, None)
    note = f"{crowd:,} half-sent requests and {clients} clients for {seconds:g} s; {len(times):,} answers"
    if times and alone:
        note += f", p50 {p50:.0f} ms; the same without the crowd: p99 {np.percentile(alone, 99):.0f} ms"
    return [
        Figure("answer to an honest visitor beside half-sent requests, p99", p99, "ms", 500, 200, True, note),
        Figure("honest visitors not answered", failed, "requests", 0, 0, True, ""),
        Figure("bytes that the log grew by", log, "bytes", 100_000, 10_000, True, ""),
    ]


def measure(folder: Path, crowd: int, clients: int, seconds: float) -> tuple[list[float], list[float], int, int]:
    """Serve a release, let the crowd come, ask.

    Returns the times of answers (ms), those without the crowd, how many failed, and by how much the log grew.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    first = releases(folder / "releases")[0]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", _LIMITED, "serve", "--port", str(port), "--release", str(first)]
    log = folder / "log"
    crowding = [sys.executable, "-c", f"from benchmarks.governance.crowd import hold; hold({port}, {crowd})"]
    with log.open("wb") as lines:
        server = subprocess.Popen(command, cwd=folder, stderr=lines, env={**os.environ, "HOME": str(folder)})
    held = None
    try:
        _ready(port, server)
        before = log.stat().st_size
        alone, _ = asyncio.run(_read(port, clients, seconds / 4))
        held = subprocess.Popen(crowding)
        time.sleep(1.0)
        times, failed = asyncio.run(_read(port, clients, seconds))
        return times, alone, failed, log.stat().st_size - before
    finally:
        for process in (held, server):
            if process is not None:
                process.terminate()
                process.wait(30)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def hold(port: int, crowd: int) -> None:
    """Hold half-sent requests until this process is ended; one that the server closes is opened anew."""

    async def one() -> None:
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.2", 0))
                writer.write(_HALF)
                await reader.read()  # until it is closed
                writer.close()
            except OSError:
                pass
            await asyncio.sleep(5.0)

    async def all_() -> None:
        await asyncio.gather(*(one() for _ in range(crowd)))

    asyncio.run(all_())


def _ready(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return
        except OSError:
            if server.poll() is not None:
                raise SystemExit("the server stopped") from None
            time.sleep(0.1)
    raise SystemExit("the server does not answer")


async def _read(port: int, clients: int, seconds: float) -> tuple[list[float], int]:
    until = time.monotonic() + seconds
    times: list[float] = []
    failed = 0

    async def client() -> None:
        nonlocal failed
        while time.monotonic() < until:
            begin = time.perf_counter()
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                answer = await asyncio.wait_for(reader.read(), 10)
                writer.close()
            except (OSError, TimeoutError):
                answer = b""
            if answer.startswith(b"HTTP/1.1 200"):
                times.append(1000 * (time.perf_counter() - begin))
            else:
                failed += 1
            await asyncio.sleep(0.5)

    await asyncio.gather(*(client() for _ in range(clients)))
    return times, failed
