"""The catalog over HTTP: pages of artifacts and comparisons for people, passports and comparisons for programs.

Every value that a page shows has beside it the words that it rests on, behind one click that needs no script.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from drystone.catalog.comparing.compare import MOST, compare_passports
from drystone.catalog.comparing.shapes import Comparison
from drystone.catalog.passports.passport import Passport
from drystone.catalog.passports.texts import find_quotes
from drystone.catalog.passports.vocabulary import fact_kind
from drystone.catalog.shelf.shelf import Shelf
from drystone.errors import UsageError
from drystone.web.drawing.pages import Drawing
from drystone.web.state import Here, ServerState

router = APIRouter(default_response_class=HTMLResponse)
programs = APIRouter(prefix="/v1", tags=["catalog"])

Names = Annotated[list[str] | None, Query(max_length=MOST)]


@router.get("/catalog")
def listed(request: Request, state: Here, pages: Drawing) -> Response:
    """List the artifacts of the catalog."""
    return pages.draw(request, "catalog.html", passports=list(shelf_of(state).passports()))


@router.get("/catalog/{name}")
def shown(request: Request, state: Here, pages: Drawing, name: str) -> Response:
    """Show what is known of an artifact, and where it was read."""
    shelf = shelf_of(state)
    passport = passport_of(shelf, name)
    states = {(one.reference.sha256, one.reference.quote): one.state for one in quotes_of(shelf, passport)}
    return pages.draw(
        request, "artifact.html", passport=passport, states=states, kind=fact_kind,
        others=[one.artifact for one in shelf.passports() if one.artifact.name != passport.artifact.name],
    )  # fmt: skip


@router.get("/compare")
def compared(request: Request, state: Here, pages: Drawing, artifact: Names = None) -> Response:
    """Compare artifacts."""
    chosen = [name for name in artifact or [] if name]
    found: Comparison | None = None
    failed: UsageError | None = None
    try:
        found = _compare(shelf_of(state), chosen)
    except UsageError as error:
        failed = error
    return pages.draw(request, "compare.html", 422 if failed else 200, found=found, failed=failed)


@programs.get("/catalog")
def names(state: Here) -> list[dict[str, Any]]:
    """Return the identities of all artifacts."""
    return [passport.artifact.model_dump(mode="json") for passport in shelf_of(state).passports()]


@programs.get("/catalog/{name}")
def passport(state: Here, name: str) -> dict[str, Any]:
    """Return the passport of an artifact."""
    return passport_of(shelf_of(state), name).model_dump(mode="json")


@programs.get("/compare")
def comparison(state: Here, artifact: Names = None) -> dict[str, Any]:
    """Compare two or more artifacts: jobs, facts with their evidence, verdicts."""
    found = _compare(shelf_of(state), artifact or [])
    plain = asdict(found, dict_factory=_plain)
    return {**plain, "artifacts": [one.model_dump(mode="json") for one in found.artifacts]}


def _plain(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: _dumped(value) for key, value in pairs}


def _dumped(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_dumped(one) for one in value]
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value


def _compare(shelf: Shelf, chosen: list[str]) -> Comparison:
    """Compare artifacts of the catalog by their names; no path of the server's is looked at."""
    return compare_passports([shelf.get(name) for name in chosen])


def passport_of(shelf: Shelf, name: str) -> Passport:
    """Return the passport of an artifact by its name. Raises 404."""
    try:
        return shelf.get(name)
    except UsageError as error:
        raise HTTPException(404, str(error)) from None


def quotes_of(shelf: Shelf, passport: Passport) -> Any:
    """Return the quotes of a passport, each found again in its text or not."""
    return find_quotes(passport, shelf.texts(passport))


def shelf_of(state: ServerState) -> Shelf:
    """Return the catalog that is served; pages about it are only where there is one."""
    assert state.catalog is not None
    return state.catalog
