from __future__ import annotations

from pathlib import Path

import pytest
from starlette.exceptions import HTTPException

import drystone
from drystone.errors import UsageError
from drystone.release.inspection.browse import Watched
from drystone.web.searches import Searches
from tests.release.sample import Row, write_sample

ROOTS = {"one": "a" * 64, "two": "b" * 64}


def test_cursors_belong_to_query_releases_and_process() -> None:
    searches, other = Searches({}), Searches({})
    cursor = searches.cursor(70, "q\udcff", ROOTS)
    assert searches.offset(cursor, "q\udcff", ROOTS) == 70
    for wrong in ("", "x", "é", cursor[:-1], cursor + "AAAA", "=" * 8):
        with pytest.raises(UsageError, match="cursor"):
            searches.offset(wrong, "q\udcff", ROOTS)
    with pytest.raises(UsageError, match="another query"):
        searches.offset(cursor, "r", ROOTS)
    with pytest.raises(HTTPException, match="410"):
        searches.offset(cursor, "q\udcff", {**ROOTS, "two": "c" * 64})
    with pytest.raises(UsageError, match="started anew"):
        other.offset(cursor, "q\udcff", ROOTS)


def test_an_index_is_opened_once_and_anew_where_it_changes(tmp_path: Path) -> None:
    rows = [Row("own/a", f"/{name}.py", f"{name} = 1\n".encode(), "Python") for name in ("one", "two", "three")]
    write_sample(tmp_path / "stones", rows)
    searches = Searches({"stones": Watched(tmp_path / "stones", tmp_path / "cache")})
    without = searches.open()
    assert "drystone index" in without.missing["stones"]
    with pytest.raises(HTTPException, match="503"):
        without.check()
    drystone.index_release(tmp_path / "stones")
    opened = searches.open(["stones"])
    assert not opened.missing
    assert opened is searches.open()
    assert opened.searcher.count("one")[0].files == 1
