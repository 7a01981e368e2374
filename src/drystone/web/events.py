"""Server-sent events: what several faces stream, in the form that browsers read."""

from __future__ import annotations

from typing import Any, Final

import orjson

#: The media type, as a client accepts it.
EVENTS: Final = "text/event-stream"


def event(kind: str, data: Any, id_: str | None = None) -> bytes:
    """Return one event; its data are JSON, which has no line ends, so that nothing of a text ends an event."""
    head = f"id: {id_}\n" if id_ is not None else ""
    return f"{head}event: {kind}\ndata: ".encode() + orjson.dumps(data) + b"\n\n"
