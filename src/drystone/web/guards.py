"""What is asked of whoever asks: a token, a form of ours, patience. Raises; `problems` says it in words."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Form, Request
from starlette.exceptions import HTTPException

from drystone.errors import MissingExtraError
from drystone.web.network.edge import COOKIE
from drystone.web.network.proxies import network_of
from drystone.web.problems import RefusedError, TooOftenError
from drystone.web.sessions import RateLimit
from drystone.web.state import Here, ServerState
from drystone.web.tokens import bears, holds

try:
    import python_multipart  # noqa: F401  (forms need it; without it FastAPI says so only when it meets one)
except ImportError as error:
    raise MissingExtraError(error.name or "python-multipart", "server") from None

FormText = Annotated[str, Form()]


def token_holds(state: ServerState, given: str) -> bool:
    """Return whether this is one of the tokens that open the server."""
    return holds(state.tokens, given)


def admit(request: Request, state: Here) -> None:
    """Raise 401 unless the server is open, or a bearer token or a session opens it."""
    if not state.tokens or state.sessions.admitted(request.cookies.get(COOKIE)):
        return
    if not bears(state.tokens, request.headers.get("authorization", "")):
        raise HTTPException(401, "authorization: a bearer token is needed", {"WWW-Authenticate": "Bearer"})


def check_form(request: Request, state: ServerState, csrf: str) -> None:
    """Raise `RefusedError` where a form was not sent from a page of ours to the same visitor."""
    origin = request.headers.get("origin")
    if origin is not None and origin != state.public_url and urlsplit(origin).netloc != request.headers.get("host"):
        raise RefusedError(403, "This form was sent from another site. Open it here, then send it again.")
    if not state.sessions.form_holds(request.cookies.get(COOKIE), csrf):
        raise RefusedError(403, "This form is too old, or cookies are switched off. Open it again, then send it.")
    not_too_often(request, state.limits.forms)


def not_too_often(request: Request, limit: RateLimit, name: str | None = None) -> None:
    """Raise `TooOftenError` where an address (or a name) has done this too often."""
    wait = limit.wait(name if name is not None else address(request))
    if wait:
        raise TooOftenError(wait)


def address(request: Request) -> str:
    """Return where a request comes from: an address, or the network that one visitor has with IPv6."""
    return network_of(request.client.host) if request.client is not None else "unknown"
