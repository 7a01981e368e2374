from __future__ import annotations

from pathlib import Path

import pytest

import drystone
from drystone.errors import ReleaseError
from drystone.release.read import Release
from drystone.search.query import QueryError
from drystone.search.search import TABLE


def test_an_opened_release_is_searched_as_one_goes_on(release: Release) -> None:
    opened = drystone.open_release(release.path)
    assert isinstance(opened, drystone.Release)
    answer = opened.search("get_queryset")
    first = next(iter(answer))
    assert first.why == "definition"
    assert answer.files == 1, "nothing is looked for before it is asked for"
    rest = list(answer)
    assert answer.exact
    table = opened.search("get_queryset").table()
    assert table.schema == TABLE
    assert sorted(table.column("path").to_pylist()) == sorted(found.path for found in (first, *rest))


def test_opening_needs_no_index_and_searching_says_how_to_make_it(copy: Release, tmp_path: Path) -> None:
    for file in (copy.path / "index").iterdir():
        file.unlink()
    opened = drystone.open_release(copy.path)
    assert opened.root == copy.root
    with pytest.raises(ReleaseError, match="drystone index"):
        opened.search("x")


def test_a_wrong_query_is_told_before_anything_is_looked_for(release: Release) -> None:
    with pytest.raises(QueryError, match="column 1"):
        drystone.open_release(release.path).search("langg:python")
