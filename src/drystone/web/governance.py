"""Pages for people: am I in it, ask for removal, how it stands. Plain forms, no script.

Shows what `release.lookup` finds and what the registry says; decides nothing itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Annotated, Final
from urllib.parse import quote, urlencode

from drystone.errors import DrystoneError, MissingExtraError, RegistryUnavailableError, UsageError
from drystone.registry import NewRequest, Registry, Subject, Verification
from drystone.registry import Request as OptOutRequest
from drystone.registry.requests import subjects
from drystone.release import layout
from drystone.release.inspection.lookup import Answer, Index, Query, of_bytes, parse
from drystone.verification import METHODS, Challenge, Reach, check_request

try:
    from fastapi import FastAPI, File, Request, UploadFile
    from fastapi.responses import HTMLResponse, RedirectResponse, Response
    from starlette.exceptions import HTTPException

    from drystone.web.edge import Edge
    from drystone.web.moderation import for_moderators
    from drystone.web.pages import Limits, Pages, Text, TooOftenError, answering, errors
    from drystone.web.sessions import Moderators
except ImportError as error:
    raise MissingExtraError(error.name or "FastAPI", "server") from None

#: Bytes that a request may have: a file to look up, and room for the form around it.
MAX_BODY: Final = 10 * 1024**2
#: Places shown of each version.
_SHOWN: Final = 20

_KINDS: Final = {
    "repository": "One repository",
    "owner": "An owner: all repositories, present and future",
    "path": "A file or folder of a repository",
    "object": "A file or directory, by SWHID",
    "author": "An author, by e-mail address",
}
_METHODS: Final = {"file": "by a file in the repository", "branch": "by a branch of the repository"}


def create_pages(
    indexes: Sequence[Index],
    registry: Registry,
    *,
    moderators: Moderators | None = None,
    name: str = "Drystone",
    secure: bool = False,
    limits: Limits | None = None,
    max_body: int = MAX_BODY,
    reach: Reach | None = None,
) -> FastAPI:
    """Return the application. `secure`: cookies go over https only, as behind a proxy that ends TLS.

    `reach` says which repositories the server visits when their requesters ask it to check a challenge; None: none.
    """
    app = FastAPI(title=f"{name}: am I in it?", docs_url=None, redoc_url=None, default_response_class=HTMLResponse)
    pages = Pages(indexes, registry, moderators, name, secure, limits or Limits(), max_body, reach)
    answering(app, pages)
    app.add_middleware(Edge, limit=max_body, refusal=pages.too_large)
    errors(app, pages)
    _for_everyone(app, pages)
    if moderators is not None:
        for_moderators(app, pages, moderators)
    return app


def _for_everyone(app: FastAPI, pages: Pages) -> None:
    style = files("drystone.web").joinpath("style.css").read_text("utf-8")

    @app.get("/style.css")
    def css() -> Response:
        """Return the style of all pages."""
        return Response(style, media_type="text/css", headers={"cache-control": "max-age=3600"})

    @app.get("/")
    def home(request: Request, q: str = "") -> Response:
        """Show the forms to look something up."""
        return _home(request, q)

    def _home(request: Request, q: str, problem: str | None = None, status: int = 200) -> Response:
        size = layout.size_text(pages.max_body)
        return pages.page(
            request, "home.html", status, q=q[:2048], indexes=pages.indexes, max_file=size, problem=problem
        )

    @app.get("/lookup")
    def lookup(request: Request, q: str = "") -> Response:
        """Look a name or SWHID up in all versions."""
        pages.often(request, pages.limits.lookups)
        try:
            query = parse(q)
        except UsageError as error:
            return _home(request, q, str(error), 422)
        return _found(request, query)

    @app.post("/lookup")
    def lookup_file(request: Request, file: Annotated[UploadFile, File()]) -> Response:
        """Look a file up by its bytes; nothing of it is kept."""
        pages.often(request, pages.limits.lookups)
        return _found(request, of_bytes(file.file.read(), file.filename or "a file"))

    def _found(request: Request, query: Query) -> Response:
        answers = [index.find(query, _SHOWN) for index in pages.indexes]
        anywhere = any(answer.repositories for answer in answers)
        return pages.page(
            request, "lookup.html", query=query, answers=answers, anywhere=anywhere, subject=_subject_of(query, answers)
        )

    @app.get("/request")
    def ask(request: Request, kind: str = "repository", subject: str = "") -> Response:
        """Show the form by which a request is made."""
        form = {"kind": kind, "subject": subject[:2048], "prefix": "", "copies": True, "forks": True}
        return pages.page(request, "request.html", kinds=_KINDS, form={**form, "contact": "", "words": ""})

    @app.post("/request")
    def receive(
        request: Request,
        csrf: Text,
        kind: Text,
        subject: Text,
        prefix: Text = "",
        contact: Text = "",
        words: Text = "",
        copies: Text = "",
        forks: Text = "",
    ) -> Response:
        """Record a request and lead to its status page."""
        pages.check_form(request, csrf)
        try:
            wanted = _subjects(kind, subject, prefix)
            new = NewRequest(
                wanted, contact=contact.strip(), words=words.strip(), forks=bool(forks), copies=bool(copies)
            )
            pages.often(request, pages.limits.requests)
            _, token = pages.registry.requests.receive(new)
        except UsageError as error:
            form = {"kind": kind, "subject": subject, "prefix": prefix, "copies": copies, "forks": forks}
            form |= {"contact": contact, "words": words}
            return pages.page(request, "request.html", 422, kinds=_KINDS, form=form, problem=str(error))
        return RedirectResponse(f"/status/{quote(token)}", 303)

    @app.get("/status/{token}")
    def status(request: Request, token: str) -> Response:
        """Show how a request stands to whoever has its token."""
        return _status(request, token, _by_token(request, token))

    def _status(
        request: Request, token: str, found: OptOutRequest, problem: str | None = None, code: int = 200
    ) -> Response:
        waiting = [v for v in found.verifications if v.state == "pending"]
        challenges = [
            {"method": v.method, "expires_at": v.expires_at, "instructions": _instructions(v)} for v in waiting
        ]
        methods = _methods(found) if not waiting else {}
        values = {"token": token, "challenges": challenges, "methods": methods, "checks": pages.reach is not None}
        return pages.page(request, "status.html", code, request=found, problem=problem, **values)

    @app.post("/status/{token}/challenge")
    def challenge(request: Request, token: str, csrf: Text, method: Text) -> Response:
        """Open a verification."""
        pages.check_form(request, csrf)
        found = _by_token(request, token)
        if method not in _methods(found):
            raise UsageError("This is no way to verify this request.")
        pages.registry.requests.challenge(found.id, method)
        return RedirectResponse(f"/status/{quote(token)}", 303)

    @app.post("/status/{token}/check")
    def check(request: Request, token: str, csrf: Text) -> Response:
        """Visit the repository of a request and look whether its challenge is met."""
        pages.check_form(request, csrf)
        found = _by_token(request, token)
        if pages.reach is None:
            raise HTTPException(404)
        pages.often(request, pages.limits.checks)
        pages.often(request, pages.limits.checks, found.id)
        if not pages.visits.acquire(blocking=False):
            raise TooOftenError(10)
        try:
            check_request(pages.registry, found.id, reach=pages.reach)
        except RegistryUnavailableError:
            raise
        except DrystoneError as error:
            return _status(request, token, pages.registry.requests.get(found.id), str(error), 422)
        finally:
            pages.visits.release()
        return RedirectResponse(f"/status/{quote(token)}", 303)

    @app.post("/status/{token}/withdraw")
    def withdraw(request: Request, token: str, csrf: Text, sure: Text) -> Response:
        """Withdraw a request."""
        pages.check_form(request, csrf)
        pages.registry.requests.withdraw(_by_token(request, token).id, "the requester")
        return RedirectResponse(f"/status/{quote(token)}", 303)

    def _by_token(request: Request, token: str) -> OptOutRequest:
        found = pages.registry.requests.by_token(token) if len(token) <= 100 else None
        if found is None:
            pages.often(request, pages.limits.misses)
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


def _subject_of(query: Query, answers: Sequence[Answer]) -> str | None:
    """Return the query string that fills the form with what was looked up; None where it cannot be asked for."""
    if query.kind == "revision":
        return None
    if query.kind in ("content", "directory"):
        kinds = {"content": "cnt", "directory": "dir"}
        return urlencode({"kind": "object", "subject": f"swh:1:{kinds[query.kind]}:{query.value}"})
    places = {place.origin for answer in answers for place in answer.places}
    if query.kind == "owner" and "/" not in query.shown and len(places) == 1:
        only = places.pop()
        if ":" in only and "://" not in only:  # found by the bare name of a folder, an archive or a package
            return urlencode({"kind": "repository", "subject": only})
    return urlencode({"kind": query.kind, "subject": query.shown})


def _methods(request: OptOutRequest) -> dict[str, str]:
    """Return the ways to verify a request: those of repositories that can be visited."""
    visible = any(s.kind in ("repository", "path") and s.place and "://" in s.place for s in request.subjects)
    return _METHODS if visible and request.status in ("received", "verified") else {}


def _instructions(verification: Verification) -> str:
    method = METHODS.get(verification.method)
    return method.instructions(Challenge.of(verification)) if method is not None else ""
