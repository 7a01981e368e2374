from __future__ import annotations

import pytest

from drystone.cli.asking._results import files_sentence
from drystone.search.results.found import SearchResult


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (SearchResult("q", files=1, exact=True), "1 file, that is all"),
        (SearchResult("q", files=1200, exact=True), "1,200 files, that is all"),
        (SearchResult("q", files=3, at_most=7, reason="limit"), "3 files, and at most 7 more: --limit 0 shows all"),
        (SearchResult("q", files=0, at_most=7, reason="time"), "0 files, and at most 7 more: there was no time"),
        (SearchResult("q", files=0, at_most=7, reason="parts are missing"), "at most 7 more: parts are missing"),
    ],
)
def test_the_last_line_says_whether_that_is_all(answer: SearchResult, said: str) -> None:
    assert said in files_sentence(answer)
