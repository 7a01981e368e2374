"""Drawing pages: templates and what they may call, and who looks at them. Knows no route."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

import jinja2
from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup, escape

from drystone.release import layout
from drystone.web.drawing import charts
from drystone.web.edge import COOKIE, set_cookie
from drystone.web.state import ServerState

#: Rows on a page of a list.
PAGE_ROWS: Final = 30
#: The last page that can be asked for: offsets stay within what every store counts to.
LAST_PAGE: Final = 10**6


class Pages:
    """The templates of one application."""

    def __init__(self, state: ServerState) -> None:
        self._state = state
        loader = jinja2.PackageLoader("drystone.web.drawing")
        env = jinja2.Environment(
            loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        env.filters.update(
            shown=lambda text: layout.shown(str(text)),
            shown_lines=lambda text: "\n".join(map(layout.shown, str(text).splitlines())),
            number="{:,}".format,
            size=layout.size_text,
            code=code,
            words=lambda name: layout.shown(str(name)).replace("_", " "),
        )
        env.globals.update(
            name=state.name,
            releases_served=bool(state.releases),
            readers_served=bool(state.readers),
            catalog_served=state.catalog is not None,
            has_moderators=state.moderators is not None,
            count=count_text,
            link=link,
            charts=charts,
        )
        self._templates = env

    def draw(self, request: Request | None, template: str, status: int = 200, /, **values: Any) -> HTMLResponse:
        """Return a page for whoever asks; None: nobody is known yet."""
        sessions = self._state.sessions
        cookie = None if request is None else request.cookies.get(COOKIE) or request.state.new_cookie
        who = {
            "csrf": sessions.form_token(cookie) if cookie is not None else "",
            "moderator": sessions.moderator(cookie),
            "problem": None,
            "here": "" if request is None else request.url.path,
        }
        return HTMLResponse(self._templates.get_template(template).render({**who, **values}), status)

    def problem(self, request: Request | None, status: int, heading: str, text: str | None) -> HTMLResponse:
        """Return the page that says what went wrong."""
        return self.draw(request, "problem.html", status, heading=heading, problem=text)

    def token_form(self, request: Request, status: int, problem: str | None = None) -> HTMLResponse:
        """Return the page that asks for a token, to go on where one was."""
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        response = self.draw(
            request, "token.html", status, target=target if request.method == "GET" else "/", problem=problem
        )
        response.headers["www-authenticate"] = "Bearer"
        return response

    def go(self, address: str, *, cookie: str | None = None) -> RedirectResponse:
        """Lead to another page, with another cookie where one is given."""
        response = RedirectResponse(address, 303)
        if cookie is not None:
            set_cookie(response, cookie, secure=self._state.secure)
        return response


def count_text(number: int, thing: str, things: str | None = None) -> str:
    """Return a number and what is counted, as people write it: 1 file, 2,000 files."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def code(text: str) -> Markup:
    """Return text as HTML, with what stands between backticks as code."""
    pieces = [escape(piece) for piece in text.split("`")]
    return Markup("").join(Markup("<code>{}</code>").format(p) if i % 2 else p for i, p in enumerate(pieces))


def link(*parts: str, **query: str | int | None) -> str:
    """Return an address of this server: parts of the path, each encoded whole, and what is asked for."""
    path = "/" + "/".join(quote(part, safe=":") for part in parts)
    asked: Mapping[str, str | int] = {name: value for name, value in query.items() if value is not None}
    return path + (f"?{urlencode(asked, errors='surrogatepass')}" if asked else "")


def _drawing(request: Request) -> Pages:
    found: Pages = request.app.state.pages
    return found


Drawing = Annotated[Pages, Depends(_drawing)]
