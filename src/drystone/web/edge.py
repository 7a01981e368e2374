"""The outermost layer of an application: bodies over a limit are refused, responses are counted. Knows no routes."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Edge:
    """Refuses bodies over `limit` bytes with 413, by their stated length or as they arrive, and counts responses.

    `refusal` makes the response to a body that is too large; `count` is told route and status of every response.
    """

    def __init__(
        self,
        app: ASGIApp,
        limit: int,
        refusal: Callable[[int], Response],
        count: Callable[[str, int], None] = lambda route, status: None,
    ) -> None:
        self.app, self.limit, self.refusal, self.count = app, limit, refusal, count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, its body counted."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        seen = status = 0
        refused = False

        async def refuse() -> None:
            nonlocal refused, status
            refused, status = True, 413
            response = self.refusal(self.limit)
            response.headers["connection"] = "close"
            await response(scope, receive, send)

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.limit:
                if not (refused or status):
                    await refuse()
                return {"type": "http.disconnect"}
            return message

        async def watched(message: Message) -> None:
            nonlocal status
            if not refused:  # after a refusal, what the application says goes nowhere
                status = message.get("status", status)
                await send(message)

        stated = dict(scope["headers"]).get(b"content-length", b"0")
        if stated.isdigit() and int(stated) > self.limit:
            await refuse()
        else:
            await self.app(scope, counted, watched)
        self.count(getattr(scope.get("route"), "path", "other"), status)
