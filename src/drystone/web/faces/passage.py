"""A page to ask a passage: a form without script; the answer is marked in the passage."""

from __future__ import annotations

from typing import Final, NamedTuple

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response
from pydantic import ValidationError

from drystone.errors import DrystoneError
from drystone.reader.batcher import ClosedError, DeadlineError, QueueFullError
from drystone.reader.options import Options
from drystone.reader.spans.decode import Answer
from drystone.web.contracts.schemas import MOST_CONTEXT, MOST_QUESTION, QuestionContext
from drystone.web.drawing.pages import Drawing, Pages
from drystone.web.faces.reader import ask, default_model
from drystone.web.state import Here, ServerState

router = APIRouter(include_in_schema=False)


class Typed(NamedTuple):
    """What the form holds."""

    context: str = ""
    question: str = ""
    model: str = ""


_NOTHING: Final = Typed()


def form(request: Request, state: ServerState, pages: Pages) -> Response:
    """Return the empty form."""
    return _draw(request, state, pages)


@router.get("/passage")
async def show(request: Request, state: Here, pages: Drawing) -> Response:
    """Show the form."""
    return form(request, state, pages)


@router.post("/passage")
async def answer(request: Request, state: Here, pages: Drawing) -> Response:
    """Answer a question from a passage."""
    async with request.form(max_files=0, max_fields=10, max_part_size=state.max_body) as sent:
        given = {name: str(sent.get(name, "")) for name in ("context", "question", "model")}
    # Forms carry line breaks as CR LF, whatever was pasted.
    context = given["context"].replace("\r\n", "\n")
    typed = Typed(context, given["question"].strip(), given["model"] or default_model(state))
    try:
        asked = QuestionContext(question=typed.question, context=context)
        [found] = await ask(request, state, typed.model, [asked], Options())
    except HTTPException as error:
        return _draw(request, state, pages, error.status_code, typed, failed=str(error.detail))
    except ValidationError:
        text = f"Give a question of up to {MOST_QUESTION:,} and a passage of up to {MOST_CONTEXT:,} characters."
        return _draw(request, state, pages, 422, typed, failed=text)
    except QueueFullError as error:
        response = _draw(request, state, pages, 429, typed, failed="Too many ask at once. Try again in a moment.")
        response.headers["retry-after"] = str(max(1, round(error.retry_after)))
        return response
    except (DeadlineError, ClosedError):
        return _draw(request, state, pages, 503, typed, failed="This took too long. Try a shorter passage.")
    except DrystoneError as error:
        return _draw(request, state, pages, 422, typed, failed=str(error))
    return _draw(request, state, pages, 200, typed, answer=found[0] if found else None)


def _draw(
    request: Request,
    state: ServerState,
    pages: Pages,
    status: int = 200,
    typed: Typed = _NOTHING,
    *,
    answer: Answer | None = None,
    failed: str | None = None,
) -> Response:
    values = {"models": list(state.readers), "typed": typed, "answer": answer, "failed": failed}
    return pages.draw(request, "passage.html", status, **values)
