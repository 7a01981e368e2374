"""Every page at three widths, light and dark: no wider than its window, nothing found by axe, a picture to look at.

Pictures go to .cache/screenshots, or where DRYSTONE_SCREENSHOTS says.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import drystone
from drystone.catalog.shelf.shelf import Shelf
from drystone.reader import Reader
from drystone.reader.batcher import Batcher
from drystone.release.read import open_release
from drystone.web.drawing.pages import link
from tests.browser import capture, page
from tests.release.sample import repository_id, sample_rows
from tests.web.pages import PASSWORD, SCRIPT, Site, Visitor, site

ROOT = Path(__file__).parents[2]
AXE = ROOT / ".cache/npm/node_modules/axe-core/axe.min.js"
PASSAGE = "A heap is an array.\nIts first item is the smallest. Williams found it in 1964 and kept it."


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, small: Path) -> Iterator[Site]:
    batcher = Batcher(Reader.load(small, threads=1))
    with site(tmp_path_factory.mktemp("pages"), readers={"small": batcher}, whole=True, catalog=Shelf()) as running:
        drystone.index_release(running.releases[1])  # the other one has none, and the page says so
        yield running


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("closed"), tokens=frozenset({"a token"})) as running:
        yield running


def quote(here: Site) -> str:
    """The page of the first quote that there is an answer with."""
    asked = {"question": "What does the console print?", "least": "0"}
    found = Visitor(here.url).get("/v1/ask", params=asked).json()
    return "/cite?" + str(found["answers"][0]["citations"][0]["permalink"]).partition("?")[2]


def addresses(here: Site) -> dict[str, str]:
    """Pages that need no login, by name."""
    visitor = Visitor(here.url)
    rows = sample_rows()
    release = here.releases[1].name
    near = next(row for row in rows if row.similarity is not None)
    exact = next(row for row in rows if row.dropped and row.dropped.startswith("exact"))
    binary = next((row for row in rows if row.dropped == "encoding.binary"), exact)
    rich, special = (("releases", release, "repositories", repository_id(n)) for n in ("pypi/rich", "own/special"))

    def file(row: Any) -> str:
        return link("releases", release, "repositories", repository_id(row.repository), "file", path=row.path)

    secret = next(row for row in rows if row.path == "/secret.py")
    long = next(row for row in rows if row.path == "/rich/pretty.py")
    return {
        "home": "/",
        "releases": "/releases",
        "catalog": "/catalog",
        "artifact": "/catalog/the-stack-v2",
        "compare": "/compare?artifact=the-stack-v2&artifact=distilbert-base-cased-distilled-squad",
        "ranks": "/rank?beside=1",
        "rank": "/rank/distilbert-base-cased-distilled-squad",
        "method": "/method",
        "find": "/find",
        "find-results": "/find?q=answer+questions+from+a+text&license=permissive",
        "find-wrong": "/find?q=code&license=whatever",
        "release": link("releases", release),
        "repositories": link("releases", release, "repositories"),
        "repository": link(*rich),
        "repository-page-2": link(*rich, page=2),
        "repository-dropped": link(*special, decision="dropped"),
        "repository-nothing": link(*special, language="C++", decision="dropped"),
        "file": file(long),
        "file-line": file(long) + "#L12",
        "file-redacted": file(secret),
        "file-odd-path": link(*special, "file", path=SCRIPT),
        "file-near-duplicate": file(near),
        "file-duplicate": file(exact),
        "file-binary": file(binary),
        "file-by-swhid": link("releases", release, "files", long.swhid),
        "file-not-there": link("releases", release, "files", "swh:1:cnt:" + "0" * 40),
        "lookup-owner": "/lookup?q=example.org/pypi",
        "lookup-content": link("lookup", q=exact.swhid),
        "lookup-nothing": "/lookup?q=octocat",
        "lookup-wrong": "/lookup?q=swh:1:cnt:12",
        "request": "/request",
        "status": visitor.ask(words="It is mine."),
        "login": "/login",
        "passage": "/passage",
        "api": "/docs",
        "search": "/search",
        "search-results": "/search?q=lang:python+def",
        "search-page-2": "/search?q=lang:python+def&page=2",
        "search-nothing": "/search?q=zzqqxxyy",
        "search-wrong": "/search?q=lang:python+(def",
        "search-ledger": "/search?q=kept:no",
        "search-hostile": "/search?q=alert",
        "search-one-release": link("search", q="def", release=release),
        "ask": "/ask",
        "ask-answers": "/ask?question=What+does+the+console+print%3F&least=0",
        "ask-not-found": "/ask?question=Which+planet+is+it%3F&least=1",
        "ask-wrong": "/ask?question=Who&where=lang:python+(def",
        "ask-no-index": link("ask", question="Who?", release=here.releases[0].name),
        "cite": quote(here),
        "cite-never-there": quote(here)[:-4] + "0000",
        "file-lines": link("releases", release, "files", long.swhid + ";lines=12-20"),
    }


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 820, 1280])
def test_every_page_at_every_width(here: Site, closed: Site, width: int, scheme: str) -> None:
    if not AXE.exists():
        pytest.skip(f"axe-core is not there: npm install --prefix {AXE.parents[2]} axe-core")
    folder = Path(os.environ.get("DRYSTONE_SCREENSHOTS", ROOT / ".cache/screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    axe = AXE.read_text("utf-8")
    found: list[str] = []
    with page(width, 1400) as opened:
        opened.emulate_media(color_scheme=scheme)

        def look(name: str) -> None:
            capture(opened, folder / f"{name}-{width}-{scheme}.png")
            opened.evaluate(axe)
            for each in opened.evaluate("axe.run().then(result => result.violations)"):
                nodes = "; ".join(node["html"][:160] + " " + node["failureSummary"] for node in each["nodes"][:3])
                found.append(f"{name}: {each['impact']} {each['id']}: {nodes}")
            if opened.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                found.append(f"{name}: is wider than its window")

        for name, address in addresses(here).items():
            response = opened.goto(here.url + address)
            assert response is None or response.status < 500, address
            look(name)
        opened.goto(closed.url + "/releases")
        look("token")
        opened.goto(here.url + "/passage")
        opened.get_by_label("Passage").fill(PASSAGE)
        opened.get_by_label("Question").fill("Who found it?")
        opened.get_by_role("button", name="Ask").click()
        look("answer")
        opened.goto(here.url + "/login")
        opened.get_by_label("Name").fill("ada")
        opened.get_by_label("Password").fill(PASSWORD)
        opened.get_by_role("button", name="Log in").click()
        look("queue")
        opened.get_by_role("cell").get_by_role("link").first.click()
        look("decide")
    assert not found, "\n".join(found)


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
def test_a_table_reads_well(here: Site, width: int) -> None:
    """No word stands one letter a line, no short hash breaks over lines."""
    release = open_release(here.releases[1])
    with page(width, 1400) as opened:
        opened.goto(here.url)
        assert opened.get_by_text(release.root[:16], exact=True).bounding_box()["height"] < 30
        version = opened.get_by_text("1.1.0", exact=True).first.bounding_box()
        assert version["height"] < 48
        opened.goto(here.url + link("releases", here.releases[1].name))
        tall = opened.evaluate(
            "Math.max(...[...document.querySelectorAll('td')].map(e => e.getBoundingClientRect().height))"
        )
        assert tall < 80
