"""Pages of moderators: log in, the queue, deciding a request. Asks the registry, decides nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from drystone.errors import DrystoneError, RegistryError, RegistryUnavailableError, UsageError
from drystone.policy.optouts import MOST_ORIGINS
from drystone.policy.reach import reach_of
from drystone.registry.plain import STATUSES
from drystone.registry.verbs import contest_optout, decide_optout, vouch_optout
from drystone.web.drawing.pages import LAST_PAGE, PAGE_ROWS, Drawing, Pages
from drystone.web.guards import FormText, address, check_form, not_too_often
from drystone.web.network.edge import COOKIE, KNOWN, set_cookie
from drystone.web.sessions import KNOWN_SECONDS
from drystone.web.state import Here, ServerState

router = APIRouter(default_response_class=HTMLResponse)

_OUTCOMES: Final[Mapping[str, Literal["accepted", "partly", "rejected"]]] = {
    "accepted": "accepted",
    "partly": "partly",
    "rejected": "rejected",
}


def _who(request: Request, state: Here) -> str:
    name = state.sessions.moderator(request.cookies.get(COOKIE))
    if name is None:
        raise HTTPException(303, headers={"location": "/login"})
    return name


Moderator = Annotated[str, Depends(_who)]


@router.get("/login")
def login_form(request: Request, pages: Drawing) -> Response:
    """Show the form to log in."""
    return pages.draw(request, "login.html")


@router.post("/login")
def login(
    request: Request, state: Here, pages: Drawing, csrf: FormText, name: FormText, password: FormText
) -> Response:
    """Log a moderator in, under a new cookie."""
    check_form(request, state, csrf)
    if state.moderators is None:
        raise HTTPException(404)
    # A browser in which this moderator logged in before is counted for itself, wherever others guess from.
    known = state.moderators.known(name, request.cookies.get(KNOWN))
    who = "known" if known else address(request)
    if not known:
        not_too_often(request, state.limits.logins)
    not_too_often(request, state.limits.names, f"{who} {name[:100]}")
    with state.logins:
        held = state.moderators.check(name, password)
    if not held:
        return pages.draw(request, "login.html", 401, problem="Name and password do not belong together.")
    response = pages.go("/queue", cookie=state.sessions.log_in(name, request.cookies.get(COOKIE)))
    set_cookie(response, state.moderators.mark(name) or "", secure=state.secure, name=KNOWN, seconds=KNOWN_SECONDS)
    return response


@router.post("/logout")
def logout(request: Request, state: Here, pages: Drawing, csrf: FormText) -> Response:
    """End the session."""
    check_form(request, state, csrf)
    state.sessions.log_out(request.cookies.get(COOKIE))
    return pages.go("/", cookie=state.sessions.new_cookie())


@router.get("/queue")
def queue(
    request: Request,
    state: Here,
    pages: Drawing,
    _: Moderator,
    status: str = "received",
    page: Annotated[int, Query(ge=1, le=LAST_PAGE)] = 1,
) -> Response:
    """List requests by status."""
    chosen = next((each for each in STATUSES if each == status), None)
    if chosen is None:
        raise HTTPException(404)
    offset = (page - 1) * PAGE_ROWS
    found = state.requests_registry.requests.all(chosen, limit=PAGE_ROWS + 1, offset=offset)
    return pages.draw(
        request,
        "queue.html",
        requests=found[:PAGE_ROWS],
        more=len(found) > PAGE_ROWS,
        status=chosen,
        page=page,
        statuses=STATUSES,
    )


@router.get("/queue/{id}")
def look(request: Request, state: Here, pages: Drawing, _: Moderator, id: str) -> Response:
    """Show a request, with what its requester wrote, and the forms to decide it."""
    return _show(request, state, pages, id)


@router.post("/queue/{id}/vouch")
def vouch(
    request: Request, state: Here, pages: Drawing, name: Moderator, id: str, csrf: FormText, note: FormText = ""
) -> Response:
    """Record how a moderator knows that a request is genuine."""
    check_form(request, state, csrf)
    try:
        found = vouch_optout(id, note, registry=state.requests_registry, by=name)
    except RegistryUnavailableError:
        raise
    except DrystoneError as error:
        return _show(request, state, pages, id, str(error), 422)
    return pages.go(f"/queue/{found.id}")


@router.post("/queue/{id}/contest")
def contest(
    request: Request,
    state: Here,
    pages: Drawing,
    name: Moderator,
    id: str,
    csrf: FormText,
    place: FormText = "",
    evidence: FormText = "",
) -> Response:
    """Record that somebody says that a request takes what is theirs."""
    check_form(request, state, csrf)
    try:
        found = contest_optout(id, place, evidence, registry=state.requests_registry, by=name)
    except RegistryUnavailableError:
        raise
    except DrystoneError as error:
        return _show(request, state, pages, id, str(error), 422)
    return pages.go(f"/queue/{found.id}")


@router.post("/queue/{id}/decide")
def decide(
    request: Request,
    state: Here,
    pages: Drawing,
    name: Moderator,
    id: str,
    csrf: FormText,
    outcome: FormText,
    seen: Annotated[int, Form(ge=0, lt=2**53)],
    reason: FormText = "",
    accepted: Annotated[list[int] | None, Form()] = None,
) -> Response:
    """Record a moderator's decision on what they looked at."""
    check_form(request, state, csrf)
    if outcome not in _OUTCOMES:
        return _show(request, state, pages, id, "Choose an outcome: accepted, partly or rejected.", 422)
    try:
        found = decide_optout(
            id,
            _OUTCOMES[outcome],
            registry=state.requests_registry,
            reason=reason,
            accepted=accepted or (),
            seen=seen,
            by=name,
        )
    except RegistryUnavailableError:
        raise
    except DrystoneError as error:
        return _show(request, state, pages, id, str(error), 409 if isinstance(error, RegistryError) else 422)
    return pages.go(f"/queue/{found.id}")


def _show(
    request: Request, state: ServerState, pages: Pages, id_: str, problem: str | None = None, status: int = 200
) -> Response:
    try:
        found = state.requests_registry.requests.get(id_)
    except UsageError:
        raise HTTPException(404) from None
    contact = state.requests_registry.contacts.get(found.id)
    undecided = found.status in ("received", "verified", "contested")
    optouts = state.requests_registry.optouts.snapshot(only=found.id) if undecided else None
    views = [watched.view() for watched in state.releases.values()]
    reaches = [reach_of(view.release, optouts) for view in views] if optouts is not None else []
    known = {"reaches": reaches, "most_origins": MOST_ORIGINS}
    return pages.draw(request, "decide.html", status, request=found, contact=contact, problem=problem, **known)
