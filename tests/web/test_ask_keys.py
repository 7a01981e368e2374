"""The ask page in Chromium: one asks, walks, copies; and without the scripts everything is still there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drystone.reader import Reader
from tests.browser import page
from tests.web.ask_site import ask_site
from tests.web.pages import Site

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, small: Path) -> Iterator[Site]:
    with ask_site(tmp_path_factory.mktemp("asked"), Reader.load(small, threads=1)) as running:
        yield running


def focused(opened: Any) -> str:
    return str(opened.evaluate("document.activeElement.getAttribute('href') || document.activeElement.id"))


def test_one_asks_walks_through_answers_and_copies_a_citation(here: Site) -> None:
    with page(1100, 900) as opened:
        opened.context.grant_permissions(["clipboard-read", "clipboard-write"])
        opened.goto(f"{here.url}/ask?least=0")
        assert focused(opened) == "q", "one types at once"
        opened.keyboard.type("Who guards the quarry by port?")
        opened.keyboard.press("Enter")
        opened.wait_for_selector(".status")
        assert opened.input_value("#q") == "Who guards the quarry by port?"
        opened.goto(f"{here.url}/ask?question=Who+guards+the+quarry+by+port%3F&least=0")
        places = [each.get_attribute("href") for each in opened.query_selector_all(".results a.place")]
        assert len(places) > 1
        opened.keyboard.press("j")
        assert focused(opened) == places[0]
        opened.keyboard.press("j")
        assert focused(opened) == places[1]
        opened.keyboard.press("/")
        assert focused(opened) == "q"
        first = opened.locator(".results > li").first
        first.get_by_text("Cite", exact=True).click()
        first.get_by_role("button", name="Copy as BibTeX").click()
        first.get_by_text("Copied").wait_for()
        copied = opened.evaluate("navigator.clipboard.readText()")
        assert copied.startswith("@misc{")
        assert copied == first.locator('pre[data-copy="BibTeX"]').text_content()


def test_where_the_clipboard_is_closed_the_text_is_selected(here: Site) -> None:
    with page(1100, 900) as opened:
        opened.add_init_script("navigator.clipboard.writeText = () => Promise.reject(new Error('closed'))")
        opened.goto(f"{here.url}/ask?question=Who+guards+the+quarry+by+port%3F&least=0")
        first = opened.locator(".results > li").first
        first.get_by_text("Cite", exact=True).click()
        first.get_by_role("button", name="Copy as Text").click()
        first.get_by_text("Selected").wait_for()
        assert opened.evaluate("getSelection().toString()").strip().startswith('"')


def test_without_its_scripts_the_page_does_everything(here: Site) -> None:
    with page(390, 900) as opened:
        opened.route("**/*.js", lambda route: route.abort())
        opened.goto(f"{here.url}/ask")
        opened.fill("#q", "Which port?")
        opened.get_by_text("Only of some files").click()
        opened.fill("#where", "lang:python")
        opened.get_by_role("button", name="Ask").click()
        opened.wait_for_selector(".status")
        assert (opened.input_value("#q"), opened.input_value("#where")) == ("Which port?", "lang:python")
        opened.goto(f"{here.url}/ask?question=Which+port%3F&least=0")
        opened.get_by_role("link", name="Narrow down").click()
        opened.locator("#narrow").get_by_role("link", name="Python", exact=True).click()
        assert opened.input_value("#where") == "lang:python"
        opened.goto(f"{here.url}/ask?question=Which+port%3F&least=0")
        opened.locator(".results > li").first.get_by_text("Cite", exact=True).click()
        assert opened.locator("pre.form").first.is_visible()
        opened.locator(".results a.place").first.click()
        assert opened.locator(".line.marked").first.is_visible()
        opened.go_back()
        opened.get_by_role("link", name="Permanent link", exact=True).first.click()
        assert opened.get_by_role("heading", name="It stands").is_visible()


def test_hostile_texts_run_nothing(here: Site) -> None:
    with page() as opened:
        opened.on("dialog", lambda dialog: pytest.fail("a text was run"))
        opened.goto(
            f"{here.url}/ask?question=Who+guards+the+quarry+by+port%3F+%3Cscript%3Ealert(2)%3C/script%3E&least=0"
        )
        assert opened.locator("mark").count()
        opened.get_by_role("link", name="Permanent link", exact=True).first.click()
        assert opened.get_by_role("heading", name="It stands").is_visible()
