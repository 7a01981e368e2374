"""The page that asks releases: a question, answers in their context, counts as links. It works without its script."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from drystone.answer.answering import LONGEST
from drystone.answer.verbs import LEAST
from drystone.errors import UsageError
from drystone.reader.batcher import ClosedError, QueueFullError
from drystone.search.limits import By
from drystone.web.asks import AnsweredQuestion, ask
from drystone.web.contracts.asking import AskRequest
from drystone.web.contracts.searching import MOST_QUERY
from drystone.web.drawing.facets import Facet, facets
from drystone.web.drawing.pages import Drawing
from drystone.web.drawing.quotes import QuotedPlace, quoted_place
from drystone.web.drawing.scripts import script_named, with_script
from drystone.web.faces.ask_api import address
from drystone.web.guards import not_too_often
from drystone.web.searches import Opened, check_roots
from drystone.web.state import Here, ServerState

router = APIRouter(default_response_class=HTMLResponse)

#: Answers on the page; seconds that they may take, and the counts beside them.
_ANSWERS: Final = 5
_SECONDS: Final = 10.0
_COUNT_SECONDS: Final = 1.5
#: What files can be narrowed down by, and a query that all match.
_BY: Final[tuple[By, ...]] = ("language", "license", "repository")
_ALL: Final = "type:filename"


@dataclass(frozen=True)
class ShownAnswer:
    """An answer with its places, and whether it is sure enough to be one."""

    text: str
    score: float
    sure: bool
    places: list[QuotedPlace]


@dataclass
class AskPage:
    """All that a page with answers says."""

    found: AnsweredQuestion | None = None
    answers: list[ShownAnswer] = field(default_factory=list)
    facets: list[Facet] = field(default_factory=list)
    counted_all: bool = True


@router.get("/ask")
def show(
    request: Request,
    state: Here,
    pages: Drawing,
    question: str = "",
    where: str = "",
    release: Annotated[list[str] | None, Query(max_length=100)] = None,
    root: Annotated[list[str] | None, Query(max_length=100)] = None,
    least: Annotated[float, Query(ge=0, le=1)] = LEAST,
) -> Response:
    """Ask the releases that are served."""
    chosen = [name for name in release or [] if name]
    question, where = " ".join(question.split()), where.strip()
    opened = state.searches.open(chosen)
    check_roots(opened, root or [])
    shown, failed, status = AskPage(), "", 200
    if question and state.readers and opened.roots:
        not_too_often(request, state.limits.lookups)
        try:
            asked = AskRequest(
                question=question, where=where, release=chosen, root=root or [], top_k=_ANSWERS, least=least,
                seconds=_SECONDS,
            )  # fmt: skip
            shown = _answered(state, asked)
        except (ValidationError, HTTPException, UsageError, QueueFullError, ClosedError) as error:
            failed, status = _told(error)
    response = pages.draw(
        request, "ask.html", status, question=question, where=where, chosen=chosen, served=list(state.releases),
        missing=list(opened.missing.values()), shown=shown, failed=failed, most=LONGEST,
        permalink=address(question, where, chosen, list(opened.roots.values())),
        nearest=address(question, where, chosen) + "&least=0", everywhere=address(question, "", chosen),
    )  # fmt: skip
    return with_script(response)


@router.get("/ask.js", include_in_schema=False)
def script() -> Response:
    """Return the script that copies citations."""
    return script_named("ask.js")


def _answered(state: ServerState, asked: AskRequest) -> AskPage:
    (found,) = (step for step in ask(state, asked) if isinstance(step, AnsweredQuestion))
    names = {view.release.root: name for name, view in found.opened.views.items()}
    answers = [
        ShownAnswer(
            " ".join(each.text.split()), each.score, each.score >= LEAST,
            [quoted_place(one, names[one.root]) for one in each.citations],
        )
        for each in found.answers.answers
    ]  # fmt: skip
    offered, whole = _offered(found.opened, asked)
    return AskPage(found, answers, offered, whole)


def _offered(opened: Opened, asked: AskRequest) -> tuple[list[Facet], bool]:
    """Return what files a question can be asked of instead, and whether all were counted."""
    query = asked.where or _ALL
    with opened.lock:
        counted, counts = opened.searcher.counts(query, _BY, seconds=_COUNT_SECONDS)

    def of(closer: str) -> str:
        return address(asked.question, closer.removeprefix(_ALL).strip(), asked.release)

    return facets(query, counts, _BY, of), counted.exact


def _told(error: Exception) -> tuple[str, int]:
    """Return what a person is told of a problem beside the form, and the status."""
    match error:
        case ValidationError():
            return f"Give a question of up to {LONGEST:,} and a query of up to {MOST_QUERY:,} characters.", 422
        case HTTPException(status_code=429) | QueueFullError():
            return "Too many ask at once. Try again in a moment.", 429
        case HTTPException(status_code=503) | ClosedError():
            return str(getattr(error, "detail", error)), 503
        case HTTPException():
            raise error
    return str(error).removeprefix("where: "), 422
