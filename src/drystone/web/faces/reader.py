"""Questions to readers, by programs: the Hugging Face task, our own API, the Open Inference Protocol."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Request, Response

from drystone.reader.batcher import Batcher, DeadlineError
from drystone.reader.options import Options
from drystone.reader.spans.decode import Answer
from drystone.web.contracts.protocol import binary_outputs, infer, model_metadata, packed, server_metadata
from drystone.web.contracts.schemas import (
    AnswerRequest,
    AnswerResponse,
    AnswerSpan,
    ErrorBody,
    InferRequest,
    Parameters,
    QuestionContext,
    TaskAnswer,
    TaskRequest,
)
from drystone.web.problems import GONE, AsciiJson
from drystone.web.state import Here, ServerState

router = APIRouter(
    default_response_class=AsciiJson,
    responses={
        code: {"model": ErrorBody, "description": text}
        for code, text in (
            (400, "The body is not JSON"), (401, "No bearer token"), (404, "No such model"),
            (413, "The body is too large"),
            (422, "A field is wrong"), (429, "The queue is full"), (503, "Shutting down"), (504, "Past the deadline"),
        )
    },
    strict_content_type=False,  # clients of the Open Inference Protocol send none
)  # fmt: skip

ModelName = Annotated[str, Path(max_length=200)]


def default_model(state: ServerState) -> str:
    """Return the name of the model that answers where none is named."""
    return next(iter(state.readers))


def batcher(state: ServerState, name: str | None) -> Batcher:
    """Return the queue of a model. Raises 404 where it is not served."""
    found = state.readers.get(name or default_model(state))
    if found is None:
        raise HTTPException(404, f"model: {name!r} is not served here; served are {', '.join(state.readers)}")
    return found


async def ask(
    request: Request, state: ServerState, name: str | None, asked: list[QuestionContext], options: Options
) -> list[list[Answer]]:
    """Return answers for each question; what is no longer waited for is dropped.

    Raises what `Batcher.submit` does.
    """
    chosen = batcher(state, name)
    texts = [(each.question, each.context) for each in asked]
    begin = time.monotonic()
    future = await asyncio.to_thread(chosen.submit, texts, options, state.timeout)
    answer = asyncio.wrap_future(future)
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        watched: set[asyncio.Future[Any]] = {answer, gone}
        await asyncio.wait(watched, timeout=state.timeout, return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            state.metrics.latency(name or default_model(state), time.monotonic() - begin, len(asked))
            return answer.result()
        if gone.done():
            raise HTTPException(GONE, "the client has gone")
        raise DeadlineError(f"not answered within {state.timeout:g} s; the work was dropped.")
    finally:
        future.cancel()
        gone.cancel()


@router.post("/", response_model=TaskAnswer | list[TaskAnswer] | list[list[TaskAnswer]], tags=["task"])
async def task(request: Request, state: Here, body: TaskRequest) -> Any:
    """Answer as the Hugging Face question-answering task does: one answer, or a list where top_k is above 1."""
    single = len(body.inputs) == 1 and not await _is_list(request)
    given = {k: v for k, v in (body.parameters.model_dump() if body.parameters else {}).items() if v is not None}
    options = Options(**given)
    answers = [[_task(a) for a in found] for found in await ask(request, state, None, body.inputs, options)]
    if options.top_k == 1:
        one = [
            found[0] if found else TaskAnswer(answer="", score=0.0, start=0, end=0).model_dump() for found in answers
        ]
        return AsciiJson(one[0] if single else one)
    return AsciiJson(answers[0] if single else answers)


@router.post("/v1/answer", response_model=AnswerResponse, tags=["answer"])
async def answer(request: Request, state: Here, body: AnswerRequest) -> Any:
    """Answer one question or a batch, with null scores and logits."""
    answers = await ask(request, state, body.model, body.inputs, Options(**body.parameters.model_dump()))
    return AsciiJson(
        {
            "model": body.model or default_model(state),
            "answers": [[AnswerSpan(**a.as_dict()).model_dump() for a in found] for found in answers],
        }
    )


@router.get("/v2", tags=["open inference"])
async def server() -> Any:
    """Describe the server."""
    return AsciiJson(server_metadata())


@router.get("/v2/models/{name}", tags=["open inference"])
@router.get("/v2/models/{name}/versions/1", tags=["open inference"])
async def model(state: Here, name: ModelName) -> Any:
    """Describe a model's tensors."""
    return AsciiJson(model_metadata(name, batcher(state, name).reader))


@router.post("/v2/models/{name}/infer", tags=["open inference"])
@router.post("/v2/models/{name}/versions/1/infer", tags=["open inference"])
async def model_infer(request: Request, state: Here, name: ModelName, body: InferRequest) -> Any:
    """Answer by the Open Inference Protocol: `question` and `context` in, `answer`, `score`, `start`, `end` out."""
    batcher(state, name)

    async def answer_all(asked: list[QuestionContext], parameters: Parameters) -> list[list[Answer]]:
        return await ask(request, state, name, asked, Options(**parameters.model_dump()))

    found = await infer(name, body, answer_all)
    wanted = binary_outputs(body)
    if not wanted:
        return AsciiJson(found)
    head, rest = packed(found, wanted)
    headers = {"inference-header-content-length": str(len(head))}
    return Response(head + rest, media_type="application/octet-stream", headers=headers)


health = APIRouter(
    default_response_class=AsciiJson,
    responses={
        404: {"model": ErrorBody, "description": "No such model"},
        422: {"model": ErrorBody, "description": "A field is wrong"},
    },
)


@health.get("/v2/models/{name}/ready", tags=["open inference"])
@health.get("/v2/models/{name}/versions/1/ready", tags=["open inference"])
async def model_ready(state: Here, name: ModelName) -> Any:
    """Say that a model is loaded."""
    batcher(state, name)
    return AsciiJson({"name": name, "ready": True})


async def _is_list(request: Request) -> bool:
    """Whether the inputs came as lists, whose answers are a list, too."""
    sent = await request.json()  # read before, and kept
    inputs = sent.get("inputs", sent)
    return isinstance(inputs, list) or any(isinstance(inputs.get(name), list) for name in ("question", "context"))


def _task(found: Answer) -> dict[str, str | float | int]:
    return {"answer": found.text, "score": found.score, "start": found.start, "end": found.end}


async def _disconnected(request: Request) -> None:
    """Return once the client has gone; the body has been read, so that nothing else can arrive."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
