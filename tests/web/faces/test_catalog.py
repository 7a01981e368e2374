"""The catalog over HTTP: what a browser and a program are given."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from drystone.catalog.importing.imported import Imported
from drystone.catalog.passports.reading import read_passport
from drystone.catalog.passports.texts import kept_by_hash
from drystone.catalog.shelf.shelf import Shelf
from tests.browser import page
from tests.catalog.passports.made import TEXT, does, known, plain
from tests.web.pages import Site, Visitor, site

HOSTILE = '<script>alert(1)</script>"'
PAIR = "/compare?artifact=distilbert-base-cased-distilled-squad&artifact=the-stack-v2"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("catalog")
    given = plain("odd", known("size.files", HOSTILE), capabilities=[does("answer.span", name=HOSTILE)])
    given["artifact"].update(title=HOSTILE, url="javascript:alert(1)")
    with Shelf(folder / "catalog.sqlite", make=True) as shelf:
        shelf.add(Imported(read_passport(json.dumps(given).encode(), "odd"), kept_by_hash([TEXT])))
        with site(folder, catalog=shelf) as running:
            yield running


def test_two_that_share_no_job_are_not_ranked(visitor: Visitor) -> None:
    text = unescape(visitor.get(PAIR).text)
    assert "No shared job, so that neither is better." in text
    assert "disputed: 86.9965% or 87.1%" in text
    assert "Settled by: drystone catalog measure-reader" in text
    assert ">0<" not in text, "what is unknown is no 0"


def test_every_value_has_the_words_that_it_rests_on(visitor: Visitor) -> None:
    text = unescape(visitor.get("/catalog/the-stack-v2").text)
    assert text.count("<details") > 15
    assert "“" not in text, "the browser draws the marks of a quote"
    assert "<q>full 6.4TB 67.5TB</q>" in text
    assert "found again in the text that was kept" in text


def test_texts_are_data(visitor: Visitor) -> None:
    for address in ("/catalog", "/catalog/odd", "/compare?artifact=odd&artifact=the-stack-v2"):
        text = visitor.get(address).text
        assert "<script>" not in text
        assert 'href="javascript:' not in text
        assert "&lt;script&gt;" in text


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("/catalog/the-stack-v", 404, "Did you mean the-stack-v"),
        ("/catalog/..%2f..%2fetc%2fpasswd", 404, "There is no such page"),
        ("/compare", 422, "2 to 12 artifacts, not 0"),
        ("/compare?artifact=the-stack-v2", 422, "2 to 12 artifacts, not 1"),
        ("/compare?artifact=the-stack-v2&artifact=the-stack-v2", 422, "the-stack-v2 is named twice"),
        ("/compare?artifact=the-stack-v2&artifact=%1b[31m", 422, "no artifact of this name"),
        ("/compare?artifact=the-stack-v2&artifact=/etc/passwd", 422, "no artifact of this name"),
        ("/compare?" + "artifact=a&" * 13, 422, "artifact"),
    ],
)
def test_bad_addresses_say_what_is_wrong(visitor: Visitor, address: str, status: int, said: str) -> None:
    found = visitor.get(address)
    assert found.status_code == status
    assert said in unescape(found.text)
    assert "\x1b" not in found.text


def test_programs(visitor: Visitor) -> None:
    names = [one["name"] for one in visitor.get("/v1/catalog").json()]
    assert {"odd", "the-stack-v2"} <= set(names)
    passport = visitor.get("/v1/catalog/odd").json()
    assert read_passport(json.dumps(passport).encode(), "odd").artifact.title == HOSTILE
    found = visitor.get("/v1" + PAIR).json()
    assert found["state"] == "no_shared_job"
    assert found["facts"][0]["cells"][0]["claims"][0]["evidence"][0]["quote"] == "license: apache-2.0"
    missing = visitor.get("/v1/compare?artifact=odd&artifact=nothing")
    assert missing.status_code == 422
    assert "no artifact of this name" in missing.json()["error"]


def test_it_is_all_that_is_served(tmp_path: Path) -> None:
    from fastapi.testclient import TestClient

    from drystone.web.app import create_app
    from drystone.web.state import ServerState

    with TestClient(create_app(ServerState(catalog=Shelf()))) as client:
        assert str(client.get("/").url).endswith("/catalog")


@pytest.mark.slow
def test_evidence_is_one_click_away(here: Site) -> None:
    with page() as browser:
        browser.goto(here.url + PAIR)
        words = browser.locator("details.fact q", has_text="Developed by: Hugging Face")
        assert not words.is_visible()
        browser.locator("details.fact summary", has_text="Hugging Face").first.click()
        assert words.is_visible()
        browser.goto(here.url + "/catalog")
        for box in browser.locator("input[type=checkbox]").all()[:2]:
            box.check()
        browser.locator("button", has_text="Compare").click()
        assert "/compare?artifact=" in browser.url
