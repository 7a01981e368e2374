"""The page in a real browser: paste, ask, see the span marked, also with text that JavaScript counts otherwise."""

from __future__ import annotations

from pathlib import Path

from drystone.reader import Reader
from tests.browser import page, picture
from tests.web.conftest import Server

PASSAGE = "👩‍👩‍👧 A <b>heap</b> is an array.\nIts first item is the smallest. 𝕎illiams found it in 1964 & kept it."


def test_one_pastes_asks_and_sees_the_span(server: Server, small: Path) -> None:
    expected = Reader.load(small, threads=1).answer("Who found it?", PASSAGE)
    with page() as opened:
        opened.goto(server.url)
        opened.get_by_label("Passage").fill(PASSAGE)
        opened.get_by_label("Question").fill("Who found it?")
        opened.get_by_role("button", name="Ask").click()
        mark = opened.locator("#passage mark")
        mark.wait_for()
        assert mark.inner_text() == expected.text  # type: ignore[union-attr]
        assert opened.locator("#passage").inner_text() == PASSAGE
        assert opened.locator("#passage b").count() == 0
        # The status is one line: a line break of the answer shows as a space there.
        assert opened.locator("#status").inner_text().startswith(" ".join(expected.text.split()))  # type: ignore[union-attr]
        picture(opened, "page")
        opened.get_by_label("Question").fill("why " * 400)
        opened.get_by_role("button", name="Ask").click()
        opened.locator("#status.error").wait_for()
        assert "question" in opened.locator("#status").inner_text()
        assert opened.locator("#passage mark").count() == 0
        picture(opened, "page-error")


def test_the_page_fits_a_telephone(server: Server) -> None:
    with page(360, 640) as opened:
        opened.goto(server.url)
        assert opened.evaluate("document.documentElement.scrollWidth") <= 360
        assert opened.get_by_role("button", name="Ask").is_visible()
        picture(opened, "page-small")
