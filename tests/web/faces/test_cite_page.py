"""The page of a quote: it says in later versions what became of it, and shows nothing that was withdrawn."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from drystone.answer.citing import CitedRelease
from drystone.release.read import open_release
from tests.release.sample import FACTS, Row, write_sample
from tests.web.pages import Visitor, site

TEXT = "The keystone was cut by Ada Mason.\n"


def release(folder: Path, text: str, version: str = "1.0.0", path: str = "/history.md") -> None:
    rows = [Row("own/arch", path, text.encode(), "Markdown"), Row("own/arch", "/other.md", b"Other.\n", "Markdown")]
    write_sample(folder, rows, FACTS.model_copy(update={"version": version}))


def address(folder: Path, quote: str = "Ada Mason") -> str:
    start = TEXT.index(quote)
    row = Row("own/arch", "/history.md", TEXT.encode(), "Markdown")
    cited = CitedRelease(open_release(folder)).cite(row.swhid, "Markdown", start, start + len(quote), quote)
    assert cited is not None
    return "/cite?" + cited.permalink.partition("?")[2]


def test_a_quote_that_stands_is_shown_with_its_place(tmp_path: Path) -> None:
    folder = tmp_path / "stones"
    release(folder, TEXT)
    link = address(folder)
    with site(tmp_path, places=[folder]) as running:
        page = Visitor(running.url).get(link)
        assert (page.status_code, "It stands" in page.text) == (200, True)
        assert "<mark>Ada Mason</mark>" in page.text
        assert "/releases/stones/files/swh:1:cnt:" in page.text
        forged = link[:-1] + ("0" if link[-1] != "0" else "1")
        page = Visitor(running.url).get(forged)
        assert (page.status_code, "It was never there" in page.text) == (404, True)
        assert "Ada Mason" not in page.text


@pytest.mark.parametrize(
    ("text", "path", "status", "heading"),
    [
        ("A line before.\n" + TEXT, "/history.md", 200, "It has moved"),
        (TEXT, "/elsewhere.md", 200, "It has moved"),
        (TEXT.replace("Ada Mason", "Bo Carver"), "/history.md", 410, "It has changed"),
        ("Nothing is said.\n", "/elsewhere.md", 410, "It is gone"),
    ],
)
def test_a_later_version_says_what_became_of_it(
    tmp_path: Path, text: str, path: str, status: int, heading: str
) -> None:
    first, second = tmp_path / "stones-1.0.0", tmp_path / "stones-1.1.0"
    release(first, TEXT)
    release(second, text, "1.1.0", path)
    with site(tmp_path, places=[first, second]) as running:
        page = Visitor(running.url).get(address(first))
        assert (page.status_code, f"<h1>{heading}</h1>" in page.text) == (status, True)
        assert ("<mark>Ada Mason</mark>" in page.text) == (status == 200)
        assert "version 1.1.0" in page.text


def test_a_new_version_is_followed_without_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "stones"
    release(folder, TEXT)
    link = address(folder)
    with site(tmp_path, places=[folder]) as running:
        assert "It stands" in Visitor(running.url).get(link).text
        shutil.rmtree(folder)
        release(folder, "Nothing is said.\n", "1.1.0")
        page = Visitor(running.url).get(link)
        assert page.status_code == 410
        assert "Ada Mason" not in page.text


@pytest.mark.parametrize(
    "link", ["/cite", "/cite?release=x", "/cite?<script>alert(1)</script>", "/cite?" + "x" * 20_000]
)
def test_what_is_no_permalink_is_said(tmp_path: Path, link: str) -> None:
    folder = tmp_path / "stones"
    release(folder, TEXT)
    with site(tmp_path, places=[folder]) as running:
        page = Visitor(running.url).get(link)
        assert page.status_code == 404
        assert "permalink" in page.text
        assert "<script>" not in page.text


def test_a_quote_of_another_release_is_not_here(tmp_path: Path) -> None:
    folder, other = tmp_path / "stones", tmp_path / "other"
    release(folder, TEXT)
    write_sample(other, [Row("own/a", "/a.md", b"A.\n", "Markdown")], FACTS.model_copy(update={"name": "Other"}))
    with site(tmp_path, places=[other]) as running:
        page = Visitor(running.url).get(address(folder))
        assert page.status_code == 404
        assert "which is not here" in page.text
