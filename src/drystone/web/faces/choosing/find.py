"""Finding artifacts by what they do: a page that works without a script, and the same for programs.

Each search is counted where the catalog has a database; its words are kept only where whoever asks allows it.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from drystone.catalog.finding import passport_of
from drystone.catalog.matching import HITS, LONGEST, MOST, NOT_KNOWN
from drystone.catalog.matching.records import Seeker
from drystone.catalog.matching.shapes import FoundArtifacts, MatchFilters
from drystone.catalog.resolving.resolve import resolve
from drystone.catalog.resolving.signing import signed_now
from drystone.errors import UsageError
from drystone.web.drawing.pages import Drawing
from drystone.web.guards import FormText, address, check_form, not_too_often
from drystone.web.network.edge import COOKIE
from drystone.web.state import Here

router = APIRouter(default_response_class=HTMLResponse)
programs = APIRouter(prefix="/v1", tags=["catalog"])

Words = Annotated[str, Query(max_length=LONGEST)]
Short = Annotated[str, Query(max_length=100)]
Outcome = Literal["success", "failure"]


@router.get("/find")
def find(
    request: Request,
    state: Here,
    pages: Drawing,
    q: Words = "",
    kind: Short = "",
    license: Short = "",
    language: Short = "",
    free: bool = False,
    offline: bool = False,
    keep: bool = False,
) -> Response:
    """Show what does what somebody wants, with the reasons."""
    wanted = MatchFilters(kind or None, license.strip() or None, free, offline, language.strip() or None)
    found: FoundArtifacts | None = None
    failed: UsageError | None = None
    if q.strip():
        not_too_often(request, state.limits.lookups)
        try:
            found = state.finder.find(q, wanted, seeker=seeker(request, keep=keep))
        except UsageError as error:
            failed = error
    return pages.draw(
        request, "find.html", 422 if failed else 200, q=q, wanted=wanted, keep=keep, found=found, failed=failed,
        kinds=state.finder.kinds(), counted=state.finder.counted(), most=LONGEST, not_known=NOT_KNOWN,
    )  # fmt: skip


@router.post("/find/report")
def reported(
    request: Request, state: Here, pages: Drawing, csrf: FormText, token: FormText, outcome: Annotated[Outcome, Form()]
) -> Response:
    """Keep what came of something that was found."""
    check_form(request, state, csrf)
    artifact = state.finder.report(token, success=outcome == "success")
    return pages.draw(request, "reported.html", artifact=artifact, outcome=outcome)


class ReportedOutcome(BaseModel):
    """What came of a hit, by its token."""

    token: str
    outcome: Outcome


@programs.get("/find")
def find_as_json(
    request: Request,
    state: Here,
    q: Words,
    kind: Short | None = None,
    license: Short | None = None,
    language: Short | None = None,
    free: bool = False,
    offline: bool = False,
    keep: bool = False,
    limit: Annotated[int, Query(ge=1, le=MOST)] = HITS,
) -> dict[str, Any]:
    """Find the artifacts that do what somebody wants, best first: each with reasons, confidence and a token."""
    not_too_often(request, state.limits.lookups)
    wanted = MatchFilters(kind, license, free, offline, language)
    return asdict(state.finder.find(q, wanted, limit=limit, seeker=seeker(request, keep=keep)))


@programs.get("/resolve")
def resolved(request: Request, state: Here, need: Words, keep: bool = False) -> dict[str, Any]:
    """Choose the one artifact that does a need, or `capability://ID`: a program that calls it, why no other was chosen.

    `signed_passport` is null where the server has no publisher's key.
    """
    not_too_often(request, state.limits.lookups)
    assert state.catalog is not None
    found = resolve(need, state.catalog, state.finder, seeker=seeker(request, keep=keep))
    signed = None
    if state.publisher is not None:
        signed = json.loads(signed_now(passport_of(found.artifact, state.catalog).passport, state.publisher))
    return {**asdict(found), "signed_passport": signed}


@programs.post("/feedback")
def report(request: Request, state: Here, said: ReportedOutcome) -> dict[str, str]:
    """Keep what came of something that was found, by the token that its hit had."""
    not_too_often(request, state.limits.lookups)
    return {"artifact": state.finder.report(said.token, success=said.outcome == "success"), "outcome": said.outcome}


def seeker(request: Request, *, keep: bool) -> Seeker:
    """Return who asks: a visitor by the cookie, a program by its address; only hashes of them are kept."""
    agent = request.headers.get("user-agent", "")[:500]
    return Seeker(request.cookies.get(COOKIE) or f"{address(request)} {agent}", agent, keep)
