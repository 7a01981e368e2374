from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from drystone.search.verbs import index_release, search_ledger, search_releases
from drystone.web.contracts.searching import SearchPage, SearchRequest
from tests.release.sample import sample_rows, write_sample


def test_a_request_has_the_defaults_of_the_verb_and_no_field_unknown() -> None:
    asked = SearchRequest(q="x")
    assert (asked.limit, asked.lines, asked.places) == (50, 10, 3)
    for wrong in ({"q": ""}, {"q": "x", "colour": 1}, {"q": "x", "root": ["zz"]}, {"q": "x", "by": ["size"]}):
        with pytest.raises(ValidationError):
            SearchRequest.model_validate(wrong)


@pytest.mark.parametrize("query", ["def", "kept:no"])
def test_what_searches_give_fits_what_is_promised(query: str, tmp_path: Path) -> None:
    write_sample(tmp_path / "stones", [row for row in sample_rows() if row.repository != "pypi/rich"])
    index_release(tmp_path / "stones")
    search = search_ledger if query == "kept:no" else search_releases
    *results, summary = search([tmp_path / "stones"], query, limit=5).records()
    page = {"releases": [], "missing": [], "counts": {}, "next": None, "permalink": "/search"}
    made = SearchPage.model_validate({**page, "results": results, "summary": summary})
    assert len(made.results) == 5
