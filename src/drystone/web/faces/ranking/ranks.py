"""Ranks over HTTP: the order of each kind, why a rank is what it is, how it was, and by what method.

Every number leads to the measures that it is made of, and these to the words that they rest on.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from drystone.catalog.passports.vocabulary import fact_kind
from drystone.catalog.ranking.book import MOST_OPEN, MOST_OPEN_OF_FACT, RankBook
from drystone.catalog.ranking.outcomes import one_vote
from drystone.catalog.ranking.ranking import RankedCatalog
from drystone.catalog.ranking.scoring import OUTCOMES, scorings
from drystone.errors import UsageError
from drystone.web.contracts.ranks import dumped
from drystone.web.drawing.pages import PAGE_ROWS, Drawing
from drystone.web.faces.catalog import passport_of, quotes_of, shelf_of
from drystone.web.state import Here, ServerState

router = APIRouter(default_response_class=HTMLResponse)
programs = APIRouter(prefix="/v1", tags=["catalog"])


@router.get("/rank")
def order(
    request: Request, state: Here, pages: Drawing, scoring: str | None = None, beside: str | None = None, page: int = 1
) -> Response:
    """Show the artifacts of each kind in their order; `beside` another version of the scoring."""
    found = ranked(state, scoring)
    other = ranked(state, beside) if beside else None
    last = max(1, *(-(-len(one) // PAGE_ROWS) for one in found.kinds.values()))
    at = min(max(page, 1), last) - 1
    rows = {
        kind: [one.row(row) for row in range(at * PAGE_ROWS, min(len(one), (at + 1) * PAGE_ROWS))]
        for kind, one in found.kinds.items()
    }
    return pages.draw(
        request, "rank.html", found=found, other=other, rows=rows, versions=list(scorings()), page=at + 1, last=last,
        query={"scoring": scoring, "beside": beside or None},
    )  # fmt: skip


@router.get("/rank/{name}")
def explained(
    request: Request, state: Here, pages: Drawing, name: str, scoring: str | None = None, other: str | None = None
) -> Response:
    """Show why an artifact has its rank: measures with their evidence, disputes, history, what would turn an order."""
    shelf, found = shelf_of(state), ranked(state, scoring)
    passport = passport_of(shelf, name)
    kind = found.kinds[passport.artifact.kind]
    book = RankBook(shelf.engine)
    second = passport_of(shelf, other) if other else None
    disputes = book.disputes(passport.artifact)
    return pages.draw(
        request, "rank_explained.html", passport=passport, found=found, one=found.explain(passport),
        history=book.history(passport.artifact), disputes=disputes, writable=book.writable,
        states={(each.reference.sha256, each.reference.quote): each.state for each in quotes_of(shelf, passport)},
        of={fact: [each for each in disputes if each.fact == fact] for fact in {each.fact for each in disputes}},
        turn=None if second is None else found.turn(passport, second),
        others=[each for each in kind.rows(PAGE_ROWS) if each.name != passport.artifact.name], kind=fact_kind,
    )  # fmt: skip


@router.get("/method")
def method(request: Request, state: Here, pages: Drawing, scoring: str | None = None) -> Response:
    """Show how it is scored: weights, scales, how far one fact or one person moves a rank, how to dispute."""
    found = ranked(state, scoring)
    return pages.draw(
        request, "method.html", found=found, versions=list(scorings()), kind=fact_kind, votes=_votes(found),
        most_of_fact=MOST_OPEN_OF_FACT, most=MOST_OPEN,
    )  # fmt: skip


@programs.get("/rank")
def order_for_programs(
    state: Here, kind: str | None = None, scoring: str | None = None, limit: int = PAGE_ROWS
) -> dict[str, Any]:
    """Return the first artifacts of each kind (or of one) with their ranks."""
    found = ranked(state, scoring)
    most = min(max(limit, 1), 1000)
    kinds = {name: dumped(one.rows(most)) for name, one in found.kinds.items() if kind in {None, name}}
    return {"scoring": found.scoring.version, "day": found.day.isoformat(), "kinds": kinds}


@programs.get("/rank/{name}")
def explained_for_programs(
    state: Here, name: str, scoring: str | None = None, other: str | None = None
) -> dict[str, Any]:
    """Return how the rank of an artifact follows, its history, and what would turn its order with another."""
    shelf, found = shelf_of(state), ranked(state, scoring)
    passport = passport_of(shelf, name)
    turn = None if other is None else dumped(found.turn(passport, passport_of(shelf, other)))
    history = dumped(RankBook(shelf.engine).history(passport.artifact))
    return {"scoring": found.scoring.version, "rank": dumped(found.explain(passport)), "history": history, "turn": turn}


@programs.get("/method")
def method_for_programs(state: Here, scoring: str | None = None) -> dict[str, Any]:
    """Return weights and scales of a version of the scoring, how far people move a rank, and which versions there are.

    `vote_points`: the most points of a kind's rank that one vote moves. `open_disputes`: how many wait at most.
    """
    found = ranked(state, scoring)
    limits = {"of_fact": MOST_OPEN_OF_FACT, "of_artifact": MOST_OPEN}
    said = found.scoring.model_dump(mode="json")
    return {"scoring": said, "versions": list(scorings()), "vote_points": _votes(found), "open_disputes": limits}


def _votes(found: RankedCatalog) -> dict[str, float]:
    """Return by how many points one vote moves the rank of an artifact of each kind at most."""
    return {
        kind: one_vote(sum(one.scoring.points(each) for each in one.scoring.measures if each.fact == OUTCOMES))
        for kind, one in found.kinds.items()
    }


def ranked(state: ServerState, version: str | None) -> RankedCatalog:
    """Return the ranking by a version; the one in use where none is named. Raises 404 where there is none."""
    assert state.ranks is not None
    try:
        return state.ranks.get(version or None)
    except UsageError as error:
        raise HTTPException(404, str(error)) from None
