"""The API's own description: OpenAPI, and a page drawn from it that loads nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import Response

from drystone.web.drawing.pages import Drawing
from drystone.web.problems import AsciiJson

description = APIRouter(include_in_schema=False)
router = APIRouter(include_in_schema=False)


class Operation(NamedTuple):
    """One thing that can be asked for: method and address, what it does, the schema of its body, its statuses."""

    method: str
    path: str
    text: str
    body: str | None
    statuses: list[tuple[str, str]]


class Field(NamedTuple):
    """One field of a schema."""

    name: str
    kind: str
    needed: bool


@description.get("/openapi.json")
async def openapi(request: Request) -> Response:
    """Return the API's description."""
    return AsciiJson(request.app.openapi())


@router.get("/docs")
async def docs(request: Request, pages: Drawing) -> Response:
    """Show the API's description to people."""
    found = request.app.openapi()
    described = sorted(found.get("components", {}).get("schemas", {}).items())
    # FastAPI names what a form holds after the page that it is sent to.
    schemas = {name: list(_fields(each)) for name, each in described if not name.startswith("Body_")}
    return pages.draw(request, "api.html", groups=_operations(found), schemas=schemas)


def _operations(found: Any) -> dict[str, list[Operation]]:
    groups: dict[str, list[Operation]] = {}
    for path, methods in found["paths"].items():
        for method, each in methods.items():
            if not each.get("tags"):  # a page, for people
                continue
            content = each.get("requestBody", {}).get("content", {})
            body = next((_kind(kind["schema"]) for kind in content.values()), None)
            statuses = [(code, answer["description"]) for code, answer in sorted(each["responses"].items())]
            operation = Operation(method.upper(), path, each.get("description", ""), body, statuses)
            groups.setdefault(each["tags"][0], []).append(operation)
    return groups


def _fields(schema: Any) -> Iterator[Field]:
    for name, each in schema.get("properties", {}).items():
        yield Field(name, _kind(each), name in schema.get("required", ()))


def _kind(schema: Any) -> str:
    """Return a schema in few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(_kind(each) for each in schema[several]))
    if "const" in schema or "enum" in schema:
        return " or ".join(repr(value) for value in schema.get("enum", [schema.get("const")]))
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return "nothing" if kind == "null" else str(kind)
