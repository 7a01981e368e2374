from __future__ import annotations

import asyncio
import json
from collections.abc import Generator
from typing import Any

import pytest
from starlette.requests import ClientDisconnect

from drystone.web.events import EventStream, event


def test_nothing_of_a_text_ends_an_event() -> None:
    data = {"text": "a\n\nevent: mine\r\ndata: 1\u2028\x00\x1b[2J"}
    head, line, *rest = event("result", data, "7").decode().split("\n")
    assert (head, line, rest[1:]) == ("id: 7", "event: result", ["", ""])
    assert json.loads(rest[0].removeprefix("data: ")) == data
    assert event("end", 1) == b"event: end\ndata: 1\n\n"


def test_what_makes_the_events_ends_when_the_client_goes() -> None:
    ended: list[int] = []

    def events() -> Generator[bytes]:
        try:
            while True:
                yield event("step", 1)
        finally:
            ended.append(1)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message.get("body"):
            raise OSError("the client has gone")

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "asgi": {"spec_version": "2.4"}}
    with pytest.raises(ClientDisconnect):
        asyncio.run(EventStream(events())(scope, receive, send))
    assert ended == [1]
