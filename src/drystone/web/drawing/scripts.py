"""Scripts of pages: small, our own, and none that a page needs. Knows no route."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from fastapi.responses import Response

from drystone.web.network.edge import HEADERS


def with_script(page: Response) -> Response:
    """Return a page that may run scripts of this server, and no others."""
    page.headers["content-security-policy"] = HEADERS["content-security-policy"] + "; script-src 'self'"
    return page


def script_named(name: str) -> Response:
    """Return a script that lies beside this module."""
    return Response(_text(name), media_type="text/javascript", headers={"cache-control": "max-age=3600"})


@cache
def _text(name: str) -> str:
    return files("drystone.web.drawing").joinpath(name).read_text("utf-8")
