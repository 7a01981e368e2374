"""Pages of a release: its home, its repositories, their files, a file's text and why it is in or out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from drystone.errors import UsageError
from drystone.identity.swhid import Swhid
from drystone.identity.swhid import parse as parse_swhid
from drystone.release import layout
from drystone.release.columns import LedgerRow, RepositoryRow
from drystone.release.identifiers import repository_swhid
from drystone.release.inspection import lookup
from drystone.release.inspection.browse import View
from drystone.release.inspection.why import explain
from drystone.web.drawing.pages import LAST_PAGE, PAGE_ROWS, Drawing, Pages, link
from drystone.web.faces.lookup import PageNumber
from drystone.web.state import Here, ServerState

router = APIRouter(default_response_class=HTMLResponse, prefix="/releases")

#: Lines of a text on one page.
LINES: Final = 2000
#: Other places of the same bytes that a file's page shows.
_COPIES: Final = 10
#: Places of the same bytes among which the one that a SWHID names is looked for.
_MOST_COPIES: Final = 10_000
_DECISIONS: Final = ("kept", "dropped")


@dataclass(frozen=True)
class Shown:
    """The release that an address names."""

    name: str
    view: View


def _shown(state: Here, name: Annotated[str, Path(max_length=300)]) -> Shown:
    watched = state.releases.get(name)
    if watched is None:
        raise HTTPException(404, f"No release is served here under the name {layout.shown(name)}.")
    return Shown(name, watched.view())


OfRelease = Annotated[Shown, Depends(_shown)]
RepositoryId = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]


@router.get("")
def releases(request: Request, state: Here, pages: Drawing) -> Response:
    """List the releases that are served."""
    views = {name: watched.view() for name, watched in state.releases.items()}
    return pages.draw(request, "releases.html", views=views)


@router.get("/{name}")
def home(request: Request, state: Here, pages: Drawing, release: OfRelease) -> Response:
    """Show what a release holds and where that comes from."""
    facts = release.view.release.manifest.facts
    views = {name: watched.view() for name, watched in state.releases.items()}
    served = {
        view.release.manifest.facts.version: name
        for name, view in views.items()
        if view.release.manifest.facts.name == facts.name
    }
    return pages.draw(
        request,
        "release.html",
        release=release,
        facts=facts,
        counts=release.view.counts,
        served=served,
        served_views=views,
        citation=_document(release.view, "CITATION.cff"),
    )


@router.get("/{name}/repositories")
def repositories(request: Request, pages: Drawing, release: OfRelease, page: PageNumber = 1) -> Response:
    """List the repositories that were read."""
    index = release.view.index
    last = max(1, -(-len(index) // PAGE_ROWS))
    if page > last:
        raise HTTPException(404, f"The list ends with page {last}.")
    rows = index.repositories((page - 1) * PAGE_ROWS, PAGE_ROWS)
    return pages.draw(request, "repositories.html", release=release, rows=rows, total=len(index), page=page, last=last)


@router.get("/{name}/repositories/{id}")
def repository(
    request: Request,
    pages: Drawing,
    release: OfRelease,
    id: RepositoryId,
    page: PageNumber = 1,
    language: str | None = None,
    decision: str | None = None,
) -> Response:
    """Show a repository with its files."""
    row = _repository(release, id)
    # A field that was left empty chooses nothing; "-" stands for files whose language is not known.
    of_language = {None: None, "": None, "-": ""}.get(language, language)
    decided = decision if decision in _DECISIONS else None
    files = release.view.files(id, (page - 1) * PAGE_ROWS, PAGE_ROWS, language=of_language, decision=decided)
    last = max(1, -(-files.total // PAGE_ROWS))
    if page > last:
        raise HTTPException(404, f"The list ends with page {last}.")
    return pages.draw(
        request,
        "repository.html",
        release=release,
        repository=row,
        swhid=repository_swhid(row),
        files=files,
        page=page,
        last=last,
        language=language or None,
        decision=decided,
        removal=_removal({"kind": "repository", "subject": row["origin"]}),
    )


@router.get("/{name}/repositories/{id}/file")
def file(
    request: Request,
    state: Here,
    pages: Drawing,
    release: OfRelease,
    id: RepositoryId,
    path: str,
    entry: Annotated[int, Query(ge=0, lt=2**31)] = 0,
    start: Annotated[int, Query(ge=1, le=LAST_PAGE * LINES)] = 1,
) -> Response:
    """Show a file: its released text, and why it is in or out."""
    row = release.view.occurrence(id, path, entry)
    if row is None:
        raise HTTPException(404, f"This repository has no file {layout.shown(path)} in this release.")
    return _file(request, state, pages, release, row, start)


@router.get("/{name}/files/{swhid:path}")
def file_by_swhid(
    request: Request,
    state: Here,
    pages: Drawing,
    release: OfRelease,
    swhid: Annotated[str, Path(max_length=8192)],
    start: Annotated[int | None, Query(ge=1, le=LAST_PAGE * LINES)] = None,
) -> Response:
    """Show the file with these bytes: the one at the SWHID's origin and path, else the kept one, else the first seen.

    Lines that the SWHID names are marked, and the page begins so that they are on it.
    """
    try:
        query = lookup.parse(swhid)
    except UsageError as error:
        raise HTTPException(404, str(error)) from None
    if query.kind != "content":
        raise HTTPException(404, "A file is named by swh:1:cnt: and 40 hexadecimal digits.")
    named = _named_lines(swhid)
    if start is None:
        start = 1 if named.lines is None else (named.lines[0] - 1) // LINES * LINES + 1
    for place in _best_first(release.view.index.find(query, _MOST_COPIES).places, named):
        row = release.view.occurrence(place.repository_id, place.path or "")
        if row is not None:
            return _file(request, state, pages, release, row, start, named.lines)
    raise HTTPException(404, f"{layout.shown(swhid)} is not in this release.")


def _named_lines(swhid: str) -> Swhid:
    """Return the identifier with its qualifiers. Raises 404 where these are none."""
    try:
        return parse_swhid(swhid)
    except UsageError as error:
        raise HTTPException(404, str(error)) from None


def _best_first(places: Sequence[lookup.Held], named: Swhid) -> list[lookup.Held]:
    """Return places with the one first that an identifier names by origin and path."""
    path = None if named.path is None else named.path.decode("utf-8", "replace")
    return sorted(places, key=lambda place: (place.origin, place.path) != (named.origin, path))


def _file(
    request: Request,
    state: ServerState,
    pages: Pages,
    release: Shown,
    row: LedgerRow,
    start: int,
    marked: tuple[int, int] | None = None,
) -> Response:
    view = release.view
    why = explain(view.release, row)
    text = view.text(row["swhid"], row["shard"]) if row["swhid"] and row["decision"] == "kept" else None
    lines, total = state.highlighter.lines(text or "", row["language"], row["path"], start, LINES)
    if start > max(1, total) or (marked is not None and marked[0] > max(1, total)):
        raise HTTPException(404, f"This file ends with line {total:,}.")
    copies = None
    if row["swhid"] and row["kind"] == "file":
        copies = view.index.find(lookup.parse(row["swhid"]), _COPIES + 1)
    subject = {"kind": "path", "subject": row["origin"], "prefix": row["path"].lstrip("/")}
    return pages.draw(
        request,
        "file.html",
        release=release,
        row=row,
        why=why,
        evidence=_evidence(why.evidence),
        held=text is not None,
        lines=lines,
        total=total,
        marked=marked or (0, 0),
        start=start,
        step=LINES,
        copies=copies,
        address=link("releases", release.name, "repositories", row["repository_id"], "file"),
        removal=_removal(subject),
    )


def _repository(release: Shown, id_: str) -> RepositoryRow:
    row = release.view.release.repository(id_)
    if row is None:
        raise HTTPException(404, "This repository is not in this release.")
    return row


def _document(view: View, name: str) -> str | None:
    """Return the text of a document of the release; None where it has none."""
    try:
        return (view.release.path / name).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _evidence(found: Any) -> list[tuple[str, list[str]]]:
    """Return what a decision rests on: names, and for each the texts of what was found."""
    if not isinstance(found, Mapping):
        return [] if found is None else [("evidence", [str(found)])]
    return [
        (str(name).replace("_", " "), [_plain(each) for each in (value if isinstance(value, list) else [value])])
        for name, value in found.items()
        if value not in (None, [], {})
    ]


def _plain(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.4g}"
        case int():
            return f"{value:,}"
        case list():
            return ", ".join(map(_plain, value))
        case dict():
            # A path says more to people than the hash of what lies there.
            hidden = {"swhid"} if "path" in value else set()
            told = {name: each for name, each in value.items() if each is not None and name not in hidden}
            return ", ".join(_named(name, each) for name, each in told.items())
    return str(value)


def _named(name: str, value: Any) -> str:
    match name, value:
        case (("expression" | "path"), str()):
            return value.lstrip("/")
        case "lines", [first, last]:
            return f"line {first:,}" if first == last else f"lines {first:,}–{last:,}"
    return f"{name.replace('_', ' ')} {_plain(value)}"


def _removal(subject: Mapping[str, str]) -> str:
    return "/request?" + urlencode(subject, errors="surrogatepass")
