"""The outermost layers of the application: large bodies, HEAD, counting, headers, cookies. Knows no routes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from drystone.web.sessions import SESSION_SECONDS, Sessions

COOKIE: Final = "drystone"

HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # A status page's address is its key: no other site may learn it. With no-referrer forms would come without origin.
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}


class Edge:
    """Refuses bodies over `limit` bytes with 413, by their stated length or as they arrive, and counts responses.

    HEAD is answered as GET is, without the body. `refusal` makes the response to a body that is too large; `count` is
    told route and status of every response.
    """

    def __init__(
        self,
        app: ASGIApp,
        limit: int,
        refusal: Callable[[Scope, int], Response],
        count: Callable[[str, int], None] = lambda route, status: None,
    ) -> None:
        self.app, self.limit, self.refusal, self.count = app, limit, refusal, count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, its body counted."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        seen = status = 0
        refused = False

        async def refuse() -> None:
            nonlocal refused, status
            refused, status = True, 413
            response = self.refusal(scope, self.limit)
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


class Visitors:
    """Gives every response its headers, and whoever sees a page a cookie, to which forms are bound."""

    def __init__(self, app: ASGIApp, secure: bool) -> None:
        self.app, self.secure = app, secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; `request.state.new_cookie` is what a visitor without a cookie will get."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        cookie = Sessions.new_cookie()
        scope.setdefault("state", {})["new_cookie"] = cookie
        sent = dict(scope["headers"]).get(b"cookie", b"").decode("latin-1")

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                page = headers.get("content-type", "").startswith("text/html")
                if page and COOKIE not in cookie_parser(sent) and "set-cookie" not in headers:
                    keeper = Response()
                    set_cookie(keeper, cookie, secure=self.secure)
                    headers.append("set-cookie", keeper.headers["set-cookie"])
            await send(message)

        await self.app(scope, receive, dressed)


def set_cookie(response: Response, value: str, *, secure: bool) -> None:
    """Let the visitor keep a cookie."""
    response.set_cookie(COOKIE, value, max_age=SESSION_SECONDS, httponly=True, samesite="lax", secure=secure, path="/")


def _without_body(send: Send) -> Send:
    async def head(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return head
