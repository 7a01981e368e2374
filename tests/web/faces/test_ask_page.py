"""The page that asks releases, without its script: what a browser is given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

import drystone
from drystone.reader import Reader
from drystone.web.state import _QUESTIONS
from tests.web.ask_site import ANSWER, QUESTION, ask, ask_site, installed
from tests.web.pages import Site, Visitor


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, small: Path) -> Iterator[Site]:
    """With random weights: what is answered is nonsense, and must hold all laws."""
    with ask_site(tmp_path_factory.mktemp("asked"), Reader.load(small, threads=1)) as running:
        yield running


@pytest.fixture(scope="module")
def sure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with ask_site(tmp_path_factory.mktemp("sure"), installed()) as running:
        yield running


def links(text: str, pattern: str) -> list[str]:
    return [unescape(each) for each in re.findall(rf'href="({pattern}[^"]*)"', text)]


def test_an_answer_stands_in_its_lines_and_leads_to_its_file(sure: Site) -> None:
    visitor = Visitor(sure.url)
    text = visitor.get("/ask", params={"question": QUESTION}).text
    assert f'<h2 class="answer">{ANSWER} ' in text
    assert f"<mark>{ANSWER}</mark>" in text
    assert "1 other place says the same" in text
    assert "stones-1.0.0 has no index" in text
    for address in links(text, "/releases/stones-1.1.0/files/"):
        page = visitor.get(address.partition("#")[0])
        assert page.status_code == 200
        assert f'class="line marked" id="{address.partition("#")[2]}"' in page.text
    quotes = links(text, "/cite\\?")
    assert len(quotes) == 2
    for address in quotes:
        assert "It stands" in visitor.get(address).text
    assert re.search(r'<pre class="form" data-copy="BibTeX"[^>]*>@misc\{', text)


def test_what_is_not_found_is_said_and_what_comes_nearest_is_not_sure(sure: Site) -> None:
    visitor = Visitor(sure.url)
    text = visitor.get("/ask", params={"question": "Which planet was cut by the largest moons?"}).text
    assert "Not found: no answer is sure enough" in text
    [nearest] = [each for each in links(text, "/ask") if each.endswith("&least=0")]
    assert "not sure enough to be an answer" in visitor.get(nearest).text
    assert "ask in the language of the texts" in visitor.get("/ask", params={"question": "端口是多少"}).text


def test_the_page_and_the_programs_say_the_same(here: Site) -> None:
    visitor = Visitor(here.url)
    for question in ("Who guards the quarry?", "Which port?"):
        text = visitor.get("/ask", params={"question": question, "least": 0}).text
        found = ask(here, question=question, least=0, top_k=5).json()
        shown = [unescape(each).strip() for each in re.findall(r'<h2 class="answer">(.*?)<span class="aside">', text)]
        assert len(shown) == len(found["answers"])
        assert (
            links(text, "/cite\\?")[0].partition("?")[2]
            == (found["answers"][0]["citations"][0]["permalink"].partition("?")[2])
        )


def test_texts_paths_and_questions_are_data(here: Site) -> None:
    visitor = Visitor(here.url)
    for question in ("Who guards the quarry?", "<script>alert(9)</script>", 'a" onfocus="alert(1)'):
        text = visitor.get("/ask", params={"question": question, "least": 0, "where": '"</textarea><b>"'}).text
        text += visitor.get("/ask", params={"question": question, "least": 0}).text
        assert "<script>alert" not in text
        assert "<b>" not in text
        assert 'onfocus="alert' not in text
        assert not {"\u202e", "\x1b"} & set(text)
    assert "&lt;script&gt;alert" in text


def test_counts_are_links_that_ask_fewer_files(here: Site) -> None:
    visitor = Visitor(here.url)
    text = visitor.get("/ask", params={"question": "Which port?", "least": 0}).text
    found = re.findall(r'<li><a href="(/ask[^"]*)">([^<]*)</a> <span class="amount">(\d+)</span>', text)
    origins = {f"https://example.org/own/{name}" for name in ("arch", "code")}
    assert {name for _, name, _ in found} == {"Markdown", "Python", *origins}
    [python] = [unescape(address) for address, name, _ in found if name == "Python"]
    assert parse_qs(urlsplit(python).query) == {"question": ["Which port?"], "where": ["lang:python"]}
    narrowed = visitor.get(python + "&least=0").text
    places = links(narrowed, "/releases/stones-1.1.0/files/")
    assert places
    assert all(".py%3Blines" in each for each in places)
    assert 'name="where" value="lang:python"' in narrowed
    assert "Ask all files" in narrowed


def test_a_permanent_link_holds_while_nothing_changes(here: Site) -> None:
    visitor = Visitor(here.url)
    text = visitor.get("/ask", params={"question": "Which port?", "least": 0}).text
    [address] = [each for each in links(text, "/ask") if "root=" in each]
    assert drystone.open_release(here.releases[1]).root in address
    assert visitor.get(address).status_code == 200
    assert visitor.get("/ask?question=Who&root=" + "ab" * 32).status_code == 410


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ({"question": "x" * 10_240}, 422, "Give a question of up to 1,000"),
        ({"question": "Who?", "where": "foo (bar"}, 422, "column 5"),
        ({"question": "Who?", "where": "x" * 10_001}, 422, "Give a question of up to 1,000"),
        ({"question": "Who?", "release": "nothing"}, 404, "nothing"),
        ({"question": "Who?", "least": "2"}, 422, "least"),
        ({"question": " \n"}, 200, "Question"),
    ],
)
def test_what_is_wrong_is_said_beside_the_form(here: Site, asked: dict[str, str], status: int, said: str) -> None:
    response = Visitor(here.url).get("/ask", params=asked)
    assert response.status_code == status
    assert said in response.text


def test_too_many_at_once_is_said(here: Site) -> None:
    seats = [here.app.state.drystone.asks.hold() for _ in range(_QUESTIONS)]
    for seat in seats:
        seat.__enter__()
    try:
        response = Visitor(here.url).get("/ask?question=Who")
    finally:
        for seat in seats:
            seat.__exit__(None, None, None)
    assert response.status_code == 429
    assert "Too many ask at once" in response.text


def test_without_a_reader_or_an_index_the_page_says_what_to_do(tmp_path: Path, here: Site) -> None:
    one = Visitor(here.url).get("/ask", params={"question": "Who?", "release": "stones-1.0.0"})
    assert one.status_code == 200
    assert "drystone index stones-1.0.0" in one.text
    with ask_site(tmp_path, None) as running:
        visitor = Visitor(running.url)
        assert "<code>--model mini</code>" in visitor.get("/ask?question=Who").text
        assert "/ask" not in links(visitor.get("/").text, "/ask")


def test_only_scripts_of_this_server_run(here: Site) -> None:
    visitor = Visitor(here.url)
    assert "script-src 'self'" in visitor.get("/ask").headers["content-security-policy"]
    script = visitor.get("/ask.js")
    assert script.headers["content-type"].startswith("text/javascript")
