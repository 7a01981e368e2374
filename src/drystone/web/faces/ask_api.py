"""Questions to releases by programs: answers with citations as JSON, or candidates first as server-sent events."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import asdict
from itertools import chain
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Header, HTTPException, Query
from fastapi.responses import Response

from drystone.errors import DrystoneError
from drystone.web.asks import AnsweredQuestion, ReadSoFar, ask
from drystone.web.contracts.asking import AskRequest, AskResponse
from drystone.web.contracts.schemas import ErrorBody
from drystone.web.events import EVENTS, EventStream, event
from drystone.web.problems import AsciiJson, told
from drystone.web.state import Here

router = APIRouter(
    default_response_class=AsciiJson,
    responses={
        code: {"model": ErrorBody, "description": text}
        for code, text in (
            (401, "No bearer token"), (404, "No such release or model"), (410, "The release has changed since"),
            (422, "A field is wrong"), (429, "Too many questions at once"), (500, "The release cannot be read"),
            (503, "No release has an index, or no reader is served"),
        )
    },
)  # fmt: skip


@router.get("/v1/ask", response_model=AskResponse, tags=["ask"], responses={200: {"content": {EVENTS: {}}}})
def answer(state: Here, asked: Annotated[AskRequest, Query()], accept: Annotated[str, Header()] = "") -> Response:
    """Answer a question from releases; with `Accept: text/event-stream` candidates come while pieces are read."""
    if EVENTS in accept:
        steps = ask(state, asked, candidates=True)
        first = next(steps)  # what is wrong with the request is its status
        return EventStream(_events(asked, first, steps))
    (found,) = (step for step in ask(state, asked) if isinstance(step, AnsweredQuestion))
    return AsciiJson(_whole(asked, found))


def address(question: str, where: str, chosen: Sequence[str], roots: Sequence[str] = ()) -> str:
    """Return the page that shows a question and its answers; with `roots` only while no release changes."""
    pairs = [("question", question), *([("where", where)] if where else [])]
    pairs += [("release", name) for name in chosen] + [("root", root) for root in roots]
    return "/ask?" + urlencode(pairs, errors="surrogatepass")


def _events(
    asked: AskRequest, first: ReadSoFar | AnsweredQuestion, rest: Generator[ReadSoFar | AnsweredQuestion]
) -> Generator[bytes]:
    """Yield how far the reading is as events with the nearest answers each, last the answers; or a problem."""
    try:
        with closing(rest):
            for step in chain([first], rest):
                if isinstance(step, AnsweredQuestion):
                    yield event("answers", _whole(asked, step))
                else:
                    answers = [asdict(answer) for answer in step.answers]
                    yield event("candidates", {"read": step.read, "pieces": step.pieces, "answers": answers})
    except (DrystoneError, HTTPException) as error:
        yield event("problem", told(error)[1])


def _whole(asked: AskRequest, found: AnsweredQuestion) -> dict[str, Any]:
    return {
        **found.answers.as_dict(),
        "releases": found.opened.searched(),
        "missing": list(found.opened.missing.values()),
        "model": found.model,
        "read": found.read,
        "pieces": found.pieces,
        "seconds": round(found.seconds, 4),
        "permalink": address(asked.question, asked.where, asked.release, list(found.opened.roots.values())),
    }
