"""Measures `/v1/ask`: 8 clients that each ask one question after the other, of a real server over a release.

`python -m benchmarks.answers.serving` asks the labelled questions of the release in .cache/answers/held_out (`drystone
build benchmarks/answers/held_out.toml`, and `drystone index` of it). Clients are threads with a connection each; the
first round is not measured. Nobody else should use the machine.
"""

from __future__ import annotations

import http.client
import itertools
import json
import statistics
import threading
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import urlencode

import drystone
from benchmarks.answers.questions import questions
from benchmarks.harness import CACHE, Figure, main

CLIENTS: Final = 8
#: Questions of each client that are measured.
_ROUNDS: Final = 40


def figures(quick: bool, release: Path = CACHE / "answers/held_out") -> list[Figure]:
    """Return how long 8 clients wait for answers, and what a question costs the server."""
    import psutil
    from tests.web.conftest import running

    asked = [one.question for one in questions("held_out")]
    with TemporaryDirectory() as home:
        places = ("--registry", drystone.init_registry(f"{home}/registry.sqlite"), "--cache", f"{home}/cache")
        with running("--model", "mini", "--release", str(release), *places) as server:
            port, process = int(server.url.rpartition(":")[2]), psutil.Process(server.process.pid)
            drive(port, asked[-3 * CLIENTS :], 3)
            before = sum(process.cpu_times()[:2])
            start = time.perf_counter()
            times, statuses = drive(port, asked, 10 if quick else _ROUNDS)
            wall, cpu = time.perf_counter() - start, sum(process.cpu_times()[:2]) - before
    times.sort()
    p99 = times[min(len(times) - 1, int(len(times) * 0.99))]
    seen = ", ".join(f"{count} {what}" for what, count in sorted(statuses.items()))
    return [
        Figure("8 clients at /v1/ask: p99", p99, "s", 1.5, 0.8, lower_is_better=True, note=seen),
        Figure("8 clients at /v1/ask: p50", statistics.median(times), "s"),
        Figure("CPU ms a question, served", 1e3 * cpu / len(times), "ms", note=f"{len(times) / wall:.1f} a second"),
        Figure("questions refused or cut short", statuses.total() - statuses["whole"], "", 0, 0, lower_is_better=True),
    ]  # fmt: skip


def drive(port: int, asked: list[str], rounds: int) -> tuple[list[float], Counter[str]]:
    """Let each client ask `rounds` questions; return the seconds that each took, and what came of them."""
    times: list[float] = []
    statuses: Counter[str] = Counter()

    def client(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for question in itertools.islice(itertools.cycle(asked[number::CLIENTS]), rounds):
            start = time.perf_counter()
            connection.request("GET", "/v1/ask?" + urlencode({"question": question}))
            answer = connection.getresponse()
            found = json.loads(answer.read())
            times.append(time.perf_counter() - start)
            assert answer.status != 200 or found["question"] == question, "an answer to another question"
            whole = answer.status == 200 and found["read"] == found["pieces"]
            statuses["whole" if whole else "cut short" if answer.status == 200 else str(answer.status)] += 1
        connection.close()

    clients = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    return times, statuses


if __name__ == "__main__":
    main(figures)
