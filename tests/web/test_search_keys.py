"""The search page in Chromium: keys walk through results, and without the script everything is still there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser import page
from tests.web.pages import Site
from tests.web.search_site import search_site

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with search_site(tmp_path_factory.mktemp("search")) as running:
        yield running


def focused(opened: Any) -> str:
    return str(opened.evaluate("document.activeElement.getAttribute('href') || document.activeElement.id"))


def test_keys_walk_through_results(here: Site) -> None:
    with page(1100, 900) as opened:
        opened.goto(f"{here.url}/search")
        assert focused(opened) == "q", "one types at once"
        opened.keyboard.type("lang:python def")
        opened.keyboard.press("Enter")
        opened.wait_for_selector(".results")
        places = [each.get_attribute("href") for each in opened.query_selector_all(".results a.place")]
        assert len(places) > 3
        opened.keyboard.press("j")
        assert focused(opened) == places[0]
        opened.keyboard.press("j")
        opened.keyboard.press("ArrowDown")
        assert focused(opened) == places[2]
        opened.keyboard.press("k")
        assert focused(opened) == places[1]
        opened.keyboard.press("/")
        assert focused(opened) == "q"
        opened.keyboard.type("jk/")
        assert opened.input_value("#q") == "jk/", "in the field keys are text"
        opened.keyboard.press("Escape")
        opened.keyboard.press("k")
        assert focused(opened) == places[-1]
        opened.keyboard.press("Enter")
        opened.wait_for_selector(".line.marked")
        assert opened.locator(".line.marked").first.is_visible()


def test_without_its_script_the_page_does_everything(here: Site) -> None:
    with page(390, 900) as opened:
        opened.route("**/search.js", lambda route: route.abort())
        opened.goto(f"{here.url}/search?q=def")
        opened.get_by_role("link", name="Narrow down").click()
        opened.locator("#narrow").get_by_role("link", name="Python", exact=True).click()
        assert opened.input_value("#q") == "def lang:python"
        opened.locator(".results a.place").first.click()
        assert opened.locator(".line.marked").first.is_visible()
        opened.goto(f"{here.url}/search?q=e")
        opened.get_by_role("link", name="Next →").click()
        assert "page=2" in opened.url


def test_hostile_texts_run_nothing(here: Site) -> None:
    with page() as opened:
        opened.on("dialog", lambda dialog: pytest.fail("a text was run"))
        for query in ("quarry", '"<script>alert(1)</script>"', "file:script"):
            opened.goto(here.url + "/search")
            opened.fill("#q", query)
            opened.keyboard.press("Enter")
            opened.wait_for_selector(".results")
            assert opened.locator("mark").count() or query.startswith("file:")
