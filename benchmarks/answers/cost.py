"""What a question costs: processor time over a large documentation, from the shell, and of many clients at once.

Wall times are of a machine that does other things, too, where its load says so; processor time is not.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import requests

from benchmarks.answers.questions import questions
from benchmarks.answers.releases import released, said
from benchmarks.harness import Figure
from drystone.answer.verbs import PRECISION, verify_citations
from drystone.release.read import Release
from drystone.search.results.searchable import SearchableRelease

#: Clients at once, and questions of each.
CLIENTS, QUESTIONS = 8, 25
#: Seconds that a client lets a question take: so long that none is refused, and the latency is what is measured.
_PATIENCE = 20.0


def figures(quick: bool) -> list[Figure]:
    """Return processor time a question, wall time from the shell, and the latency of clients at once."""
    release = released("documentation")
    asked = [one.question for one in questions("held_out") if one.kind == "documentation"]
    return [*_processor(release, asked[: 20 if quick else 100]), *_shell(release, asked, 3 if quick else 9),
            *_clients(release, asked, 4 if quick else QUESTIONS)]  # fmt: skip


def _processor(release: Release, asked: Sequence[str]) -> list[Figure]:
    from drystone.answer.askable import open_release

    opened = open_release(release.path)
    assert isinstance(opened, SearchableRelease)
    opened.ask(asked[0])  # loads the reader
    times = []
    for question in asked:
        start = time.process_time()
        opened.ask(question)
        times.append(1000 * (time.process_time() - start))
    note = f"{said(release)}; {len(asked)} questions, p95 {sorted(times)[int(0.95 * len(times))]:.0f} ms"
    return [Figure("CPU ms a question over documentation", statistics.mean(times), "ms", 200, 100, True, note)]


def _shell(release: Release, asked: Sequence[str], times: int) -> list[Figure]:
    """Ask in processes of their own, after one that warms the page cache, and check what they printed."""
    walls, spent = [], []
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        for question in asked[: times + 1]:
            command = [sys.executable, "-m", "drystone", "ask", str(release.path), question, "--least", "0", "--json"]
            before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            with answer.open("wb") as out:
                subprocess.run(command, check=True, stdout=out, stderr=subprocess.DEVNULL)
            walls.append(time.perf_counter() - start)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
            if any(one.state != "stands" for one in verify_citations(answer, release.path)):
                raise SystemExit(f"drystone ask: a quote does not stand: {answer.read_text()}")
    note = f"median of {times}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    return [
        Figure("drystone ask from the shell, index warm", statistics.median(walls[1:]), "s wall", 1.5, 0.7, True, note),
        Figure("the same, processor", statistics.median(spent[1:]), "s", note="user and system of the process"),
    ]


def _clients(release: Release, asked: Sequence[str], each: int) -> list[Figure]:
    """Ask a real server from clients at once; each answer must be one of its own question."""
    from tests.web.conftest import running

    def client(url: str, number: int) -> list[float]:
        times = []
        with requests.Session() as session:
            for turn in range(each):
                question = asked[(number * each + turn) % len(asked)]
                start = time.perf_counter()
                reply = session.get(f"{url}/v1/ask", params={"question": question, "seconds": _PATIENCE}, timeout=60)
                times.append(time.perf_counter() - start)
                if reply.status_code != 200 or reply.json()["question"] != question:
                    raise SystemExit(f"/v1/ask: {reply.status_code} {json.dumps(reply.text[:300])}")
        return times

    options = ("--release", str(release.path), "--model", "mini", "--precision", PRECISION)
    with running(*options) as server, ThreadPoolExecutor(CLIENTS) as pool:
        warm = requests.get(f"{server.url}/v1/ask", params={"question": asked[0]}, timeout=60)
        warm.raise_for_status()  # opens the index
        process = psutil.Process(server.process.pid)
        before = _spent(process)
        times = sorted(t for part in pool.map(lambda n: client(server.url, n), range(CLIENTS)) for t in part)
        spent = 1000 * (_spent(process) - before) / len(times)
    note = (
        f"{len(times)} questions, p50 {statistics.median(times):.2f} s, "
        f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )
    return [
        Figure(f"{CLIENTS} clients at /v1/ask, p99", times[int(0.99 * len(times))], "s", 1.5, 0.8, True, note),
        Figure("the same, CPU ms a question", spent, "ms", note="of the server, all threads"),
    ]


def _spent(process: psutil.Process) -> float:
    """Return the processor seconds that a process has taken."""
    times = process.cpu_times()
    return times.user + times.system
