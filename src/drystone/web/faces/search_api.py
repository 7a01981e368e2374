"""Searches by programs: a page of results with a cursor, or all of them as server-sent events."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterator
from itertools import islice
from typing import Annotated

import orjson
from fastapi import APIRouter, Header, HTTPException, Query
from fastapi.responses import Response

from drystone.errors import DrystoneError, UsageError
from drystone.search.occurrences.ledger import search as search_ledger
from drystone.search.plan import asks_ledger
from drystone.search.results.records import (
    FileRecord,
    OccurrenceRecord,
    SummaryRecord,
    file_record,
    ledger_summary_record,
    occurrence_record,
    summary_record,
)
from drystone.web.contracts.schemas import ErrorBody
from drystone.web.contracts.searching import SearchPage, SearchRequest
from drystone.web.drawing.pages import link
from drystone.web.events import EVENTS, EventStream, event
from drystone.web.problems import AsciiJson, told
from drystone.web.searches import DEEPEST, Opened, check_roots
from drystone.web.state import Here, ServerState

router = APIRouter(
    default_response_class=AsciiJson,
    responses={
        code: {"model": ErrorBody, "description": text}
        for code, text in (
            (401, "No bearer token"), (404, "No such release"), (410, "The release has changed since"),
            (422, "A field is wrong: of a query, at which column"), (429, "Too many searches at once"),
            (500, "The release cannot be read"), (503, "No release has an index"),
        )
    },
)  # fmt: skip


class SearchRun:
    """One search, step by step: the results of a page or of a stream, then what there is to say of all."""

    def __init__(self, opened: Opened, asked: SearchRequest, skip: int, limit: int | None) -> None:
        self._opened = opened
        # Beside `count:` of a query, which would go before a limit.
        bound = None if limit is None else skip + limit
        self.ledger = asks_ledger(asked.q)
        if self.ledger:
            rows = search_ledger(
                opened.ledgers(asked.q), asked.q, limit=None, bound=bound, lines=asked.lines, seconds=asked.seconds
            )
            self._records: Iterator[FileRecord | OccurrenceRecord] = map(occurrence_record, islice(rows, skip, None))
            self._summary: Callable[[], SummaryRecord] = lambda: ledger_summary_record(rows)
        else:
            opened.check()
            found = opened.searcher.search(
                asked.q, limit=None, bound=bound, skip=skip, lines=asked.lines, context=asked.context,
                places=asked.places, seconds=asked.seconds,
            )  # fmt: skip
            self._records = map(file_record, found)
            self._summary = lambda: summary_record(found)

    def __iter__(self) -> Iterator[FileRecord | OccurrenceRecord]:
        while True:
            with self._opened.lock:
                record = next(self._records, None)
            if record is None:
                return
            yield record

    def summary(self) -> SummaryRecord:
        """Return the counts; they are right once all has been gone through."""
        return self._summary()


@router.get(
    "/v1/search",
    response_model=SearchPage,
    tags=["search"],
    responses={200: {"content": {EVENTS: {}}}, 304: {"description": "As `If-None-Match` has it"}},
)
def search(
    state: Here,
    asked: Annotated[SearchRequest, Query()],
    accept: Annotated[str, Header()] = "",
    if_none_match: Annotated[str, Header()] = "",
    last_event_id: Annotated[str, Header(max_length=200)] = "",
) -> Response:
    """Search releases: one page as JSON, or with `Accept: text/event-stream` all results as they are found."""
    opened = state.searches.open(asked.release)
    check_roots(opened, asked.root)
    stream = EVENTS in accept
    cursor = asked.cursor or (last_event_id if stream else "")
    skip = state.searches.offset(cursor, asked.q, opened.roots) if cursor else 0
    if stream:
        run = SearchRun(opened, asked, skip, None)
        return EventStream(_events(state, opened, asked, run, skip))
    tag = _tag(opened, asked, skip)
    if tag in if_none_match.split(", "):
        return Response(status_code=304, headers={"etag": tag, "cache-control": "no-cache"})
    with state.searches.seat():
        run = SearchRun(opened, asked, skip, asked.limit)
        results = list(run)
        counts = {} if run.ledger or not asked.by else _counts(opened, asked)
    summary, at = run.summary(), skip + len(results)
    if skip and not results and summary["reason"] == "time":
        raise UsageError("seconds: there was no time to come to this page; give more, or read results as a stream")
    more = results and not summary["exact"] and at < DEEPEST
    page = {
        "releases": opened.searched(),
        "missing": list(opened.missing.values()),
        "results": results,
        "summary": summary,
        "counts": counts,
        "next": state.searches.cursor(at, asked.q, opened.roots) if more else None,
        "permalink": _permalink(opened, asked),
    }
    # What was cut short for want of time may be more the next time.
    kept = {} if summary["reason"] == "time" else {"etag": tag, "cache-control": "no-cache"}
    return AsciiJson(page, headers=kept)


def _counts(opened: Opened, asked: SearchRequest) -> dict[str, dict[str, int]]:
    with opened.lock:
        return opened.searcher.counts(asked.q, asked.by, seconds=asked.seconds)[1]


def _events(state: ServerState, opened: Opened, asked: SearchRequest, run: SearchRun, skip: int) -> Generator[bytes]:
    """Yield results as events with a cursor each as its id, then the summary; or a problem where one comes up."""
    try:
        with state.searches.seat():
            for number, record in enumerate(run, skip + 1):
                yield event("result", record, state.searches.cursor(number, asked.q, opened.roots))
        yield event("summary", {**run.summary(), "missing": list(opened.missing.values())})
    except (DrystoneError, HTTPException) as error:
        yield event("problem", told(error)[1])


def _tag(opened: Opened, asked: SearchRequest, skip: int) -> str:
    """Return what names this answer: the same releases asked the same."""
    whole = [sorted(opened.roots.items()), sorted(opened.missing.items()), asked.model_dump(exclude={"cursor"}), skip]
    return f'"{hashlib.sha256(orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]}"'


def _permalink(opened: Opened, asked: SearchRequest) -> str:
    address = link("search", q=asked.q)
    address += "".join(f"&release={name}" for name in asked.release)
    return address + "".join(f"&root={root}" for root in opened.roots.values())
