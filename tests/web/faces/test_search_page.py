"""The page that searches, without its script: what a browser is given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

import drystone
from drystone.web.drawing.highlight import LONGEST
from tests.web.pages import Site, Visitor
from tests.web.search_site import HOSTILE, LONG, search_site


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with search_site(tmp_path_factory.mktemp("search")) as running:
        yield running


def links(text: str, pattern: str = "/search\\?") -> list[str]:
    return [unescape(each) for each in re.findall(rf'href="({pattern}[^"]*)"', text)]


def test_results_show_lines_and_lead_to_them(here: Site, visitor: Visitor) -> None:
    text = visitor.get("/search?q=quarry+script").text
    assert "1 file" in text
    assert "<mark>quarry</mark>" in text
    assert "stones-1.0.0 has no index" in text
    [address] = links(text, "/releases/")
    page = visitor.get(address.partition("#")[0])
    assert page.status_code == 200
    assert 'class="line marked" id="L1"' in page.text
    assert address.endswith("#L1")


def test_texts_and_paths_are_data(visitor: Visitor) -> None:
    for text in (visitor.get("/search?q=quarry").text, visitor.get('/search?q="<script>alert(9)</script>"').text):
        assert "<script>alert" not in text
        assert not {"\u202e", "\x1b"} & set(text)
    assert HOSTILE[5:11] in visitor.get("/search?q=quarry").text


def test_a_line_of_many_megabytes_is_cut_on_every_page(visitor: Visitor) -> None:
    text = visitor.get("/search?q=file:long+quarry").text
    assert len(text) < 50_000
    assert "<mark>quarry</mark>" in text
    [address] = links(text, "/releases/")
    page = visitor.get(address.partition("#")[0]).text
    assert len(page) < 100_000
    assert f"{len(LONG) - LONGEST:,} more characters" in page


@pytest.mark.parametrize("query", ["count:all+def", "count:all+kept:yes"])
def test_no_query_makes_a_page_longer(visitor: Visitor, query: str) -> None:
    text = visitor.get(f"/search?q={query}").text
    assert text.count('<p class="where">') == 20
    assert 'rel="next"' in text


def test_counts_are_links_that_find_so_many(visitor: Visitor) -> None:
    text = visitor.get("/search?q=def+or+quarry").text
    found = re.findall(r'<li><a href="(/search[^"]*)">([^<]*)</a> <span class="amount">([\d,]+)</span>', text)
    assert len(found) > 3
    for address, name, count in found:
        narrowed = visitor.get(unescape(address)).text
        assert re.search(rf"{count} files?\b", narrowed), (name, address)
        assert parse_qs(urlsplit(unescape(address)).query)["q"][0].startswith("(def or quarry) ")


def test_pages_are_turned_and_end(visitor: Visitor) -> None:
    seen: list[str] = []
    address = "/search?q=lang:python+def"
    for _ in range(50):
        text = visitor.get(address).text
        seen += links(text, "/releases/")
        following = re.search(r'rel="next" href="([^"]*)"', text)
        if following is None:
            break
        address = unescape(following[1])
    assert len(seen) == len(set(seen))
    total = re.search(r"([\d,]+) files", text)
    assert total is not None
    assert len(seen) == int(total[1].replace(",", ""))


def test_a_permanent_link_holds_while_nothing_changes(here: Site, visitor: Visitor) -> None:
    text = visitor.get("/search?q=quarry").text
    [address] = [each for each in links(text) if "root=" in each]
    assert drystone.open_release(here.releases[1]).root in address
    assert visitor.get(address).status_code == 200
    assert visitor.get("/search?q=quarry&root=" + "ab" * 32).status_code == 410


def test_what_is_out_is_found_with_its_reason(visitor: Visitor) -> None:
    text = visitor.get("/search?q=kept:no+reason:duplicate").text
    assert "dropped" in text
    assert "exact duplicate" in text
    assert visitor.get(links(text, "/releases/")[0]).status_code == 200


def test_a_wrong_query_is_told_where_and_kept_in_its_field(visitor: Visitor) -> None:
    response = visitor.get("/search?q=foo+(bar")
    assert response.status_code == 422
    told = re.search(r'role="alert"><p>(.*)</p><pre class="wrong" tabindex="0">(.*?)</pre>', response.text, re.DOTALL)
    assert told is not None and "column 5" in told[1]
    assert told[2].splitlines()[0].strip() == "foo (bar"
    assert 'value="foo (bar"' in response.text
    assert visitor.get("/search?q=" + "x" * 10_001).status_code == 422
    assert visitor.get("/search?q=x&release=nothing").status_code == 404


def test_only_this_page_runs_a_script_and_only_ours(visitor: Visitor) -> None:
    assert "script-src 'self'" in visitor.get("/search").headers["content-security-policy"]
    assert "script-src" not in visitor.get("/").headers["content-security-policy"]
    script = visitor.get("/search.js")
    assert script.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("qualifiers", [";lines=1", ";origin=https://example.org/own/odd;path=/long.py", ""])
def test_an_identifier_with_qualifiers_names_a_page(here: Site, visitor: Visitor, qualifiers: str) -> None:
    found = next(iter(drystone.open_release(here.releases[1]).search("file:long quarry", lines=0)))
    core = found.swhid.partition(";")[0]
    assert visitor.get(f"/releases/stones-1.1.0/files/{core}{qualifiers}").status_code == 200
    assert visitor.get(f"/releases/stones-1.1.0/files/{core};lines=7-9").status_code == 404
    assert visitor.get(f"/releases/stones-1.1.0/files/{core};lines=x").status_code == 404
