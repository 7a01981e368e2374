"""The pages as a site: complete, without anything from a network, and an error where a link leads nowhere."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import drystone

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
pytest.importorskip("sphinx", reason="the extra docs is not installed")


def build(docs: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """Run what `make site` runs."""
    line = re.search(r"\t\$\(BIN\)/(python -m sphinx .*)", (ROOT / "Makefile").read_text())
    assert line is not None
    command = line[1].replace("$(SITE)", str(site)).replace(" docs ", f" {docs} ").split()
    return subprocess.run([sys.executable, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs") / "site"
    done = build(DOCS, folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_every_page_is_there_and_reached_from_the_first(site: Path) -> None:
    start = (site / "index.html").read_text()
    for page in DOCS.rglob("*.md"):
        name = page.relative_to(DOCS).with_suffix(".html").as_posix()
        assert (site / name).is_file()
        assert name == "index.html" or f'href="{name}"' in start, f"docs/index.md does not list {page.name}"


@pytest.mark.slow
def test_the_public_names_are_in_the_reference(site: Path) -> None:
    page = (site / "python.html").read_text()
    assert [name for name in drystone.__all__ if f'id="drystone.{name}"' not in page] == []


@pytest.mark.slow
def test_nothing_is_loaded_from_a_network(site: Path) -> None:
    loads = re.compile(r"""<(?:script|img|link|iframe)[^>]*(?:src|href)=["']?(?:https?:)?//[^>]*>""")
    for page in site.rglob("*.html"):
        assert loads.findall(page.read_text()) == [], page.name
    for sheet in site.rglob("*.css"):
        assert re.findall(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", sheet.read_text()) == [], sheet.name


@pytest.mark.slow
def test_a_link_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    shutil.copy(DOCS / "conf.py", docs)
    (docs / "index.md").write_text("# Walls\n\nSee [gates](gates.md) and [the cope](#the-cope).\n")
    done = build(docs, tmp_path / "site")
    assert done.returncode != 0
    assert "gates.md" in done.stderr
    assert "the-cope" in done.stderr


def test_what_stands_in_backticks_is_code_and_nothing_else_is_markup() -> None:
    spec = importlib.util.spec_from_file_location("conf", DOCS / "conf.py")
    assert spec is not None
    assert spec.loader is not None
    conf = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(conf)
    assert conf.as_rest("Takes `**rows` and *all|none*, of x_") == r"Takes ``**rows`` and \*all\|none\*, of x\_"
