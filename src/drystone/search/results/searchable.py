"""A release that can be searched as it stands in the hand."""

from __future__ import annotations

from functools import cached_property

from drystone.release import read
from drystone.search.limits import LINES
from drystone.search.results.found import SearchResult
from drystone.search.search import Searcher


class SearchableRelease(read.Release):
    """An opened release with its index, which is opened by the first search and stays open for the next ones."""

    @cached_property
    def _searcher(self) -> Searcher:
        return Searcher([self])

    def search(
        self,
        query: str,
        *,
        limit: int | None = None,
        lines: int = LINES,
        context: int = 0,
        places: int = 0,
        seconds: float | None = None,
    ) -> SearchResult:
        """Look for a query (docs/search.md): files are looked for as the result is iterated over, definitions first.

        `limit`: files at most (default: all); `lines` of each, with `context` lines around them; `places`: others of
        the same bytes to tell of each; `seconds`: stop after so long, and say so (default: never). The result's
        `table()` gives all files that match as one Arrow table. Raises `QueryError`, and `ReleaseError` where the index
        is missing, out of date or damaged.
        """
        return self._searcher.search(query, limit=limit, lines=lines, context=context, places=places, seconds=seconds)
