"""What a problem looks like: JSON with `error` and `detail` for programs, a page in plain words for people."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.types import Scope

from drystone.errors import DrystoneError, RegistryError, RegistryUnavailableError, ReleaseError, UsageError
from drystone.reader.batcher import ClosedError, DeadlineError, QueueFullError
from drystone.release import layout
from drystone.search.query import QueryError
from drystone.web.drawing.pages import Pages
from drystone.web.network.edge import HEADERS

#: Status for a client that has gone; nobody reads it (nginx's convention).
GONE: Final = 499
#: Addresses of programs; everything else is for people.
_FOR_PROGRAMS: Final = ("/v1/", "/v2", "/health", "/metrics", "/openapi.json")
_AWAY: Final = (
    "Requests cannot be read or recorded at the moment. What was just sent was most likely not recorded; come back "
    "in a while, look, and send it again where it is missing."
)
_DAMAGED: Final = "This release cannot be read at the moment. Whoever runs this server finds the reason in its log."
_HEADINGS: Final = {401: "A token is needed", 404: "There is no such page", 405: "That cannot be done here"}
_log = logging.getLogger("drystone.web")


class TooOftenError(Exception):
    """Somebody has done something too often; `seconds` to wait."""

    def __init__(self, seconds: float) -> None:
        self.seconds = math.ceil(seconds)


class RefusedError(Exception):
    """A form that was not sent from our page, or by somebody who may not."""

    def __init__(self, status: int, why: str) -> None:
        self.status, self.why = status, why


class AsciiJson(JSONResponse):
    """JSON in ASCII, so that lone surrogates of a context come back as the escapes they came in as."""

    def render(self, content: Any) -> bytes:
        """Return the content as ASCII JSON."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


def for_programs(scope: Scope) -> bool:
    """Return whether a program asks and not a person."""
    path: str = scope["path"]
    return path.startswith(_FOR_PROGRAMS) or (path == "/" and scope["method"] == "POST")


def refusal(pages: Pages, scope: Scope, status: int, limit: int) -> Response:
    """Return the answer to a body over the limit (413), or one that came too slowly (408); there is no session yet."""
    if for_programs(scope):
        return _json(status, f"body: over {limit} bytes" if status == 413 else "body: came too slowly")
    if status == 413:
        text = f"What was sent is larger than {layout.size_text(limit)}. Look a larger file up by its SWHID."
    else:
        text = "What was sent came too slowly. Send it again over a better connection."
    response = pages.problem(None, status, "Too large" if status == 413 else "Too slow", text)
    response.headers.update(HEADERS)
    return response


def answer_problems(app: FastAPI, pages: Pages) -> None:
    """Answer every problem of the application."""
    kinds: tuple[type[Exception], ...] = (
        TooOftenError,
        RefusedError,
        HTTPException,  # the framework's own errors derive from this one too
        RequestValidationError,
        ValidationError,
        DrystoneError,
    )

    async def handle(request: Request, error: Exception) -> Response:
        return _for_program(error) if for_programs(request.scope) else _for_person(pages, request, error)

    for kind in kinds:
        app.add_exception_handler(kind, handle)

    async def unexpected(_: Request, __: Exception) -> Response:
        return PlainTextResponse("Something went wrong here.\n", 500, HEADERS)

    app.add_exception_handler(Exception, unexpected)


def _json(
    code: int, error: str, detail: list[dict[str, str | int]] | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    return AsciiJson({"error": error, "detail": detail or []}, code, headers)


def told(error: Exception) -> tuple[int, dict[str, Any], Mapping[str, str]]:
    """Return what a program is told of a problem: status, body, headers."""
    response = _for_program(error)
    return response.status_code, json.loads(bytes(response.body)), response.headers


def _for_program(error: Exception) -> Response:
    match error:
        case QueryError():
            first = str(error).partition("\n")[0]
            return _json(422, first, [{"field": "q", "message": error.expected, "column": error.column}])
        case RequestValidationError() | ValidationError():
            # The input is left out: it may hold NaN, or be the whole context.
            detail: list[dict[str, str | int]] = [
                {
                    "field": ".".join(str(part) for part in e["loc"] if part not in ("body", "query")),
                    "message": e["msg"],
                }
                for e in error.errors()
            ]
            malformed = any(e["type"] == "json_invalid" for e in error.errors())
            first = f"{detail[0]['field'] or 'body'}: {detail[0]['message']}" if detail else "the request is wrong"
            return _json(400 if malformed else 422, first, detail)
        case UsageError():
            name, _, message = str(error).partition(": ")
            return _json(422, str(error), [{"field": name, "message": message}])
        case QueueFullError():
            return _json(429, str(error), headers={"Retry-After": str(max(1, round(error.retry_after)))})
        case DeadlineError():
            return _json(504, str(error))
        case ClosedError():
            return _json(503, str(error), headers={"Retry-After": "5"})
        case HTTPException():
            return _json(error.status_code, str(error.detail), headers=error.headers)
        case TooOftenError():
            return _json(429, "too often", headers={"Retry-After": str(error.seconds)})
        case ReleaseError():
            # Where the release lies is nobody's business here.
            _log.error("%s", error)
            return _json(500, _DAMAGED)
    return _json(500, str(error))


def _for_person(pages: Pages, request: Request, error: Exception) -> Response:
    match error:
        case TooOftenError():
            text = f"That was too often. Try again in {error.seconds} seconds."
            return _page(pages, request, 429, "Too often", text, {"retry-after": str(error.seconds)})
        case RefusedError():
            return pages.problem(request, error.status, "Not accepted", error.why)
        case HTTPException(status_code=401):
            return pages.token_form(request, 401)
        case HTTPException():
            heading = _HEADINGS.get(error.status_code, "Not accepted")
            said = error.detail if error.status_code == 404 and error.detail != "Not Found" else None
            heading = "Not found" if said else heading
            return _page(pages, request, error.status_code, heading, said, error.headers)
        case RequestValidationError() | ValidationError():
            fields = ", ".join(sorted({str(each["loc"][-1]) for each in error.errors() if each["loc"]}))
            text = f"Something is missing or cannot be understood: {fields}."
            return pages.problem(request, 422, "Not understood", text)
        case RegistryUnavailableError():
            # Where the database lies is nobody's business here.
            _log.error("%s", error)
            return _page(pages, request, 503, "Not available now", _AWAY, {"retry-after": "30"})
        case ReleaseError():
            _log.error("%s", error)
            return pages.problem(request, 500, "Not available now", _DAMAGED)
    status = 422 if isinstance(error, UsageError) else 409 if isinstance(error, RegistryError) else 500
    return pages.problem(request, status, "That did not work", str(error))


def _page(
    pages: Pages, request: Request, status: int, heading: str, text: str | None, headers: Mapping[str, str] | None
) -> Response:
    response = pages.problem(request, status, heading, text)
    response.headers.update(headers or {})
    return response
