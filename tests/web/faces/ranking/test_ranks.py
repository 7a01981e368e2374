"""Ranks over HTTP: every number leads to its evidence, and what is unknown is no 0."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.browser import page, picture
from tests.web.faces.ranking.conftest import HOSTILE
from tests.web.one_click import EMPTY, NAKED, SHORT
from tests.web.pages import Site, Visitor

READER = "distilbert-base-cased-distilled-squad"


def test_the_order_by_two_scorings_side_by_side(visitor: Visitor) -> None:
    text = unescape(visitor.get("/rank?scoring=2&beside=1").text)
    assert "By 1" in text
    assert len(set(re.findall(r'href="(/rank/rocks[^"]*)"', text))) == 2
    assert re.search(r"\b1 to \d", text)
    assert "never as 0" in text
    assert ">0<" not in text


def test_every_number_leads_to_the_words_that_it_rests_on(visitor: Visitor) -> None:
    for address in re.findall(r'href="(/rank/[^"#]+)"', visitor.get("/rank").text):
        text = unescape(visitor.get(unescape(address)).text)
        if READER in address:
            assert "disputed: 86.9965% or 87.1%" in text
            assert "<q>" in text
            assert "found again in the text that was kept" in text
        assert "Unknown counts as everything from nothing to all." in text
    assert "2026-11-29" in visitor.get("/rank/rocks").text, "its history"
    turn = unescape(visitor.get(f"/rank/{READER}?other=rocks").text)
    assert "Knowing" in turn
    assert "could settle it" in turn


def test_the_method_says_how_far_anybody_moves_a_rank(visitor: Visitor) -> None:
    text = unescape(visitor.get("/method").text)
    assert "at most 1.6 points of a dataset, 2.4 points of a reader" in text
    assert "10 counts nothing, 1,000,000 all, by powers of ten" in text
    assert "All aspects weigh the same" in unescape(visitor.get("/method?scoring=1").text)


def test_texts_are_data(visitor: Visitor) -> None:
    for address in ("/rank", "/rank/odd", f"/rank/{READER}?other=odd", "/dispute?artifact=odd"):
        text = visitor.get(address).text
        assert "<script>" not in text
        assert "&lt;script&gt;" in text


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("/rank/nobody", 404, "no artifact of this name"),
        ("/rank?scoring=3", 404, "is no version of the scoring"),
        ("/rank?scoring=/etc/passwd", 404, "is no version of the scoring"),
        ("/rank/rocks?other=the-stack-v2", 422, "they have no order"),
        ("/rank/rocks?other=rocks", 422, "is named twice"),
        ("/rank?page=-7", 200, "Ranks"),
        ("/rank?page=999999999999999999999", 200, "Ranks"),
        ("/v1/rank/nobody", 404, "no artifact of this name"),
        ("/v1/rank?scoring=%1b[31m", 404, "is no version"),
    ],
)
def test_bad_addresses_say_what_is_wrong(visitor: Visitor, address: str, status: int, said: str) -> None:
    found = visitor.get(address)
    assert found.status_code == status, found.text
    assert said in unescape(found.text)
    assert "\x1b" not in found.text


def test_programs(visitor: Visitor) -> None:
    found = visitor.get("/v1/rank?kind=reader&limit=2").json()
    assert found["scoring"] == "2"
    assert list(found["kinds"]) == ["reader"]
    assert len(found["kinds"]["reader"]) == 2
    one = visitor.get(f"/v1/rank/{READER}?other=rocks").json()
    quote = one["rank"]["measures"][2]["fact"]["claims"][0]["evidence"][0]["quote"]
    assert quote
    assert [each["day"] for each in one["history"]] == ["2026-11-30", "2026-11-29"]
    assert one["turn"]["certain"] is False
    method = visitor.get("/v1/method?scoring=1").json()
    assert method["scoring"]["reader"]["weights"]["quality"] == 20
    assert method["versions"] == ["2", "1"]
    assert HOSTILE in [each["title"] for each in visitor.get("/v1/rank").json()["kinds"]["reader"]]


@pytest.mark.slow
def test_on_every_page_each_number_leads_to_its_evidence_by_one_click(here: Site) -> None:
    Visitor(here.url).get("/find?q=stones")
    addresses = (
        "/catalog", "/catalog/rocks", f"/catalog/{READER}", "/catalog/the-stack-v2", "/catalog/demo",
        f"/compare?artifact={READER}&artifact=rocks", f"/compare?artifact={READER}&artifact=the-stack-v2",
        "/find", "/find?q=answer+questions+from+a+text", "/find?q=answer+questions&offline=true&license=permissive",
        "/find?q=zzz", "/rank", "/rank?scoring=2&beside=1", "/rank/rocks", f"/rank/{READER}?other=rocks", "/rank/demo",
        "/method", "/method?scoring=1", f"/dispute?artifact={READER}",
    )  # fmt: skip
    for width in (1000, 360):
        with page(width=width) as browser:
            for address in addresses:
                browser.goto(here.url + address)
                assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth"), (address, width)
                if width == 360:
                    assert browser.evaluate(SHORT) == [], f"{address}: a label is taller than its cell"
                assert browser.evaluate(NAKED) == [], address
                browser.evaluate("document.querySelectorAll('details').forEach(one => one.open = false)")
                assert browser.evaluate(EMPTY) == [], address
                picture(browser, f"catalog-{width}{re.sub('[^a-z0-9]+', '-', address)}")


@pytest.mark.slow
def test_evidence_is_one_click_away(here: Site) -> None:
    with page() as browser:
        browser.goto(f"{here.url}/rank")
        browser.locator("a", has_text=re.compile(r"^\d+\.\d to")).first.click()
        assert "/rank/" in browser.url
        browser.goto(f"{here.url}/rank/{READER}")
        words = browser.locator("details.fact q").first
        assert not words.is_visible()
        browser.locator("details.fact summary:not(.muted)").first.click()
        assert words.is_visible()
