"""Pages for people: am I in it, ask for removal, how it stands, and the moderators' queue. Plain forms, no script.

Shows what `release.lookup` finds and what the registry says; decides nothing itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode, urlsplit

from drystone.errors import DrystoneError, MissingExtraError, RegistryError, UsageError
from drystone.registry import NewRequest, Registry, Subject, Verification, subjects
from drystone.registry import Request as OptOutRequest
from drystone.registry.requests import STATUSES
from drystone.release import layout
from drystone.release.lookup import Answer, Index, Query, of_bytes, parse
from drystone.verification import METHODS, Challenge

try:
    import jinja2
    import python_multipart  # noqa: F401  (forms need it; without it FastAPI says so only when it meets one)
    from fastapi import FastAPI, File, Form, Request, UploadFile
    from fastapi.exceptions import RequestValidationError
    from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
    from starlette.exceptions import HTTPException
    from starlette.middleware.base import RequestResponseEndpoint

    from drystone.web.edge import Edge
    from drystone.web.sessions import SESSION_SECONDS, Limit, Moderators, Sessions
except ImportError as error:
    raise MissingExtraError(error.name or "FastAPI", "server") from None

COOKIE: Final = "drystone"
#: Bytes that a request may have: a file to look up, and room for the form around it.
MAX_BODY: Final = 10 * 1024**2
#: Places shown of each version, and requests on a page of the queue.
_SHOWN: Final = 20
_PAGE: Final = 50

_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # A status page's address is its key: no other site may learn it. With no-referrer forms would come without origin.
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}
_KINDS: Final = {
    "repository": "One repository",
    "owner": "An owner: all repositories, present and future",
    "path": "A file or folder of a repository",
    "object": "A file or directory, by SWHID",
    "author": "An author, by e-mail address",
}
_METHODS: Final = {"file": "by a file in the repository", "branch": "by a branch of the repository"}

Text = Annotated[str, Form()]


class _TooOftenError(Exception):
    def __init__(self, seconds: float) -> None:
        self.seconds = math.ceil(seconds)


class _RefusedError(Exception):
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


def create_pages(
    indexes: Sequence[Index],
    registry: Registry,
    *,
    moderators: Moderators | None = None,
    name: str = "Drystone",
    secure: bool = False,
    limits: Limits | None = None,
    max_body: int = MAX_BODY,
) -> FastAPI:
    """Return the application. `secure`: cookies go over https only, as behind a proxy that ends TLS."""
    app = FastAPI(title=f"{name}: am I in it?", docs_url=None, redoc_url=None, default_response_class=HTMLResponse)
    pages = _Pages(indexes, registry, moderators, name, secure, limits or Limits(), max_body)
    _answering(app, pages)
    app.add_middleware(Edge, limit=max_body, refusal=pages.too_large)
    _errors(app, pages)
    _for_everyone(app, pages)
    if moderators is not None:
        _for_moderators(app, pages, moderators)
    return app


class _Pages:
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
    ) -> None:
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
        """Raise `_RefusedError` where a form was not sent from a page of ours to the same visitor."""
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
            raise _RefusedError(403, "This form was sent from another site. Open it here, then send it again.")
        if not self.sessions.form_holds(request.cookies.get(COOKIE), csrf):
            raise _RefusedError(403, "This form is too old, or cookies are switched off. Open it again, then send it.")
        self.often(request, self.limits.forms)

    def often(self, request: Request, limit: Limit, name: str | None = None) -> None:
        """Raise `_TooOftenError` where an address (or a name) has done this too often."""
        wait = limit.wait(name if name is not None else self.address(request))
        if wait:
            raise _TooOftenError(wait)

    @staticmethod
    def address(request: Request) -> str:
        """Return where a request comes from."""
        return request.client.host if request.client is not None else "unknown"

    def set_cookie(self, response: Response, value: str) -> None:
        """Let the visitor keep a cookie."""
        response.set_cookie(
            COOKIE, value, max_age=SESSION_SECONDS, httponly=True, samesite="lax", secure=self.secure, path="/"
        )


def _answering(app: FastAPI, pages: _Pages) -> None:
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


def _errors(app: FastAPI, pages: _Pages) -> None:
    @app.exception_handler(_TooOftenError)
    async def too_often(request: Request, error: _TooOftenError) -> Response:
        text = f"That was too often. Try again in {error.seconds} seconds."
        response = pages.page(request, "problem.html", 429, heading="Too often", problem=text)
        response.headers["retry-after"] = str(error.seconds)
        return response

    @app.exception_handler(_RefusedError)
    async def refused(request: Request, error: _RefusedError) -> Response:
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
        status = 422 if isinstance(error, UsageError) else 409 if isinstance(error, RegistryError) else 500
        return pages.page(request, "problem.html", status, heading="That did not work", problem=str(error))

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> Response:
        return PlainTextResponse("Something went wrong here.\n", 500, _HEADERS)


def _for_everyone(app: FastAPI, pages: _Pages) -> None:
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
        found = _by_token(request, token)
        waiting = [v for v in found.verifications if v.state == "pending"]
        challenges = [
            {"method": v.method, "expires_at": v.expires_at, "instructions": _instructions(v)} for v in waiting
        ]
        methods = _methods(found) if not waiting else {}
        return pages.page(request, "status.html", request=found, token=token, challenges=challenges, methods=methods)

    @app.post("/status/{token}/challenge")
    def challenge(request: Request, token: str, csrf: Text, method: Text) -> Response:
        """Open a verification."""
        pages.check_form(request, csrf)
        found = _by_token(request, token)
        if method not in _methods(found):
            raise UsageError("This is no way to verify this request.")
        pages.registry.requests.challenge(found.id, method)
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


def _for_moderators(app: FastAPI, pages: _Pages, moderators: Moderators) -> None:
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
        except DrystoneError as error:
            return _show(request, id, str(error), 409 if isinstance(error, RegistryError) else 422)
        return RedirectResponse(f"/queue/{found.id}", 303)


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
