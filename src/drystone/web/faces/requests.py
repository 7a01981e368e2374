"""Asking for removal: the form, and the page on which its requester follows the request. Records, decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from drystone.errors import DrystoneError, RegistryUnavailableError, UsageError
from drystone.identity import origins
from drystone.policy.optouts import MOST_ORIGINS
from drystone.registry import NewRequest, Subject, Verification
from drystone.registry import Request as OptOutRequest
from drystone.registry.requests import subjects
from drystone.registry.verbs import withdraw_optout
from drystone.release.inspection import lookup
from drystone.verification import METHODS, Challenge
from drystone.verification.verbs import MethodName, challenge_optout, check_optout
from drystone.web.drawing.pages import Drawing, Pages
from drystone.web.guards import FormText, check_form, not_too_often
from drystone.web.problems import TooOftenError
from drystone.web.state import Here, ServerState

router = APIRouter(default_response_class=HTMLResponse)

_KINDS: Final = {
    "repository": "One repository",
    "owner": "An owner: all repositories, present and future",
    "path": "A file or folder of a repository",
    "object": "A file or directory, by SWHID",
    "author": "An author, by e-mail address",
}
_METHODS: Final[dict[MethodName, str]] = {
    "file": "by a file in the repository",
    "branch": "by a branch of the repository",
}


@router.get("/request")
def ask(request: Request, pages: Drawing, kind: str = "repository", subject: str = "", prefix: str = "") -> Response:
    """Show the form by which a request is made."""
    form = {"kind": kind, "subject": subject[:2048], "prefix": prefix[:4096], "copies": True, "forks": True}
    return _form(request, pages, {**form, "near": False, "contact": "", "words": ""})


def _form(
    request: Request, pages: Pages, form: Mapping[str, object], problem: str | None = None, status: int = 200
) -> Response:
    known = {"kinds": _KINDS, "most_origins": MOST_ORIGINS}
    return pages.draw(request, "request.html", status, form=form, problem=problem, **known)


@router.post("/request")
def receive(
    request: Request,
    state: Here,
    pages: Drawing,
    csrf: FormText,
    kind: FormText,
    subject: FormText,
    prefix: FormText = "",
    contact: FormText = "",
    words: FormText = "",
    copies: FormText = "",
    near: FormText = "",
    forks: FormText = "",
) -> Response:
    """Record a request and lead to its status page."""
    check_form(request, state, csrf)
    try:
        wanted = _subjects(kind, subject, prefix)
        new = NewRequest(wanted, contact.strip(), words.strip(), bool(forks), bool(copies), bool(near))
        not_too_often(request, state.limits.requests)
        _, token = state.requests_registry.requests.receive(new)
    except UsageError as error:
        form = {"kind": kind, "subject": subject, "prefix": prefix, "copies": copies, "forks": forks, "near": near}
        return _form(request, pages, {**form, "contact": contact, "words": words}, str(error), 422)
    return pages.go(f"/status/{quote(token)}")


@router.get("/status/{token}")
def status(request: Request, state: Here, pages: Drawing, token: str) -> Response:
    """Show how a request stands to whoever has its token."""
    return _status(request, state, pages, token, _by_token(request, state, token))


@router.post("/status/{token}/challenge")
def challenge(request: Request, state: Here, pages: Drawing, token: str, csrf: FormText, method: FormText) -> Response:
    """Open a verification."""
    check_form(request, state, csrf)
    found = _by_token(request, state, token)
    chosen = next((name for name in _methods(found) if name == method), None)
    if chosen is None:
        raise UsageError("This is no way to verify this request.")
    challenge_optout(found.id, chosen, registry=state.requests_registry)
    return pages.go(f"/status/{quote(token)}")


@router.post("/status/{token}/check")
def check(request: Request, state: Here, pages: Drawing, token: str, csrf: FormText) -> Response:
    """Visit the repository of a request and look whether its challenge is met."""
    check_form(request, state, csrf)
    found = _by_token(request, state, token)
    if state.reach is None:
        raise HTTPException(404)
    not_too_often(request, state.limits.checks)
    not_too_often(request, state.limits.checks, found.id)
    if not state.visits.acquire(blocking=False):
        raise TooOftenError(10)
    try:
        check_optout(found.id, registry=state.requests_registry, reach=state.reach)
    except RegistryUnavailableError:
        raise
    except DrystoneError as error:
        found = state.requests_registry.requests.get(found.id)
        return _status(request, state, pages, token, found, str(error), 422)
    finally:
        state.visits.release()
    return pages.go(f"/status/{quote(token)}")


@router.post("/status/{token}/withdraw")
def withdraw(request: Request, state: Here, pages: Drawing, token: str, csrf: FormText, sure: FormText) -> Response:
    """Withdraw a request."""
    check_form(request, state, csrf)
    found = _by_token(request, state, token)
    withdraw_optout(found.id, registry=state.requests_registry, by="the requester")
    return pages.go(f"/status/{quote(token)}")


def _status(
    request: Request,
    state: ServerState,
    pages: Pages,
    token: str,
    found: OptOutRequest,
    problem: str | None = None,
    code: int = 200,
) -> Response:
    waiting = [v for v in found.verifications if v.state == "pending"]
    challenges = [{"method": v.method, "expires_at": v.expires_at, "instructions": _instructions(v)} for v in waiting]
    return pages.draw(
        request,
        "status.html",
        code,
        request=found,
        problem=problem,
        token=token,
        challenges=challenges,
        methods=_methods(found) if not waiting else {},
        checks=state.reach is not None,
        found_in=_found_in(state, found),
        versions=len(state.releases),
    )


def _found_in(state: ServerState, found: OptOutRequest) -> dict[int, int]:
    """Return in how many of the served versions each subject is found; only of those that can be looked up."""
    indexes = [watched.view().index for watched in state.releases.values()]
    counts: dict[int, int] = {}
    for number, subject in found.numbered():
        if subject.kind not in ("author", "path"):
            _, held = lookup.ask(indexes, lookup.parse(subject.value), 1)
            counts[number] = sum(1 for each in held if each.repositories)
    return counts


def _by_token(request: Request, state: ServerState, token: str) -> OptOutRequest:
    found = state.requests_registry.requests.by_token(token) if len(token) <= 100 else None
    if found is None:
        not_too_often(request, state.limits.misses)
        raise HTTPException(404)
    return found


def _subjects(kind: str, text: str, prefix: str) -> list[Subject]:
    text = text.strip()
    match kind:
        case "owner":
            return [subjects.owner(text)]
        case "repository":
            return [subjects.repository(text)]
        case "path":
            return [subjects.path(text, prefix)]
        case "object":
            try:
                return [subjects.object_(text)]
            except ValueError as error:
                raise UsageError(str(error)) from None
        case "author":
            return subjects.author(text)
    raise UsageError("Say what it is about: choose one of the list.")


def _methods(request: OptOutRequest) -> dict[MethodName, str]:
    """Return the ways to verify what of a request is not verified yet: those of places that can be visited."""
    left = (s for number, s in request.numbered() if number not in request.verified)
    places = (s.place for s in left if s.kind in ("owner", "repository", "path") and s.place)
    visible = any(origins.web_url(place).lower().startswith(("https://", "http://")) for place in places)
    return _METHODS if visible and request.status in ("received", "verified", "contested") else {}


def _instructions(verification: Verification) -> str:
    method = METHODS.get(verification.method)
    return method.instructions(Challenge.of(verification)) if method is not None else ""
