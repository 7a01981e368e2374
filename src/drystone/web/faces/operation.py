"""Routes for those who run the server, and what every page needs: health, metrics, the style, tokens."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from drystone.web.drawing.environment import style
from drystone.web.drawing.pages import Drawing
from drystone.web.guards import FormText, check_form, not_too_often, token_holds
from drystone.web.network.edge import COOKIE
from drystone.web.problems import AsciiJson
from drystone.web.state import Here

router = APIRouter()


@router.get("/v2/health/live", tags=["open inference"], responses={200: {"description": "The server runs"}})
@router.get("/health", tags=["open inference"])
async def live() -> Response:
    """Say that the server runs."""
    return AsciiJson({"live": True})


@router.get("/v2/health/ready", tags=["open inference"])
async def ready() -> Response:
    """Say that everything is loaded and requests are taken."""
    return AsciiJson({"ready": True})


@router.get("/metrics", tags=["operation"], response_class=Response)
async def prometheus(state: Here) -> Response:
    """Return counters for Prometheus."""
    return Response(state.metrics.text(), media_type=state.metrics.content_type)


@router.get("/style.css", include_in_schema=False)
async def css() -> Response:
    """Return the style of all pages."""
    return Response(style(), media_type="text/css", headers={"cache-control": "max-age=3600"})


@router.post("/token", include_in_schema=False)
def bring_token(
    request: Request, state: Here, pages: Drawing, csrf: FormText, token: FormText, target: Annotated[str, Form()] = "/"
) -> Response:
    """Open the server to a visitor who has a token."""
    check_form(request, state, csrf)
    not_too_often(request, state.limits.logins)
    if not token_holds(state, token.strip()):
        return pages.draw(request, "token.html", 401, target=target, problem="This is not a token of this server.")
    # An address of another site would begin with two slashes, or with one of the browser's readings of them.
    here = target if target.startswith("/") and target[1:2] not in ("/", "\\") and target.isprintable() else "/"
    return pages.go(here, cookie=state.sessions.admit(request.cookies.get(COOKIE)))
