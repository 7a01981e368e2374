"""`/find` and `/v1/find`: what a browser and a program are given, and what came of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

import drystone
from drystone.catalog.importing.imported import Imported
from drystone.catalog.passports.reading import read_passport
from drystone.catalog.passports.texts import kept_by_hash
from drystone.catalog.shelf.shelf import Shelf
from tests.browser import page
from tests.catalog.passports.made import TEXT, does, known, plain
from tests.web.pages import Site, Visitor, site

HOSTILE = '<script>alert(1)</script>"'


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("find")
    given = plain("odd", known("license", "MIT"), capabilities=[does("odd.job", name=f"sorts pebbles {HOSTILE}")])
    with Shelf(folder / "catalog.sqlite", make=True) as shelf:
        shelf.add(Imported(read_passport(json.dumps(given).encode(), "odd"), kept_by_hash([TEXT])))
        with site(folder, catalog=shelf) as running:
            yield running


def test_a_search_says_what_fits_and_why(visitor: Visitor) -> None:
    empty = unescape(visitor.get("/find").text)
    assert "What do you want done?" in empty
    text = visitor.get("/find?q=sort+pebbles").text
    assert "<script>" not in text
    assert "It has the words “sort pebbles”" in unescape(text)
    assert re.search(r"Matched \d+ times? · (nobody reported how it went|did it in )", text)
    assert ">0 %<" not in text
    assert "These are few" in text
    assert "Nothing among" in visitor.get("/find?q=zzz+qqq").text


def test_what_came_of_it_is_reported_by_the_token_of_a_result(visitor: Visitor) -> None:
    visitor.get("/find")
    text = visitor.get("/find?q=sort+the+pebbles").text
    form = dict(re.findall(r'name="(csrf|token)" value="([^"]+)"', text))
    thanks = visitor.post("/find/report", data={**form, "outcome": "success"})
    assert (thanks.status_code, "It did the job" in thanks.text) == (200, True)
    assert "did it in 67 % (16 to 99 %, 1 report)" in visitor.get("/find?q=pebbles").text
    assert visitor.post("/find/report", data={**form, "csrf": "x", "outcome": "failure"}).status_code == 403
    assert visitor.post("/find/report", data={**form, "outcome": "perhaps"}).status_code == 422
    found = visitor.get("/v1/find?q=which+sorts+pebbles").json()
    hit = found["hits"][0]
    assert (hit["artifact"], hit["confidence"]["reports"]) == ("odd", 1)
    said = visitor.post("/v1/feedback", json={"token": hit["token"], "outcome": "failure"})
    assert said.json() == {"artifact": "odd", "outcome": "failure"}
    wrong = visitor.post("/v1/feedback", json={"token": "x", "outcome": "failure"})
    assert (wrong.status_code, "none that this catalog gave" in wrong.json()["error"]) == (422, True)


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("/find?q=pebbles&license=whatever", 422, "is no SPDX licence"),
        ("/find?q=" + "x" * 501, 422, "q"),
        ("/v1/find", 422, "q"),
        ("/v1/find?q=%20", 422, "query: is empty"),
        ("/v1/find?q=a&limit=0", 422, "limit"),
        ("/find?q=pebbles&kind=dataset&license=permissive", 200, "Nothing among"),
    ],
)
def test_bad_addresses_say_what_is_wrong(visitor: Visitor, address: str, status: int, said: str) -> None:
    found = visitor.get(address)
    assert (found.status_code, said in unescape(found.text)) == (status, True)


@pytest.mark.slow
def test_a_person_finds_and_reports_without_a_script(here: Site) -> None:
    with page() as browser:
        browser.goto(here.url + "/catalog")
        browser.locator("a", has_text="Find one by what you want done").click()
        browser.locator("#q").fill("sorting pebbles")
        browser.locator("summary", has_text="Only what is known to be").click()
        browser.locator("#license").fill("permissive")
        browser.locator("button", has_text="Find").click()
        assert "license=permissive" in browser.url
        browser.locator("summary", has_text="Fit").first.click()
        assert browser.locator("text=It has the words").first.is_visible()
        browser.locator("button", has_text="Yes").first.click()
        assert "Thank you" in browser.locator("h1").inner_text()


def test_a_need_is_resolved_with_a_signed_passport(tmp_path: Path) -> None:
    from fastapi.testclient import TestClient

    from drystone.release.versions.receipts import load_private
    from drystone.web.app import create_app
    from drystone.web.state import ServerState

    public, _ = drystone.new_receipt_key(tmp_path / "publisher.key")
    state = ServerState(catalog=Shelf(), publisher=load_private(tmp_path / "publisher.key"))
    with TestClient(create_app(state)) as client:
        found = client.get("/v1/resolve", params={"need": "capability://code.opt_out"}).json()
        assert (found["capability"], found["place"]) == ("capability://code.opt_out", None)
        signed = tmp_path / "signed.json"
        signed.write_text(json.dumps(found["signed_passport"]))
        passport, _ = drystone.verify_passport(signed, public)
        assert passport.artifact.name == found["artifact"]
        missing = client.get("/v1/resolve", params={"need": "capability://code.opt"})
        assert (missing.status_code, "Did you mean" in missing.json()["error"]) == (422, True)
