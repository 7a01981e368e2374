"""Drawing pages: templates and what they may call, and who looks at them. Knows no route."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from drystone.web.drawing import charts
from drystone.web.drawing.environment import environment
from drystone.web.network.edge import COOKIE, set_cookie
from drystone.web.state import ServerState

#: Rows on a page of a list.
PAGE_ROWS: Final = 30
#: The last page that can be asked for: offsets stay within what every store counts to.
LAST_PAGE: Final = 10**6


class Pages:
    """The templates of one application."""

    def __init__(self, state: ServerState) -> None:
        self._state = state
        env = environment()
        env.globals.update(
            name=state.name,
            releases_served=bool(state.releases),
            readers_served=bool(state.readers),
            catalog_served=state.catalog is not None,
            has_moderators=state.moderators is not None,
            link=link,
            charts=charts,
            frame="base.html",
            static=False,
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


def link(*parts: str, **query: str | int | None) -> str:
    """Return an address of this server: parts of the path, each encoded whole, and what is asked for."""
    path = "/" + "/".join(quote(part, safe=":") for part in parts)
    asked: Mapping[str, str | int] = {name: value for name, value in query.items() if value is not None}
    return path + (f"?{urlencode(asked, errors='surrogatepass')}" if asked else "")


def _drawing(request: Request) -> Pages:
    found: Pages = request.app.state.pages
    return found


Drawing = Annotated[Pages, Depends(_drawing)]
