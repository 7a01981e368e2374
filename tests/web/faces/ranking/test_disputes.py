"""Disputes over HTTP: kept from our own form or as JSON, shown at once, and moving nothing until they are upheld."""

from __future__ import annotations

from datetime import date
from html import unescape
from pathlib import Path

import pytest

from drystone.catalog.ranking.book import RankBook
from drystone.catalog.shelf.shelf import Shelf
from drystone.web.sessions import RateLimit
from tests.web.pages import Site, Visitor, site, unlimited

FACT, LINK = "quality.squad_v1_1.f1", "https://example.org/shows-it"


def test_a_dispute_is_shown_and_moves_nothing_until_it_is_upheld(here: Site, visitor: Visitor) -> None:
    def rank() -> tuple[float, float]:
        found = visitor.get("/v1/rank/rocks").json()["rank"]["artifact"]
        return found["low"], found["high"]

    before = rank()
    sent = visitor.send(
        f"/dispute?artifact=rocks&fact={FACT}",
        "/dispute",
        fact=FACT,
        words="It is 90, <b>says</b> the page.",
        link_=LINK,
    )
    assert sent.url.endswith("/rank/rocks#disputes")
    assert "It is 90, &lt;b&gt;says&lt;/b&gt; the page." in sent.text
    assert f'href="{LINK}"' in sent.text
    assert rank() == before
    (kept,) = visitor.get("/v1/disputes?artifact=rocks").json()
    shelf = here.app.state.drystone.catalog
    RankBook(shelf.engine).answer(kept["number"], "The page shows it.", "ada", date(2026, 11, 30), uphold=True)
    here.app.state.drystone.ranks.forget()
    assert rank()[0] < before[0]
    assert rank()[1] == before[1], "unknown, not 0: the fact was the best there is"
    shown = unescape(visitor.get("/rank/rocks").text)
    assert "A dispute about it was upheld" in shown
    assert "by ada: The page shows it." in shown


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"link_": "javascript:alert(1)"}, "an address that begins with https://"),
        ({"link_": ""}, "an address that begins with https://"),
        ({"words": "no"}, "Say what is wrong, in 10 to 2,000 characters"),
        ({"words": "x" * 9000}, "Say what is wrong"),
        ({"words": "x" * 90_000}, "What you wrote is too long."),
        ({"fact": "no.such.fact"}, "has no fact 'no.such.fact'"),
        ({"fact": "x" * 1000}, "What you wrote is too long."),
    ],
)
def test_what_cannot_be_kept_says_why(visitor: Visitor, fields: dict[str, str], said: str) -> None:
    given = {"fact": FACT, "words": "It is not so at all.", "link_": LINK, **fields}
    found = visitor.send("/dispute?artifact=odd", "/dispute", **given)
    assert found.status_code == 422
    assert said in unescape(found.text)
    assert visitor.get("/v1/disputes?artifact=odd").json() == []


def test_forms_of_others_are_refused(visitor: Visitor) -> None:
    given = {"artifact": "odd", "fact": FACT, "words": "It is not so at all.", "link_": LINK}
    visitor.get("/dispute?artifact=odd")
    assert visitor.post("/dispute", {**given, "csrf": "0" * 64}).status_code == 403
    headers = {"Origin": "https://evil.example"}
    assert visitor.post("/dispute", {**given, "csrf": "x"}, headers=headers).status_code == 403
    assert visitor.post("/v1/disputes", given).status_code == 422, "a form is no JSON"
    assert visitor.get("/v1/disputes?artifact=odd").json() == []
    assert visitor.get("/dispute?artifact=nobody").status_code == 404


def test_programs_dispute_and_nobody_too_often(tmp_path: Path) -> None:
    limits = unlimited()
    limits.requests = RateLimit(2, 3600)
    with Shelf(tmp_path / "c.sqlite", make=True) as shelf, site(tmp_path, limits, catalog=shelf) as running:
        visitor = Visitor(running.url)
        for number in (1, 2, 3):
            new = {"artifact": "the-stack-v2", "fact": "contents", "words": f"It is not so, {number}.", "link": LINK}
            sent = visitor.session.post(running.url + "/v1/disputes", json=new, timeout=30)
            assert sent.status_code == (429 if number == 3 else 200), sent.text
        assert len(visitor.get("/v1/disputes").json()) == 2


def test_a_catalog_without_a_database_keeps_none(tmp_path: Path) -> None:
    with Shelf() as shelf, site(tmp_path, catalog=shelf) as running:
        visitor = Visitor(running.url)
        found = visitor.get("/dispute?artifact=the-stack-v2")
        assert found.status_code == 404
        assert "/dispute?" not in visitor.get("/rank/the-stack-v2").text
        assert "No ranks were kept yet" in visitor.get("/rank/the-stack-v2").text
