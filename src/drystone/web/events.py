"""Server-sent events: what several faces stream, in the form that browsers read."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final

import orjson
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

#: The media type, as a client accepts it.
EVENTS: Final = "text/event-stream"


def event(kind: str, data: Any, id_: str | None = None) -> bytes:
    """Return one event; its data are JSON, which has no line ends, so that nothing of a text ends an event."""
    head = f"id: {id_}\n" if id_ is not None else ""
    return f"{head}event: {kind}\ndata: ".encode() + orjson.dumps(data) + b"\n\n"


class EventStream(StreamingResponse):
    """Events as a response. Where the client goes away, what makes them is ended at once: it may hold a seat."""

    media_type = EVENTS

    def __init__(self, events: Generator[bytes]) -> None:
        super().__init__(events)
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._events.close()
