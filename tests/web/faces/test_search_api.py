"""`/v1/search` over HTTP: pages, cursors, streams, limits, problems by field."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

import drystone
from drystone.web.searches import SEATS
from tests.web.pages import Site
from tests.web.search_site import search_site

ONE = "stones-1.1.0"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with search_site(tmp_path_factory.mktemp("search")) as running:
        yield running


def ask(here: Site, headers: dict[str, str] | None = None, **asked: Any) -> requests.Response:
    return requests.get(f"{here.url}/v1/search", params=asked, headers=headers, timeout=60)


def events(response: requests.Response) -> list[tuple[str, dict[str, Any], str | None]]:
    found = []
    for block in response.text.split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append((fields["event"], json.loads(fields["data"]), fields.get("id")))
    return found


def test_pages_follow_each_other_and_lose_nothing(here: Site) -> None:
    whole = {(f.origin, f.path) for f in drystone.open_release(here.releases[1]).search("lang:python def", lines=0)}
    seen: list[tuple[str, str]] = []
    cursor = None
    while True:
        page = ask(here, q="lang:python def", limit=7, lines=1, **({"cursor": cursor} if cursor else {})).json()
        seen += [(each["origin"], each["path"]) for each in page["results"]]
        cursor = page["next"]
        assert len(seen) == len(set(seen))
        if cursor is None:
            break
    assert set(seen) == whole
    assert page["summary"]["exact"]
    assert page["summary"]["total"] == len(whole)


@pytest.mark.parametrize("query", ["count:all def", "count:all kept:yes"])
def test_no_query_makes_a_page_longer(here: Site, query: str) -> None:
    page = ask(here, q=query, limit=2, lines=1).json()
    assert len(page["results"]) == 2
    assert page["next"]


@pytest.mark.parametrize("query", ["count:5 def", "count:5 kept:no"])
def test_a_query_says_how_many_results_all_pages_have(here: Site, query: str) -> None:
    seen, cursor = [], ""
    for _ in range(6):
        page = ask(here, q=query, limit=2, lines=1, **({"cursor": cursor} if cursor else {})).json()
        seen += page["results"]
        cursor = page["next"]
        if not cursor:
            break
    assert len(seen) == 5
    assert not cursor


def test_lines_of_occurrences_come_as_asked_for(here: Site) -> None:
    for lines in (0, 1):
        page = ask(here, q="kept:yes def", limit=1, lines=lines).json()
        assert [len(each.get("lines", ())) for each in page["results"]] == [lines]
        assert "stones-1.0.0 has no index" in page["missing"][0], "texts are asked of the other release alone"


def test_a_result_has_all_that_leads_back(here: Site) -> None:
    page = ask(here, q="quarry script").json()
    [found] = page["results"]
    release = drystone.open_release(here.releases[1])
    assert (found["root"], found["version"]) == (release.root, "1.1.0")
    assert found["lines"][0]["text"].startswith("x = 'quarry <script>")
    assert found["swhid"].endswith(";lines=1")
    assert page["releases"] == [{"served": ONE, "name": "Sample stones", "version": "1.1.0", "root": release.root}]
    assert "stones-1.0.0 has no index" in page["missing"][0], "an answer in part says so"
    assert requests.get(here.url + page["permalink"], timeout=60).status_code == 200


def test_counts_come_along_and_what_is_out_is_found(here: Site) -> None:
    page = ask(here, q="def", by=["language", "license"], limit=1).json()
    assert sum(page["counts"]["language"].values()) == sum(page["counts"]["license"].values()) > 1
    out = ask(here, q="kept:no reason:duplicate", limit=100).json()
    assert {each["kind"] for each in out["results"]} == {"occurrence"}
    assert {each["decision"] for each in out["results"]} == {"dropped"}


def test_a_stream_gives_all_and_goes_on_where_it_stopped(here: Site) -> None:
    stream = {"Accept": "text/event-stream"}
    found = events(ask(here, stream, q="lang:python def", lines=0))
    *results, (last, summary, _) = found
    assert last == "summary"
    assert summary["exact"]
    assert summary["total"] == len(results)
    again = events(ask(here, {**stream, "Last-Event-ID": results[4][2] or ""}, q="lang:python def", lines=0))
    assert [each[1]["path"] for each in again[:-1]] == [each[1]["path"] for each in results[5:]]
    hostile = events(ask(here, stream, q="quarry script"))
    assert [kind for kind, _, _ in hostile] == ["result", "summary"]


def test_the_same_asked_again_has_not_changed(here: Site) -> None:
    first = ask(here, q="def", limit=2)
    tag = first.headers["etag"]
    assert ask(here, {"If-None-Match": tag}, q="def", limit=2).status_code == 304
    assert ask(here, {"If-None-Match": tag}, q="def", limit=3).status_code == 200
    short = ask(here, q="c:.*(a|b).*(c|d)", seconds=1e-9)
    assert short.json()["summary"]["reason"] == "time"
    assert "etag" not in short.headers


@pytest.mark.parametrize(
    ("asked", "status", "field"),
    [
        ({}, 422, "q"),
        ({"q": ""}, 422, "q"),
        ({"q": "x" * 10_001}, 422, "q"),
        ({"q": "foo (bar"}, 422, "q"),
        ({"q": "lang:pythn"}, 422, "q"),
        ({"q": "x", "limit": 0}, 422, "limit"),
        ({"q": "x", "limit": 101}, 422, "limit"),
        ({"q": "x", "seconds": 21}, 422, "seconds"),
        ({"q": "x", "by": "size"}, 422, "by.0"),
        ({"q": "x", "lmit": 3}, 422, "lmit"),
        ({"q": "x", "cursor": "AAAA"}, 422, "cursor"),
        ({"q": "x", "root": "zz"}, 422, "root.0"),
        ({"q": "x", "release": "nothing"}, 404, None),
        ({"q": "x", "root": "ab" * 32}, 410, None),
    ],
)
def test_problems_name_the_field(here: Site, asked: dict[str, Any], status: int, field: str | None) -> None:
    response = ask(here, **asked)
    assert response.status_code == status, response.text
    body = response.json()
    assert body["error"]
    if field is not None:
        assert body["detail"][0]["field"] == field


def test_a_query_that_is_none_says_at_which_column(here: Site) -> None:
    [detail] = ask(here, q="foo (bar").json()["detail"]
    assert detail["column"] == 5
    assert "no ')'" in detail["message"]


def test_a_cursor_belongs_to_a_query_and_cannot_be_made(here: Site) -> None:
    cursor = ask(here, q="def", limit=1).json()["next"]
    assert ask(here, q="def", limit=1, cursor=cursor).status_code == 200
    assert "another query" in ask(here, q="class", cursor=cursor).json()["error"]
    forged = ("B" if cursor[0] == "A" else "A") + cursor[1:]
    assert ask(here, q="def", cursor=forged).status_code == 422


def test_so_many_searches_at_once_and_no_more(here: Site) -> None:
    searches = here.app.state.drystone.searches
    held = [searches.seat() for _ in range(SEATS)]
    for seat in held:
        seat.__enter__()
    try:
        refused = ask(here, q="def")
        assert refused.status_code == 429
        assert refused.headers["retry-after"]
    finally:
        for seat in held:
            seat.__exit__(None, None, None)
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(ask(here, q="def", limit=5).status_code)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 8


def test_it_is_described(here: Site) -> None:
    described = requests.get(f"{here.url}/openapi.json", timeout=30).json()
    operation = described["paths"]["/v1/search"]["get"]
    assert {each["name"] for each in operation["parameters"]} >= {"q", "release", "root", "by", "limit", "cursor"}
    assert "text/event-stream" in operation["responses"]["200"]["content"]
    assert "FileRecord" in described["components"]["schemas"]
    assert "/v1/search" in requests.get(f"{here.url}/docs", timeout=30).text


def test_a_retraction_is_followed_without_a_restart(here: Site, tmp_path: Path) -> None:
    from tests.release.sample import Row, write_sample

    folder = tmp_path / "stones"
    rows = [Row("own/a", "/gone.py", b"vanishing = 1\n", "Python"), Row("own/b", "/b.py", b"staying = 1\n", "Python"),
            Row("own/b", "/more.py", b"staying = 2\n", "Python")]  # fmt: skip
    write_sample(folder, rows)
    drystone.index_release(folder)
    from tests.web.pages import site

    (tmp_path / "site").mkdir()
    with site(tmp_path / "site", places=[folder]) as running:
        first = ask(running, q="ing", limit=1).json()
        assert ask(running, q="vanishing").json()["summary"]["total"] == 1
        root = first["releases"][0]["root"]
        shutil.rmtree(folder)
        write_sample(folder, rows[1:])
        gone = ask(running, q="vanishing")
        assert gone.status_code == 503, "there is no index yet, and it says so"
        assert "drystone index" in gone.json()["error"]
        drystone.index_release(folder)
        assert ask(running, q="vanishing").json()["summary"]["total"] == 0
        assert ask(running, q="ing", cursor=first["next"]).status_code == 410
        assert ask(running, q="ing", root=root).status_code == 410
