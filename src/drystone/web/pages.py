"""What all pages about releases share: templates, sessions, limits, headers, and what a problem looks like.

Knows no page.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from drystone.errors import DrystoneError, MissingExtraError, RegistryError, RegistryUnavailableError, UsageError
from drystone.registry import Registry
from drystone.release import layout
from drystone.release.inspection.lookup import Index
from drystone.verification import Reach

try:
    import jinja2
    import python_multipart  # noqa: F401  (forms need it; without it FastAPI says so only when it meets one)
    from fastapi import FastAPI, Form, Request
    from fastapi.exceptions import RequestValidationError
    from fastapi.responses import HTMLResponse, PlainTextResponse, Response
    from starlette.exceptions import HTTPException
    from starlette.middleware.base import RequestResponseEndpoint

    from drystone.web.sessions import SESSION_SECONDS, Limit, Moderators, Sessions
except ImportError as error:
    raise MissingExtraError(error.name or "FastAPI", "server") from None

COOKIE: Final = "drystone"
#: Repositories that are visited at the same time.
_VISITS: Final = 4

_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # A status page's address is its key: no other site may learn it. With no-referrer forms would come without origin.
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}
_AWAY: Final = (
    "Requests cannot be read or recorded at the moment. What was just sent was most likely not recorded; come back "
    "in a while, look, and send it again where it is missing."
)
_log = logging.getLogger("drystone.web")

Text = Annotated[str, Form()]


class TooOftenError(Exception):
    """Somebody has done something too often; `seconds` to wait."""

    def __init__(self, seconds: float) -> None:
        self.seconds = math.ceil(seconds)


class RefusedError(Exception):
    """A form that was not sent from our page, or by somebody who may not."""

    def __init__(self, status: int, why: str) -> None:
        self.status, self.why = status, why


@dataclass
class Limits:
    """How often one address may do what; of logins also how often for one name."""

    lookups: Limit = field(default_factory=lambda: Limit(120, 60))
    requests: Limit = field(default_factory=lambda: Limit(20, 3600))
    forms: Limit = field(default_factory=lambda: Limit(60, 60))
    logins: Limit = field(default_factory=lambda: Limit(10, 300))
    names: Limit = field(default_factory=lambda: Limit(10, 900))
    misses: Limit = field(default_factory=lambda: Limit(30, 300))
    checks: Limit = field(default_factory=lambda: Limit(10, 600))


class Pages:
    """What all pages share: templates, sessions, limits."""

    def __init__(
        self,
        indexes: Sequence[Index],
        registry: Registry,
        moderators: Moderators | None,
        name: str,
        secure: bool,
        limits: Limits,
        max_body: int,
        reach: Reach | None,
    ) -> None:
        self.reach = reach
        self.visits = threading.BoundedSemaphore(_VISITS)
        self.indexes, self.registry, self.limits = indexes, registry, limits
        self.sessions = Sessions()
        self.secure, self.max_body = secure, max_body
        templates = jinja2.PackageLoader("drystone.web")
        self._templates = jinja2.Environment(loader=templates, autoescape=True, undefined=jinja2.StrictUndefined)
        self._templates.filters["shown"] = lambda text: layout.shown(str(text))
        self._templates.filters["shown_lines"] = lambda text: "\n".join(map(layout.shown, str(text).splitlines()))
        self._templates.globals.update(name=name, has_moderators=moderators is not None)

    def page(self, request: Request, template: str, status: int = 200, /, **values: Any) -> HTMLResponse:
        """Return a page for whoever asks."""
        cookie = request.cookies.get(COOKIE) or request.state.new_cookie
        values = {"problem": None, **values}
        values |= {"csrf": self.sessions.form_token(cookie), "moderator": self.sessions.moderator(cookie)}
        return HTMLResponse(self._templates.get_template(template).render(values), status)

    def too_large(self, limit: int) -> Response:
        """Return the answer to a body over the limit; there is no session yet."""
        text = f"What was sent is larger than {layout.size_text(limit)}. Look a larger file up by its SWHID."
        values = {"problem": text, "heading": "Too large", "csrf": "", "moderator": None}
        return HTMLResponse(self._templates.get_template("problem.html").render(values), 413, _HEADERS)

    def check_form(self, request: Request, csrf: str) -> None:
        """Raise `RefusedError` where a form was not sent from a page of ours to the same visitor."""
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
            raise RefusedError(403, "This form was sent from another site. Open it here, then send it again.")
        if not self.sessions.form_holds(request.cookies.get(COOKIE), csrf):
            raise RefusedError(403, "This form is too old, or cookies are switched off. Open it again, then send it.")
        self.often(request, self.limits.forms)

    def often(self, request: Request, limit: Limit, name: str | None = None) -> None:
        """Raise `TooOftenError` where an address (or a name) has done this too often."""
        wait = limit.wait(name if name is not None else self.address(request))
        if wait:
            raise TooOftenError(wait)

    @staticmethod
    def address(request: Request) -> str:
        """Return where a request comes from."""
        return request.client.host if request.client is not None else "unknown"

    def set_cookie(self, response: Response, value: str) -> None:
        """Let the visitor keep a cookie."""
        response.set_cookie(
            COOKIE, value, max_age=SESSION_SECONDS, httponly=True, samesite="lax", secure=self.secure, path="/"
        )


def answering(app: FastAPI, pages: Pages) -> None:
    """Add to every answer its headers, and a cookie for who has none."""

    @app.middleware("http")
    async def visitor(request: Request, call_next: RequestResponseEndpoint) -> Response:
        """Give every visitor a cookie, to which forms are bound, and every response its headers."""
        request.state.new_cookie = pages.sessions.new_cookie()
        response = await call_next(request)
        if COOKIE not in request.cookies and "set-cookie" not in response.headers and request.url.path != "/style.css":
            pages.set_cookie(response, request.state.new_cookie)
        for header, value in _HEADERS.items():
            response.headers.setdefault(header, value)
        return response


def errors(app: FastAPI, pages: Pages) -> None:
    """Answer every problem with a page."""

    @app.exception_handler(TooOftenError)
    async def too_often(request: Request, error: TooOftenError) -> Response:
        text = f"That was too often. Try again in {error.seconds} seconds."
        response = pages.page(request, "problem.html", 429, heading="Too often", problem=text)
        response.headers["retry-after"] = str(error.seconds)
        return response

    @app.exception_handler(RefusedError)
    async def refused(request: Request, error: RefusedError) -> Response:
        return pages.page(request, "problem.html", error.status, heading="Not accepted", problem=error.why)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        heading = {404: "There is no such page", 405: "That cannot be done here"}.get(error.status_code, "Not accepted")
        response = pages.page(request, "problem.html", error.status_code, heading=heading, problem=None)
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        fields = ", ".join(sorted({str(each["loc"][-1]) for each in error.errors()}))
        text = f"Something is missing or cannot be understood: {fields}."
        return pages.page(request, "problem.html", 422, heading="Not understood", problem=text)

    @app.exception_handler(DrystoneError)
    async def failed(request: Request, error: DrystoneError) -> Response:
        if isinstance(error, RegistryUnavailableError):
            # Where the database lies is nobody's business here.
            _log.error("%s", error)
            response = pages.page(request, "problem.html", 503, heading="Not available now", problem=_AWAY)
            response.headers["retry-after"] = "30"
            return response
        status = 422 if isinstance(error, UsageError) else 409 if isinstance(error, RegistryError) else 500
        return pages.page(request, "problem.html", status, heading="That did not work", problem=str(error))

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> Response:
        return PlainTextResponse("Something went wrong here.\n", 500, _HEADERS)
