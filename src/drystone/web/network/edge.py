"""The outermost layers of the application: large bodies, HEAD, counting, headers, cookies. Knows no routes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from drystone.web.sessions import SESSION_SECONDS, Sessions

COOKIE: Final = "drystone"
#: Tells that a moderator logged in with this browser before; it opens nothing.
KNOWN: Final = "drystone-known"

HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # A status page's address is its key: no other site may learn it. With no-referrer forms would come without origin.
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}


#: Seconds that a body may take, and bytes that it must bring for each second more.
BODY_SECONDS: Final = 15.0
_LEAST_SPEED: Final = 16384
#: Bytes over the limit that are read and dropped before a refusal: most clients send all before they read an answer,
#: and would take a connection that is closed in the middle for a broken one.
_DROPPED: Final = 8 * 2**20
#: Seconds that a client may take nothing of what is sent to it.
_SEND_SECONDS: Final = 60.0


class Edge:
    """Refuses bodies over `limit` bytes with 413, by their stated length or as they arrive, and counts responses.

    A body that comes too slowly is refused with 408, and who takes no answer is sent no more. HEAD is answered as GET
    is, without the body. `refusal` makes the response to a body that is too large (413) or too slow (408); `count` is
    told route and status of every response.
    """

    def __init__(
        self,
        app: ASGIApp,
        limit: int,
        refusal: Callable[[Scope, int, int], Response],
        count: Callable[[str, int], None] = lambda route, status: None,
        seconds: float = BODY_SECONDS,
    ) -> None:
        self.app, self.limit, self.refusal, self.count, self.seconds = app, limit, refusal, count, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, its body counted."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        seen = status = 0
        whole = refused = False
        begun = time.monotonic()

        async def refuse(why: int) -> Message:
            nonlocal refused, status
            if not (refused or status):
                refused, status = True, why
                if why == 413 and not whole and size <= self.limit + _DROPPED:
                    await _drop_body(receive, self.limit + _DROPPED - seen, self.seconds)
                response = self.refusal(scope, why, self.limit)
                response.headers["connection"] = "close"
                await response(scope, receive, send)
            return {"type": "http.disconnect"}

        async def counted() -> Message:
            nonlocal seen, whole
            if whole:  # nothing more comes but the end of the connection
                return await receive()
            left = begun + self.seconds + seen / _LEAST_SPEED - time.monotonic()
            try:
                message = await asyncio.wait_for(receive(), left)
            except TimeoutError:
                return await refuse(408)
            seen += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            return await refuse(413) if seen > self.limit else message

        async def watched(message: Message) -> None:
            nonlocal status
            if not refused:  # after a refusal, what the application says goes nowhere
                status = message.get("status", status)
                try:
                    await asyncio.wait_for(send(message), _SEND_SECONDS)
                except TimeoutError:
                    raise OSError("the client takes nothing of what is sent") from None

        stated = dict(scope["headers"]).get(b"content-length", b"0")
        size = int(stated) if stated.isdigit() else 0
        if size > self.limit:
            await refuse(413)
        else:
            await self.app(scope, counted, watched)
        self.count(getattr(scope.get("route"), "path", "other"), status)


async def _drop_body(receive: Receive, most: int, seconds: float) -> None:
    """Read the rest of a body, no more than `most` bytes, for no longer than `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            while most > 0:
                message = await receive()
                most -= len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return


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


def set_cookie(
    response: Response, value: str, *, secure: bool, name: str = COOKIE, seconds: int = SESSION_SECONDS
) -> None:
    """Let the visitor keep a cookie."""
    response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=secure, path="/")


def _without_body(send: Send) -> Send:
    async def head(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return head
