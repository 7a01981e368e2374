"""The ASGI application: routes over batchers, errors as JSON, metrics. The queueing is `reader.batcher`'s business."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Annotated, Any

from pydantic import ValidationError

from drystone.errors import DrystoneError, MissingExtraError, UsageError
from drystone.reader.engines.batcher import Batcher, ClosedError, DeadlineError, QueueFullError
from drystone.reader.reader import Options
from drystone.reader.spans.decode import Answer
from drystone.web.metrics import Metrics
from drystone.web.protocol import infer, model_metadata, server_metadata
from drystone.web.schemas import (
    AnswerRequest,
    AnswerResponse,
    InferRequest,
    Pair,
    Parameters,
    Problem,
    Span,
    TaskAnswer,
    TaskRequest,
)

try:
    from fastapi import Depends, FastAPI, HTTPException, Path, Request, Response
    from fastapi.exceptions import RequestValidationError
    from fastapi.responses import JSONResponse
    from starlette.exceptions import HTTPException as HttpError

    from drystone.web.edge import Edge
except ImportError:
    raise MissingExtraError("FastAPI", "server") from None

Name = Annotated[str, Path(max_length=200)]

#: Status for a client that has gone; nobody reads it (nginx's convention).
_GONE = 499


class Json(JSONResponse):
    """JSON in ASCII, so that lone surrogates of a context come back as the escapes they came in as."""

    def render(self, content: Any) -> bytes:
        """Return the content as ASCII JSON."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


def _too_large(limit: int) -> Response:
    return Json({"error": f"body: over {limit} bytes", "detail": []}, 413)


