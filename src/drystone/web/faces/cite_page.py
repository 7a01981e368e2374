"""The page of a quote: what became of it, in the newest version of its release that is served."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from drystone.answer.permalinks import parse_permalink
from drystone.answer.resolving import resolve
from drystone.answer.shapes import State
from drystone.errors import UsageError
from drystone.web.drawing.pages import Drawing, link
from drystone.web.drawing.quotes import quoted_place
from drystone.web.drawing.scripts import with_script
from drystone.web.guards import not_too_often
from drystone.web.state import Here

router = APIRouter(default_response_class=HTMLResponse)

#: What became of a quote: a heading, and the status of the page.
_STATES: Final[dict[State, tuple[str, int]]] = {
    "stands": ("It stands", 200),
    "moved": ("It has moved", 200),
    "changed": ("It has changed", 410),
    "withdrawn": ("It was withdrawn", 410),
    "gone": ("It is gone", 410),
    "never_there": ("It was never there", 404),
}


@router.get("/cite")
def show(request: Request, state: Here, pages: Drawing) -> Response:
    """Say whether a cited quote stands, has moved or changed, was withdrawn, is gone, or never was there."""
    not_too_often(request, state.limits.lookups)
    views = {name: watched.view() for name, watched in state.releases.items()}
    try:
        named = parse_permalink(str(request.url))
        with state.searches.seat():
            found = resolve(named, [view.release for view in views.values()])
    except UsageError as error:
        raise HTTPException(404, str(error)) from None
    heading, status = _STATES[found.state]
    served = {
        (view.release.manifest.facts.name, view.release.manifest.facts.version): name for name, view in views.items()
    }
    name = served[found.release, found.version]
    place = None if found.now is None else quoted_place(found.now, name)
    response = pages.draw(
        request, "cite.html", status, heading=heading, found=found, cited=named, place=place,
        release=link("releases", name), several=len(views) > 1,
    )  # fmt: skip
    return with_script(response)
