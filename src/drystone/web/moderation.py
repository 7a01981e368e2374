"""Pages of moderators: log in, the queue, deciding a request. Asks the registry, decides nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import FastAPI, Form, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from drystone.errors import DrystoneError, RegistryError, RegistryUnavailableError, UsageError
from drystone.registry.plain import STATUSES
from drystone.web.pages import COOKIE, Pages, Text
from drystone.web.sessions import Moderators

#: Requests on a page of the queue.
_PAGE: Final = 50


def for_moderators(app: FastAPI, pages: Pages, moderators: Moderators) -> None:
    """Add the pages of moderators."""

    def who(request: Request) -> str:
        name = pages.sessions.moderator(request.cookies.get(COOKIE))
        if name is None:
            raise HTTPException(303, headers={"location": "/login"})
        return name

    @app.get("/login")
    def login_form(request: Request) -> Response:
        """Show the form to log in."""
        return pages.page(request, "login.html")

    @app.post("/login")
    def login(request: Request, csrf: Text, name: Text, password: Text) -> Response:
        """Log a moderator in, under a new cookie."""
        pages.check_form(request, csrf)
        pages.often(request, pages.limits.logins)
        pages.often(request, pages.limits.names, name[:100])
        if not moderators.check(name, password):
            return pages.page(request, "login.html", 401, problem="Name and password do not belong together.")
        pages.sessions.log_out(request.cookies.get(COOKIE))
        response = RedirectResponse("/queue", 303)
        pages.set_cookie(response, pages.sessions.log_in(name))
        return response

    @app.post("/logout")
    def logout(request: Request, csrf: Text) -> Response:
        """End the session."""
        pages.check_form(request, csrf)
        pages.sessions.log_out(request.cookies.get(COOKIE))
        response = RedirectResponse("/", 303)
        pages.set_cookie(response, pages.sessions.new_cookie())
        return response

    @app.get("/queue")
    def queue(request: Request, status: str = "received", page: int = 0) -> Response:
        """List requests by status."""
        who(request)
        chosen = next((each for each in STATUSES if each == status), None)
        if chosen is None or not 0 <= page < 10**6:
            raise HTTPException(404)
        found = pages.registry.requests.all(chosen, limit=_PAGE + 1, offset=page * _PAGE)
        return pages.page(
            request,
            "queue.html",
            requests=found[:_PAGE],
            more=len(found) > _PAGE,
            status=chosen,
            page=page,
            counts=dict.fromkeys(STATUSES, 0),
        )

    @app.get("/queue/{id}")
    def look(request: Request, id: str) -> Response:
        """Show a request, with what its requester wrote, and the forms to decide it."""
        who(request)
        return _show(request, id)

    def _show(request: Request, id_: str, problem: str | None = None, status: int = 200) -> Response:
        try:
            found = pages.registry.requests.get(id_)
        except UsageError:
            raise HTTPException(404) from None
        contact: Mapping[str, str] = pages.registry.contacts.get(found.id)
        return pages.page(request, "decide.html", status, request=found, contact=contact, problem=problem)

    @app.post("/queue/{id}/vouch")
    def vouch(request: Request, id: str, csrf: Text, note: Text = "") -> Response:
        """Record how a moderator knows that a request is genuine."""
        name = who(request)
        pages.check_form(request, csrf)
        try:
            found = pages.registry.requests.vouch(id, name, note)
        except RegistryUnavailableError:
            raise
        except DrystoneError as error:
            return _show(request, id, str(error), 422)
        return RedirectResponse(f"/queue/{found.id}", 303)

    @app.post("/queue/{id}/decide")
    def decide(
        request: Request,
        id: str,
        csrf: Text,
        outcome: Text,
        seen: Annotated[int, Form(ge=0, lt=2**53)],
        reason: Text = "",
        accepted: Annotated[list[int] | None, Form()] = None,
    ) -> Response:
        """Record a moderator's decision on what they looked at."""
        name = who(request)
        pages.check_form(request, csrf)
        chosen: Any = outcome
        if outcome not in ("accepted", "partly", "rejected"):
            raise UsageError("An outcome is accepted, partly or rejected.")
        try:
            found = pages.registry.requests.decide(id, chosen, name, reason, accepted or (), seen=seen)
        except RegistryUnavailableError:
            raise
        except DrystoneError as error:
            return _show(request, id, str(error), 409 if isinstance(error, RegistryError) else 422)
        return RedirectResponse(f"/queue/{found.id}", 303)
