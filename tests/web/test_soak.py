"""Many clients at once, some of which hang up or read slowly: no request is lost, no answer is another's."""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from pathlib import Path

import pytest
import requests

from drystone.reader import Reader

from .conftest import running

CLIENTS, REQUESTS = 64, 40


@pytest.mark.slow
def test_none_lost_and_none_wrong(small: Path) -> None:
    psutil = pytest.importorskip("psutil")
    contexts = [f"Item {i} lies in row {i * 7} of hall {chr(65 + i % 26)}. " * (1 + i % 5) for i in range(40)]
    answers = Reader.load(small, threads=1).stream([("Where is it?", context) for context in contexts])
    expected = [found[0].text for found in answers]
    wrong: list[str] = []
    served = [0]
    with running("--model", str(small), "--threads", "2", "--max-waiting", "100000") as server:
        address = ("127.0.0.1", int(server.url.rsplit(":", 1)[1]))

        def client(number: int) -> None:
            rng = random.Random(number)
            session = requests.Session()
            for _ in range(REQUESTS):
                i = rng.randrange(len(contexts))
                body = {"inputs": {"question": "Where is it?", "context": contexts[i]}}
                kind = rng.random()
                if kind < 0.2:  # hangs up, before or after the request is complete
                    raw = json.dumps(body).encode()
                    with socket.create_connection(address) as gone:
                        head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(raw)}\r\n\r\n"
                        gone.sendall(head.encode() + raw[: rng.randrange(len(raw) + 1)])
                    continue
                response = session.post(server.url, json=body, timeout=60, stream=kind < 0.4)
                if kind < 0.4:
                    time.sleep(0.02)
                found = response.json()
                served[0] += 1
                if response.status_code != 200 or found["answer"] != expected[i]:
                    wrong.append(f"{response.status_code} {found} instead of {expected[i]}")

        def run_all() -> None:
            threads = [threading.Thread(target=client, args=(n,)) for n in range(CLIENTS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        process = psutil.Process(server.process.pid)
        run_all()
        before = process.memory_info().rss
        run_all()
        grown = process.memory_info().rss - before
        metrics = requests.get(f"{server.url}/metrics", timeout=10).text
    assert not wrong, wrong[:3]
    assert served[0] > CLIENTS * REQUESTS
    assert 'drystone_waiting_windows{model="small"} 0.0' in metrics
    assert 'status="500"' not in metrics
    assert grown < 40 * 2**20
