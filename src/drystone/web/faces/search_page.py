"""The page that searches releases: a query, results with their lines, counts as links. It works without its script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Annotated, Any, Final, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, Response

from drystone.errors import UsageError
from drystone.search.limits import By
from drystone.search.occurrences.ledger import search as search_ledger
from drystone.search.occurrences.shapes import FoundOccurrence, LedgerResult
from drystone.search.plan import asks_ledger
from drystone.search.query import QueryError
from drystone.search.results.found import Found, SearchResult
from drystone.web.contracts.searching import MOST_QUERY
from drystone.web.drawing.facets import Facet, facets
from drystone.web.drawing.matches import marked
from drystone.web.drawing.pages import Drawing, link
from drystone.web.drawing.scripts import script_named, with_script
from drystone.web.guards import not_too_often
from drystone.web.searches import Opened, check_roots
from drystone.web.state import Here, ServerState

router = APIRouter(default_response_class=HTMLResponse)

#: Results on a page, lines of each with those around them, other places of the same bytes, pages.
_RESULTS: Final = 20
_LINES: Final = 5
_CONTEXT: Final = 1
_PLACES: Final = 3
_LAST: Final = 500
#: Seconds that results may take, and the counts beside them.
_SECONDS: Final = 8.0
COUNT_SECONDS: Final = 1.5


@dataclass(frozen=True)
class Result:
    """What was found and the address of the page that shows it."""

    found: Found | FoundOccurrence
    address: str | None
    lines: list[tuple[int, Any, bool]] = field(default_factory=list)


@dataclass
class FoundPage:
    """All that a page of results says."""

    results: list[Result] = field(default_factory=list)
    answer: SearchResult | LedgerResult | None = None
    total: int = 0
    exact: bool = False
    facets: list[Facet] = field(default_factory=list)
    counted_all: bool = True
    next: bool = False


@router.get("/search")
def search(
    request: Request,
    state: Here,
    pages: Drawing,
    q: str = "",
    release: Annotated[list[str] | None, Query(max_length=100)] = None,
    root: Annotated[list[str] | None, Query(max_length=100)] = None,
    page: Annotated[int, Query(ge=1, le=_LAST)] = 1,
) -> Response:
    """Search the releases that are served."""
    chosen = [name for name in release or [] if name]
    opened = state.searches.open(chosen)
    check_roots(opened, root or [])
    shown, status = FoundPage(), 200
    failed: UsageError | None = None
    q = q.strip()
    if q:
        not_too_often(request, state.limits.lookups)
        try:
            shown = _found(state, opened, q, chosen, page)
        except QueryError as error:
            failed, status = error, 422
        except HTTPException as error:
            if error.status_code != 429:
                raise
            failed, status = UsageError("Too many search at once. Try again in a moment."), 429
        except UsageError as error:
            failed, status = error, 422
    response = pages.draw(
        request, "search.html", status, q=q, chosen=chosen, served=list(state.releases), opened=opened, shown=shown,
        failed=failed, page=page, first=(page - 1) * _RESULTS + 1, last_page=_LAST, most=MOST_QUERY,
        permalink=_address(q, chosen, page, list(opened.roots.values())),
        turn={at: _address(q, chosen, at, root or []) for at in (page - 1, page + 1)},
    )  # fmt: skip
    return with_script(response)


@router.get("/search.js", include_in_schema=False)
def script() -> Response:
    """Return the script that lets keys walk through results."""
    return script_named("search.js")


def _found(state: ServerState, opened: Opened, q: str, chosen: Sequence[str], page: int) -> FoundPage:
    """Search, and count by what results can be narrowed down by. Raises `UsageError` for a query that is none."""
    if len(q) > MOST_QUERY:
        raise UsageError(f"The query has {len(q):,} characters; the most is {MOST_QUERY:,}.")
    skip = (page - 1) * _RESULTS
    names = {view.release.root: name for name, view in opened.views.items()}
    with state.searches.seat():
        if asks_ledger(q):
            return _in_ledger(opened, q, skip)
        if len(opened.missing) == len(opened.views):
            return FoundPage()  # the page says how to make an index
        with opened.lock:
            answer = opened.searcher.search(
                q, limit=None, bound=skip + _RESULTS, skip=skip, lines=_LINES, context=_CONTEXT, places=_PLACES,
                seconds=_SECONDS,
            )  # fmt: skip
            results = [_result(found, names) for found in answer]
        with opened.lock:
            counted, counts = opened.searcher.counts(q, get_args(By), seconds=COUNT_SECONDS)
    offered = facets(q, counts, get_args(By), lambda query: _address(query, chosen))
    total, exact = (counted.files, True) if counted.exact else (max(counted.files, answer.files), answer.exact)
    more = skip + len(results) < total or not (exact or answer.reason == "time")
    return FoundPage(results, answer, total, exact, offered, counted.exact, more and bool(results))


def _in_ledger(opened: Opened, q: str, skip: int) -> FoundPage:
    names = {(view.index.release, view.index.version): name for name, view in opened.views.items()}
    with opened.lock:
        answer = search_ledger(opened.ledgers(q), q, limit=None, bound=skip + _RESULTS, seconds=_SECONDS)
        rows = list(islice(answer, skip, None))
    results = [
        Result(row, link("releases", names[row.release, row.version], "files", row.swhid) if row.swhid else None)
        for row in rows
    ]
    more = answer.reason == "limit" and bool(results)
    return FoundPage(results, answer, answer.occurrences, answer.exact, next=more)


def _result(found: Found, names: Mapping[str, str]) -> Result:
    first = next((line.number for line in found.lines if line.spans), None)
    address = link("releases", names[found.root], "files", found.swhid) + (f"#L{first}" if first else "")
    return Result(found, address, [(line.number, marked(line), bool(line.spans)) for line in found.lines])


def _address(q: str, chosen: Sequence[str], page: int = 1, roots: Sequence[str] = ()) -> str:
    pairs = [("q", q), *(("release", name) for name in chosen), *(("root", root) for root in roots)]
    pairs += [("page", str(page))] if page > 1 else []
    return "/search?" + urlencode(pairs, errors="surrogatepass")