def create_app(
    batchers: Mapping[str, Batcher],
    *,
    tokens: frozenset[str] = frozenset(),
    timeout: float = 30.0,
    max_body: int = 8 * 2**20,
) -> FastAPI:
    """Return the application over named batchers; the first is the default model.

    `tokens`: bearer tokens, one of which every request but health and metrics must bring (none: open). `timeout`:
    seconds until a request is dropped with 504. `max_body`: bytes. The batchers are drained when the server stops.
    """
    default = next(iter(batchers))
    metrics = Metrics(batchers)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        for batcher in batchers.values():
            await asyncio.to_thread(batcher.close)

    async def authorize(request: Request) -> None:
        if not tokens:
            return
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        known = [hmac.compare_digest(given.encode(), token.encode()) for token in tokens]
        if kind.lower() != "bearer" or not any(known):
            raise HTTPException(401, "authorization: a bearer token is needed", {"WWW-Authenticate": "Bearer"})

    problems: dict[int | str, dict[str, Any]] = {
        code: {"model": Problem, "description": text}
        for code, text in (
            (400, "The body is not JSON"), (401, "No bearer token"), (404, "No such model"),
            (413, "The body is too large"),
            (422, "A field is wrong"), (429, "The queue is full"), (503, "Shutting down"), (504, "Past the deadline"),
        )
    }  # fmt: skip
    app = FastAPI(
        title="Drystone reader",
        description="Extractive question answering: every answer is a verbatim span of the context.",
        version="1",
        strict_content_type=False,  # clients of the Open Inference Protocol send none
        default_response_class=Json,
        lifespan=lifespan,
        responses=problems,
        redoc_url=None,
    )
    guarded = [Depends(authorize)]
    _errors(app)

    def batcher(name: str | None) -> Batcher:
        found = batchers.get(name or default)
        if found is None:
            raise HTTPException(404, f"model: {name!r} is not served here; served are {', '.join(batchers)}")
        return found

    async def ask(request: Request, name: str | None, pairs: list[Pair], options: Options) -> list[list[Answer]]:
        chosen = batcher(name)
        texts = [(pair.question, pair.context) for pair in pairs]
        begin = time.monotonic()
        future = await asyncio.to_thread(chosen.submit, texts, options, timeout)
        answer = asyncio.wrap_future(future)
        gone = asyncio.ensure_future(_disconnected(request))
        try:
            watched: set[asyncio.Future[Any]] = {answer, gone}
            await asyncio.wait(watched, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                metrics.latency(name or default, time.monotonic() - begin, len(pairs))
                return answer.result()
            if gone.done():
                raise HTTPException(_GONE, "the client has gone")
            raise DeadlineError(f"not answered within {timeout:g} s; the work was dropped.")
        finally:
            future.cancel()
            gone.cancel()

    @app.post(
        "/", response_model=TaskAnswer | list[TaskAnswer] | list[list[TaskAnswer]], dependencies=guarded, tags=["task"]
    )
    async def task(request: Request, body: TaskRequest) -> Any:
        """Answer as the Hugging Face question-answering task does: one answer, or a list where top_k is above 1."""
        single = isinstance(body.inputs, Pair)
        pairs = [body.inputs] if isinstance(body.inputs, Pair) else body.inputs
        given = {k: v for k, v in (body.parameters.model_dump() if body.parameters else {}).items() if v is not None}
        options = Options(**given)
        found = [[_task(a) for a in answers] for answers in await ask(request, None, pairs, options)]
        if options.top_k == 1:
            one = [answers[0] if answers else {"answer": "", "score": 0.0, "start": 0, "end": 0} for answers in found]
            return Json(one[0] if single else one)
        return Json(found[0] if single else found)

    @app.post("/v1/answer", response_model=AnswerResponse, dependencies=guarded, tags=["answer"])
    async def answer(request: Request, body: AnswerRequest) -> Any:
        """Answer one pair or a batch, with null scores and logits."""
        pairs = [body.inputs] if isinstance(body.inputs, Pair) else body.inputs
        found = await ask(request, body.model, pairs, Options(**body.parameters.model_dump()))
        return Json(
            {
                "model": body.model or default,
                "answers": [[Span(**a.as_dict()).model_dump() for a in answers] for answers in found],
            }
        )

    @app.get("/v2/health/live", tags=["open inference"], responses={200: {"description": "The server runs"}})
    @app.get("/health", tags=["open inference"])
    async def live() -> Any:
        """Say that the server runs."""
        return Json({"live": True})

    @app.get("/v2/health/ready", tags=["open inference"])
    async def ready() -> Any:
        """Say that models are loaded and requests are taken."""
        return Json({"ready": True})

    @app.get("/v2", tags=["open inference"], dependencies=guarded)
    async def server() -> Any:
        """Describe the server."""
        return Json(server_metadata())

    @app.get("/v2/models/{name}", tags=["open inference"], dependencies=guarded)
    @app.get("/v2/models/{name}/versions/1", tags=["open inference"], dependencies=guarded)
    async def model(name: Name) -> Any:
        """Describe a model's tensors."""
        return Json(model_metadata(name, batcher(name).reader))

    @app.get("/v2/models/{name}/ready", tags=["open inference"])
    @app.get("/v2/models/{name}/versions/1/ready", tags=["open inference"])
    async def model_ready(name: Name) -> Any:
        """Say that a model is loaded."""
        batcher(name)
        return Json({"name": name, "ready": True})

    @app.post("/v2/models/{name}/infer", tags=["open inference"], dependencies=guarded)
    @app.post("/v2/models/{name}/versions/1/infer", tags=["open inference"], dependencies=guarded)
    async def model_infer(request: Request, name: Name, body: InferRequest) -> Any:
        """Answer by the Open Inference Protocol: `question` and `context` in, `answer`, `score`, `start`, `end` out."""
        batcher(name)

        async def answer_all(pairs: list[Pair], parameters: Parameters) -> list[list[Answer]]:
            return await ask(request, name, pairs, Options(**parameters.model_dump()))

        return Json(await infer(name, body, answer_all))

    @app.get("/metrics", tags=["operation"], response_class=Response)
    async def prometheus() -> Response:
        """Return counters for Prometheus."""
        return Response(metrics.text(), media_type=metrics.content_type)

    page = files("drystone.web").joinpath("page.html").read_text(encoding="utf-8")

    @app.get("/", include_in_schema=False)
    async def home() -> Response:
        return Response(page, media_type="text/html")

    app.add_middleware(Edge, limit=max_body, refusal=_too_large, count=metrics.request)
    return app


def _task(answer: Answer) -> dict[str, Any]:
    return {"answer": answer.text, "score": answer.score, "start": answer.start, "end": answer.end}


async def _disconnected(request: Request) -> None:
    """Return once the client has gone; the body has been read, so that nothing else can arrive."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _errors(app: FastAPI) -> None:
    """Give every error the same JSON shape."""

    def problem(code: int, error: str, detail: list[dict[str, Any]] | None = None, headers: Any = None) -> Json:
        return Json({"error": error, "detail": detail or []}, code, headers)

    @app.exception_handler(RequestValidationError)
    @app.exception_handler(ValidationError)
    async def invalid(_: Request, error: RequestValidationError | ValidationError) -> Response:
        # The input is left out: it may hold NaN, or be the whole context.
        detail = [
            {"field": ".".join(str(part) for part in e["loc"] if part != "body"), "message": e["msg"]}
            for e in error.errors()
        ]
        malformed = any(e["type"] == "json_invalid" for e in error.errors())
        first = f"{detail[0]['field'] or 'body'}: {detail[0]['message']}" if detail else "the request is wrong"
        return problem(400 if malformed else 422, first, detail)

    @app.exception_handler(UsageError)
    async def wrong(_: Request, error: UsageError) -> Response:
        name, _colon, message = str(error).partition(": ")
        return problem(422, str(error), [{"field": name, "message": message}])

    @app.exception_handler(QueueFullError)
    async def full(_: Request, error: QueueFullError) -> Response:
        return problem(429, str(error), headers={"Retry-After": str(max(1, round(error.retry_after)))})

    @app.exception_handler(DeadlineError)
    async def late(_: Request, error: DeadlineError) -> Response:
        return problem(504, str(error))

    @app.exception_handler(ClosedError)
    async def closed(_: Request, error: ClosedError) -> Response:
        return problem(503, str(error), headers={"Retry-After": "5"})

    @app.exception_handler(DrystoneError)
    async def failed(_: Request, error: DrystoneError) -> Response:
        return problem(500, str(error))

    @app.exception_handler(HttpError)  # the framework's own errors derive from this one too
    async def http(_: Request, error: HttpError) -> Response:
        return problem(error.status_code, str(error.detail), headers=error.headers)
