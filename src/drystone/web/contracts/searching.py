"""What a search over HTTP asks for and gives: files or occurrences, how many there are, where the next page begins."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from drystone.search.limits import FILES, LINES, PLACES, By
from drystone.search.results.records import FileRecord, LedgerSummaryRecord, OccurrenceRecord, SummaryRecord
from drystone.web.contracts.schemas import Strict

#: Characters of a query over HTTP, and seconds that one may take.
MOST_QUERY: Final = 10_000
MOST_SECONDS: Final = 20.0
_SECONDS: Final = 5.0
#: Results on a page, lines of each and lines around them, other places of the same bytes.
MOST_RESULTS: Final = 100
MOST_LINES: Final = 100
_MOST_BESIDE: Final = 20


class SearchRequest(Strict):
    """A search: `q` is a query as docs/search.md describes it; `release` names releases (none: all).

    `root` are root hashes that releases must still have; `by` asks for counts, too; `cursor` is `next` of the page
    before. Over one page `limit` results come, in a stream all.
    """

    q: Annotated[str, Field(min_length=1, max_length=MOST_QUERY)]
    release: Annotated[list[Annotated[str, Field(max_length=300)]], Field(max_length=100, default_factory=list)]
    root: Annotated[
        list[Annotated[str, Field(pattern="^[0-9a-f]{16,64}$")]], Field(max_length=100, default_factory=list)
    ]
    by: Annotated[list[By], Field(max_length=4, default_factory=list)]
    limit: Annotated[int, Field(ge=1, le=MOST_RESULTS)] = FILES
    lines: Annotated[int, Field(ge=0, le=MOST_LINES)] = LINES
    context: Annotated[int, Field(ge=0, le=_MOST_BESIDE)] = 0
    places: Annotated[int, Field(ge=0, le=_MOST_BESIDE)] = PLACES
    seconds: Annotated[float, Field(gt=0, le=MOST_SECONDS)] = _SECONDS
    cursor: Annotated[str, Field(max_length=200)] | None = None


class SearchedRelease(Strict):
    """A release that was searched: the name it is served under, its own name, version and root hash."""

    served: str
    name: str
    version: str
    root: str


class SearchPage(Strict):
    """One page of results: `next` is the cursor of the next one; `missing` says which releases could not be searched.

    `counts` has for each of `by` the files of each value. `permalink` shows the same to people while no root changes.
    """

    releases: list[SearchedRelease]
    missing: list[str]
    results: list[FileRecord | OccurrenceRecord]
    summary: SummaryRecord | LedgerSummaryRecord
    counts: dict[str, dict[str, int]]
    next: str | None
    permalink: str
