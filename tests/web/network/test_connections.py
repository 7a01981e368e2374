"""Many half-sent requests, slow bodies, a log that does not grow."""

from __future__ import annotations

import asyncio
import logging
import random
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from drystone.web.network.connections import Room, Seldom
from drystone.web.network.edge import Edge
from tests.web.pages import releases

_SERVE = (
    "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256));"
    "from drystone.web.network import connections; from drystone.cli import main;"
    "Room = connections.Room; connections.Room = lambda most: Room(most, seconds=1.0); main()"
)


def test_half_sent_requests_take_no_place_from_others(tmp_path: Path) -> None:
    (folder, _) = releases(tmp_path / "releases")
    log = tmp_path / "log"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", _SERVE, "serve", "--port", str(port), "--release", str(folder)]
    with log.open("wb") as lines:
        server = subprocess.Popen(command, cwd=tmp_path, stderr=lines, env={"HOME": str(tmp_path), "PATH": ""})
    held: list[socket.socket] = []
    try:
        url = f"http://127.0.0.1:{port}/health"
        for _ in range(600):
            try:
                requests.get(url, timeout=5)
                break
            except requests.ConnectionError:
                assert server.poll() is None, log.read_text()
                time.sleep(0.05)
        for number in range(500):
            held.append(socket.create_connection(("127.0.0.1", port), timeout=5))
            held[-1].sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Half:")
            if number % 50 == 0:
                assert requests.get(url, timeout=5).status_code == 200, number
        assert requests.get(url, timeout=5).status_code == 200
        # One more says a little now and then: it is closed when its time is over, whatever it sends.
        with socket.create_connection(("127.0.0.1", port), timeout=5) as drip, pytest.raises(OSError):
            for _ in range(100):
                drip.sendall(b"x")
                time.sleep(0.05)
        assert len(log.read_bytes()) < 20_000
    finally:
        for each in held:
            each.close()
        server.terminate()
        server.wait(30)


def test_who_holds_most_goes_first_and_of_them_the_oldest() -> None:
    room = Room(3)
    assert room.oldest() is None
    ours, theirs = asyncio.Protocol(), [asyncio.Protocol() for _ in range(3)]
    room.enter(ours, "honest")
    for each in theirs:
        room.enter(each, "greedy")
    assert room.oldest() is theirs[0]
    room.leave(theirs[0], "greedy")
    room.leave(theirs[0], "nobody")
    assert room.oldest() is theirs[1]
    for each in theirs:
        room.leave(each, "greedy")
    assert room.oldest() is ours


def test_who_goes_first_is_told_at_once_however_many_visitors_there_are() -> None:
    room, held, chance = Room(3), dict[str, list[asyncio.Protocol]](), random.Random(1)
    for _ in range(3000):
        visitor = f"visitor {chance.randrange(50)}"
        mine = held.setdefault(visitor, [])
        if mine and chance.random() < 0.5:
            room.leave(mine.pop(chance.randrange(len(mine))), visitor)
        else:
            mine.append(asyncio.Protocol())
            room.enter(mine[-1], visitor)
            room.enter(mine[0], visitor)  # it waits already
        most = max(map(len, held.values()))
        assert room.oldest() in ([each[0] for each in held.values() if len(each) == most] if most else [None])
    for number in range(20_000):
        room.enter(asyncio.Protocol(), str(number))
    begun = time.process_time()
    for _ in range(2000):
        assert room.oldest() is not None
    took = time.process_time() - begun
    assert took < 0.5, "of 20,000 visitors each, this took 2 seconds and more when each was asked"


def test_a_body_that_does_not_come_is_refused_and_the_others_are_not() -> None:
    async def answer(pause: float, parts: int) -> list[object]:
        sent: list[object] = []

        async def app(scope, receive, send):  # type: ignore[no-untyped-def]
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return
                if not message["more_body"]:
                    break
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        async def receive():  # type: ignore[no-untyped-def]
            nonlocal parts
            parts -= 1
            await asyncio.sleep(pause)
            return {"type": "http.request", "body": b"x", "more_body": parts > 0}

        async def send(message):  # type: ignore[no-untyped-def]
            sent.append(message.get("status"))

        from starlette.responses import Response

        edge = Edge(app, 1000, lambda scope, status, limit: Response("no", status), seconds=0.2)
        await edge({"type": "http", "method": "POST", "headers": [], "path": "/"}, receive, send)
        return [each for each in sent if each]

    assert asyncio.run(answer(0.0, 5)) == [200]
    assert asyncio.run(answer(0.05, 100)) == [408]
    assert asyncio.run(answer(0.0, 2000)) == [413]


def test_the_log_grows_by_ten_lines_of_a_kind_in_a_minute() -> None:
    now = 0.0
    seldom = Seldom(lambda: now)

    def written(text: str) -> str | None:
        record = logging.LogRecord("asyncio", logging.ERROR, "", 0, text, (), None)
        return record.getMessage() if seldom.filter(record) else None

    assert [written("no file left") for _ in range(100)].count("no file left") == 10
    assert written("another") == "another"
    now = 61.0
    assert written("no file left") == "no file left (and 90 times more before, which were not written)"
