"""Measures a server under 64 clients of 1,000 requests each, among them clients that vanish, read slowly, or give up.

`python -m benchmarks.reader_load` starts `drystone serve` over a small model and drives it from one process of plain
asyncio sockets. Of the requests 80 % are ordinary, each with a connection of its own; 5 % each are killed halfway
through sending (reset, as the kernel does for a killed process), cancelled while the answer is computed, read a few
bytes at a time, or pause halfway through sending. Every answer that is due must come, and be that of its own question.
Memory is compared between the end of the first tenth and the end.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import struct
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.harness import Figure, main

CLIENTS, REQUESTS = 64, 1000


class Load:
    """What 64 clients did and saw."""

    def __init__(self, port: int, bodies: list[bytes], expected: list[str]) -> None:
        self.port, self.bodies, self.expected = port, bodies, expected
        self.seen: Counter[str] = Counter()
        self.times: list[float] = []

    async def client(self, number: int, requests: int) -> None:
        rng = random.Random(number)
        for _ in range(requests):
            kind = rng.choices(["plain", "killed", "cancelled", "slow reader", "slow writer"], [80, 5, 5, 5, 5])[0]
            await self.request(kind, rng.randrange(len(self.bodies)), rng)

    async def request(self, kind: str, i: int, rng: random.Random) -> None:
        body = self.bodies[i]
        head = f"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        begin = time.perf_counter()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            if kind == "killed":
                writer.write((head + body)[: rng.randrange(len(head + body))])
                await writer.drain()
                raw: socket.socket = writer.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
                self.seen[kind] += 1
                return
            if kind == "slow writer":
                writer.write((head + body)[: len(head) + 5])
                await writer.drain()
                await asyncio.sleep(0.05)
                writer.write(body[5:])
            else:
                writer.write(head + body)
            await writer.drain()
            if kind == "cancelled":
                await asyncio.sleep(rng.random() * 0.02)
                self.seen[kind] += 1
                return
            if kind == "slow reader":
                answer = b""
                while piece := await reader.read(16):
                    answer += piece
                    await asyncio.sleep(0.002)
            else:
                answer = await reader.read()
            self.judge(answer, i)
            if kind == "plain":
                self.times.append(time.perf_counter() - begin)
        except OSError as error:
            self.seen[f"lost ({error.__class__.__name__})"] += 1
        finally:
            writer.close()

    def judge(self, answer: bytes, i: int) -> None:
        status, _, rest = answer.partition(b" ")[2].partition(b" ")
        try:
            found = json.loads(rest.split(b"\r\n\r\n", 1)[1])["answer"] if status == b"200" else None
        except (ValueError, KeyError, IndexError):
            found = None
        right = found == self.expected[i]
        self.seen["right" if right else f"wrong (status {status.decode() or 'none'})"] += 1


def measure(quick: bool) -> list[Figure]:
    """64 clients of 1,000 requests each: none lost, none wrong, memory level."""
    import psutil
    from tests.reader.checkpoints import write_checkpoint
    from tests.web.conftest import running

    from drystone.reader import Reader

    requests = 100 if quick else REQUESTS
    with tempfile.TemporaryDirectory() as home:
        model = write_checkpoint(Path(home) / "small", "bert")
        contexts = [f"Item {i} lies in row {i * 7} of hall {chr(65 + i % 26)}. " * (1 + i % 4) for i in range(200)]
        with_engine: dict[str, Any] = {"precision": "int8", "runtime": "packed"}  # the same bits in any company
        answers = Reader.load(model, threads=1, **with_engine).stream([("Where is it?", c) for c in contexts])
        expected = [found[0].text for found in answers]
        bodies = [json.dumps({"inputs": {"question": "Where is it?", "context": c}}).encode() for c in contexts]
        options = ("--model", str(model), "--threads", "1", "--max-waiting", "100000", "--precision", "int8")
        with running(*options, "--runtime", "packed") as server:
            load = Load(int(server.url.rsplit(":", 1)[1]), bodies, expected)
            process = psutil.Process(server.process.pid)

            async def drive(count: int) -> None:
                await asyncio.gather(*(load.client(n, count) for n in range(CLIENTS)))

            asyncio.run(drive(requests // 10))
            before = process.memory_info().rss
            begin = time.perf_counter()
            asyncio.run(drive(requests - requests // 10))
            spent = time.perf_counter() - begin
            grown = (process.memory_info().rss - before) / 2**20
    seen = load.seen
    lost = sum(n for name, n in seen.items() if name.startswith("lost"))
    wrong = sum(n for name, n in seen.items() if name.startswith("wrong"))
    note = ", ".join(f"{n:,} {name}" for name, n in sorted(seen.items()))
    p99 = sorted(load.times)[int(len(load.times) * 0.99)] * 1e3
    return [
        Figure("lost", lost, "requests", 0, 0, lower_is_better=True, note=note),
        Figure("wrong", wrong, "requests", 0, 0, lower_is_better=True),
        Figure("memory grown", grown, "MiB", 20, 5, lower_is_better=True, note="after the first tenth, to the end"),
        Figure("requests a second", sum(seen.values()) * 0.9 / spent, "", note=f"99 % within {p99:.0f} ms"),
    ]  # fmt: skip


if __name__ == "__main__":
    main(measure)
