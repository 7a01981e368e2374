"""Pages without a server: links that lead somewhere, and in Chromium each number opens to its evidence by one click."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from selectolax.lexbor import LexborHTMLParser

import drystone
from drystone.catalog.comparing.compare import compare_passports
from drystone.catalog.shelf.builtin import builtin_passports
from drystone.cli import cli
from drystone.errors import UsageError
from drystone.web.drawing.leaflets import comparison_page, write_catalog
from tests.browser import page, picture
from tests.catalog.passports.made import passport
from tests.web.one_click import EMPTY, NAKED, SHORT


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("export") / "site"
    drystone.export_catalog(place)
    return place


def test_every_link_leads_to_a_file_of_the_folder(folder: Path) -> None:
    names = {path.name for path in folder.iterdir()}
    count = len(builtin_passports())
    assert len([name for name in names if name.endswith(".svg")]) == count * (count - 1) // 2
    for path in folder.glob("*.html"):
        html = LexborHTMLParser(path.read_text("utf-8"))
        for node in html.css("[href], [src], [action]"):
            target = node.attributes.get("href") or node.attributes.get("src") or node.attributes.get("action") or ""
            assert target.startswith(("https://", "#")) or target in names, f"{path.name}: {target}"
        assert not html.css("script, form")


@pytest.mark.slow
def test_each_number_leads_to_its_evidence_by_one_click(folder: Path) -> None:
    pages = [path for path in sorted(folder.glob("*.html")) if "--vs--" not in path.stem or "the-stack-v2" in path.stem]
    with page() as opened:
        for path in pages:
            opened.goto(path.as_uri())
            assert opened.evaluate(NAKED) == [], path.name
            opened.evaluate("document.querySelectorAll('details').forEach(one => one.open = false)")
            assert opened.evaluate(EMPTY) == [], path.name
            if path.stem in {"index", "the-stack-v2", "distilbert-base-cased-distilled-squad--vs--the-stack-v2"}:
                picture(opened, f"static-{path.stem}")
    with page(width=360) as opened:
        for path in pages:
            opened.goto(path.as_uri())
            assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth"), path.name
            assert opened.evaluate(SHORT) == [], f"{path.name}: a label is taller than its cell"


def test_a_verdict_opens_to_the_facts_that_it_names(tmp_path: Path) -> None:
    from drystone.reader.model.installed import installed

    if not {"mini", "mini-half"} <= set(installed()):
        pytest.skip("not installed: pip install ./models/mini ./models/mini-half")
    out = tmp_path / "compare.html"
    run = CliRunner().invoke(cli, ["compare", "mini", "mini-half", "--html", str(out)])
    assert run.exit_code == 0
    with page() as opened:
        opened.goto(out.as_uri())
        assert opened.evaluate(NAKED) == []
        verdict = opened.locator("details.notice").first
        verdict.locator("summary").click()
        assert verdict.locator("blockquote").first.is_visible()
        picture(opened, "static-verdict")


def test_a_comparison_is_one_file_that_reaches_for_nothing() -> None:
    found = compare_passports(list(builtin_passports().values())[:2])
    html = LexborHTMLParser(comparison_page(found))
    assert not html.css("link, script, form, [src]")
    assert "checkVisibility" not in comparison_page(found)
    assert html.css_first("style").text()


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(UsageError, match="is there already; name a new folder"):
        write_catalog(tmp_path, [])
    many: Any = [(passport("a"), [])] * 201
    with pytest.raises(UsageError, match="201 artifacts give too many pages"):
        write_catalog(tmp_path / "new", many)


def test_an_artifact_called_index_has_a_page_of_its_own(tmp_path: Path) -> None:
    names = write_catalog(tmp_path / "new", [(passport("index"), []), (passport("other"), [])])
    assert {"index.html", "index-.html", "index--vs--other.html"} <= set(names)
