"""Disputes over HTTP: the form by which anybody says that a fact is wrong, and what was said. Decides nothing."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from drystone.catalog.passports.vocabulary import fact_kind
from drystone.catalog.ranking.book import MOST_LINK, MOST_WORDS, Dispute, RankBook
from drystone.catalog.ranking.ranking import dispute
from drystone.errors import UsageError
from drystone.web.contracts.ranks import NewDispute, dumped
from drystone.web.drawing.pages import Drawing, Pages, link
from drystone.web.faces.catalog import shelf_of
from drystone.web.guards import FormText, check_form, not_too_often
from drystone.web.state import Here, ServerState

router = APIRouter(default_response_class=HTMLResponse)
programs = APIRouter(prefix="/v1", tags=["catalog"])


@router.get("/dispute")
def ask(request: Request, state: Here, pages: Drawing, artifact: str = "", fact: str = "") -> Response:
    """Show the form by which a fact is disputed."""
    given = {"artifact": artifact[:300], "fact": fact[:96], "words": "", "link": ""}
    return _form(request, state, pages, given)


@router.post("/dispute")
def receive(
    request: Request, state: Here, pages: Drawing, csrf: FormText, artifact: FormText, fact: FormText,
    words: FormText = "", link_: FormText = "",
) -> Response:  # fmt: skip
    """Keep a dispute and lead to the page of the rank, where it is shown."""
    check_form(request, state, csrf)
    try:
        new = NewDispute(artifact=artifact, fact=fact, words=words, link=link_)
    except ValidationError:
        return _form(request, state, pages, _given(artifact, fact, words, link_), "What you wrote is too long.")
    try:
        kept = _keep(request, state, new)
    except UsageError as error:
        return _form(request, state, pages, _given(artifact, fact, words, link_), str(error))
    return pages.go(link("rank", kept.artifact) + "#disputes")


@programs.get("/disputes")
def disputes(state: Here, artifact: str | None = None) -> list[dict[str, Any]]:
    """Return the disputes of an artifact or of all, the latest first."""
    shelf = shelf_of(state)
    passport = None if artifact is None else shelf.find(artifact)
    if artifact is not None and passport is None:
        raise HTTPException(404, "No artifact of this name is in the catalog.")
    about = None if passport is None else passport.artifact
    found: list[dict[str, Any]] = dumped(RankBook(shelf.engine).disputes(about))
    return found


@programs.post("/disputes")
def dispute_for_programs(request: Request, state: Here, new: NewDispute) -> dict[str, Any]:
    """Keep what somebody says against a fact of an artifact, with an https link to what shows it."""
    found: dict[str, Any] = dumped(_keep(request, state, new))
    return found


def _keep(request: Request, state: ServerState, new: NewDispute) -> Dispute:
    shelf = shelf_of(state)
    if not RankBook(shelf.engine).writable:
        raise HTTPException(404, "This server keeps no disputes: it serves a catalog that comes with the program.")
    not_too_often(request, state.limits.requests)
    kept = dispute(shelf, new.artifact, new.fact, new.words, new.link)
    assert state.ranks is not None
    state.ranks.forget()
    return kept


def _given(artifact: str, fact: str, words: str, link_: str) -> dict[str, str]:
    return {"artifact": artifact[:300], "fact": fact[:96], "words": words[:10_000], "link": link_[:4000]}


def _form(
    request: Request, state: ServerState, pages: Pages, given: dict[str, str], problem: str | None = None
) -> Response:
    shelf = shelf_of(state)
    if not RankBook(shelf.engine).writable:
        raise HTTPException(404, "This server keeps no disputes: it serves a catalog that comes with the program.")
    passport = shelf.find(given["artifact"])
    if passport is None:
        raise HTTPException(404, "No artifact of this name is in the catalog; choose one there first.")
    return pages.draw(
        request, "dispute.html", 422 if problem else 200, passport=passport, given=given, problem=problem,
        kind=fact_kind, most_words=MOST_WORDS, most_link=MOST_LINK,
    )  # fmt: skip
