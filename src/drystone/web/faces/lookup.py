"""Am I in it: the first page, and looking names, SWHIDs and files up in all versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, File, Query, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from drystone.errors import UsageError
from drystone.release import layout
from drystone.release.inspection import lookup
from drystone.web.drawing.pages import LAST_PAGE, PAGE_ROWS, Drawing, Pages
from drystone.web.faces import passage
from drystone.web.guards import not_too_often
from drystone.web.state import Here, ServerState

first = APIRouter(default_response_class=HTMLResponse)
router = APIRouter(default_response_class=HTMLResponse)

PageNumber = Annotated[int, Query(ge=1, le=LAST_PAGE)]


@first.get("/")
def home(request: Request, state: Here, pages: Drawing, q: str = "") -> Response:
    """Show what is served: the forms to look something up, the releases, the page to ask a passage, or the catalog."""
    if not state.releases and not state.readers:
        return RedirectResponse("/catalog", 303)
    if not state.releases:
        return passage.form(request, state, pages)
    return _home(request, state, pages, q)


def _home(
    request: Request, state: ServerState, pages: Pages, q: str, problem: str | None = None, status: int = 200
) -> Response:
    views = {name: watched.view() for name, watched in state.releases.items()}
    size = layout.size_text(state.max_body)
    return pages.draw(request, "home.html", status, q=q[:2048], views=views, max_file=size, problem=problem)


@router.get("/lookup")
def look_up(request: Request, state: Here, pages: Drawing, q: str = "", page: PageNumber = 1) -> Response:
    """Look a name or SWHID up in all versions."""
    not_too_often(request, state.limits.lookups)
    try:
        return _found(request, state, pages, lookup.parse(q), page)
    except UsageError as error:
        return _home(request, state, pages, q, str(error), 422)


@router.post("/lookup")
def look_up_file(request: Request, state: Here, pages: Drawing, file: Annotated[UploadFile, File()]) -> Response:
    """Look a file up by its bytes; nothing of it is kept."""
    not_too_often(request, state.limits.lookups)
    return _found(request, state, pages, lookup.of_bytes(file.file.read(), file.filename or "a file"), 1)


def _found(request: Request, state: ServerState, pages: Pages, query: lookup.LookupQuery, page: int) -> Response:
    start = (page - 1) * PAGE_ROWS
    views = {name: watched.view().index for name, watched in state.releases.items()}
    query, found = lookup.ask([*views.values()], query, PAGE_ROWS, offset=start)
    answers = dict(zip(views, found, strict=True))
    kinds = {"content": "cnt", "directory": "dir", "revision": "rev"}
    again = f"swh:1:{kinds[query.kind]}:{query.value}" if query.kind in kinds else query.shown
    most = max(each.occurrences if query.of_files else each.repositories for each in answers.values())
    return pages.draw(
        request,
        "lookup.html",
        query=query,
        answers=answers,
        anywhere=any(answer.repositories for answer in answers.values()),
        subject=_subject_of(query, answers),
        again=again,
        page=page,
        last=max(1, -(-most // PAGE_ROWS)),
        start=start,
    )


def _subject_of(query: lookup.LookupQuery, answers: Mapping[str, lookup.Holding]) -> str | None:
    """Return the query string that fills the form with what was looked up; None where it cannot be asked for."""
    if query.kind in ("revision", "path"):
        return None
    if query.kind in ("content", "directory"):
        kinds = {"content": "cnt", "directory": "dir"}
        return urlencode({"kind": "object", "subject": f"swh:1:{kinds[query.kind]}:{query.value}"})
    places = {place.origin for answer in answers.values() for place in answer.places}
    if query.kind == "owner" and "/" not in query.shown and len(places) == 1:
        only = places.pop()
        if ":" in only and "://" not in only:  # found by the bare name of a folder, an archive or a package
            return urlencode({"kind": "repository", "subject": only})
    return urlencode({"kind": query.kind, "subject": query.shown})
