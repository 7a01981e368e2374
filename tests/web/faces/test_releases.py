"""Pages of a release over HTTP: they say what the release says, and nothing that it does not hold."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest

from drystone.release.inspection.why import find
from drystone.release.read import open_release
from drystone.web.drawing.pages import link
from tests.release.sample import FACTS, Row, repository_id, sample_rows, write_sample
from tests.web.pages import SCRIPT, Site, Visitor, site


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("pages"), whole=True) as running:
        yield running


@pytest.fixture
def home(here: Site) -> str:
    return f"/releases/{here.releases[1].name}"


def of(home: str, row: Row) -> str:
    return f"{home}/repositories/{repository_id(row.repository)}/file?path={quote(row.path, safe='')}"


def test_the_home_says_what_the_release_holds(here: Site, visitor: Visitor, home: str) -> None:
    release = open_release(here.releases[1])
    page = visitor.get(home).text
    assert f"{release.manifest.counts.kept:,}" in page
    assert release.root in page
    assert page.count("<svg") == page.count("<title id=") == page.count("<desc id=") == 4
    assert "Kept, by language" in page
    assert f"/releases/{here.releases[0].name}" in page, "the other version"
    assert "cff-version" in page
    assert home in visitor.get("/releases").text
    assert visitor.get("/releases/nothing").status_code == 404


def test_repositories_and_files_are_paged_and_none_is_left_out(visitor: Visitor, home: str) -> None:
    rows = [row for row in sample_rows() if row.repository == "pypi/rich"]
    path = f"{home}/repositories/{repository_id('pypi/rich')}"
    assert path in visitor.get(f"{home}/repositories").text
    seen: list[str] = []
    last = -(-len(rows) // 30)
    for number in range(1, last + 1):
        page = visitor.get(path, params={"page": number}).text
        seen += [row.path for row in rows if f">{row.path[1:]}</a>" in page]
        assert ("Next →" in page) == (number < last)
        assert ("← Previous" in page) == (number > 1)
    assert sorted(seen) == sorted(row.path for row in rows)
    assert visitor.get(path, params={"page": last + 1}).status_code == 404
    dropped = visitor.get(path, params={"decision": "dropped", "language": "-"}).text
    assert "rich/pretty.py" not in dropped
    assert "/METADATA" in dropped
    assert "No file of this repository fits" in visitor.get(path, params={"language": "Cobol"}).text
    assert visitor.get(f"{home}/repositories/{'0' * 64}").status_code == 404
    assert visitor.get(f"{home}/repositories/../../etc").status_code == 404


def test_a_kept_file_shows_its_text_and_why(visitor: Visitor, home: str) -> None:
    row = next(r for r in sample_rows() if r.path == "/rich/pretty.py")
    page = visitor.get(of(home, row)).text
    lines = row.text.splitlines()
    assert f'id="L{len(lines)}"' in page
    assert f'id="L{len(lines) + 1}"' not in page
    code = page.partition("<pre><code>")[2].partition("</code></pre>")[0]
    assert '<span class="kn">' in code, "coloured"
    parts = [part.partition('<span class="lt">')[2] for part in code.split('<span class="line"')[1:]]
    assert [unescape(re.sub(r"<[^>]*>", "", part)).rstrip("\n") for part in parts] == lines
    assert "MIT" in page
    assert "kept</span>" in page


def test_a_file_is_found_by_its_swhid_and_the_kept_copy_comes_first(visitor: Visitor, home: str) -> None:
    copy = next(r for r in sample_rows() if r.dropped and r.dropped.startswith("exact") and r.data)
    assert copy.like is not None
    page = visitor.get(f"{home}/files/{copy.swhid}").text
    assert "Why it is in" in page
    assert "The same bytes elsewhere" in page
    assert of(home, copy).replace("&", "&amp;") in page
    for wrong in ("swh:1:cnt:" + "0" * 40, "swh:1:dir:" + "0" * 40, "swh:1:cnt:12", "nothing"):
        assert visitor.get(f"{home}/files/{wrong}").status_code == 404
    assert visitor.get(f"{home}/files/{copy.swhid};lines=1-2").status_code == 200


def test_a_dropped_file_shows_why_and_no_text(visitor: Visitor, home: str) -> None:
    near = next(r for r in sample_rows() if r.similarity is not None)
    assert near.like is not None
    page = visitor.get(of(home, near)).text
    assert "near duplicate" in page
    assert "97.0&nbsp;% alike" in page
    assert of(home, near.like) in page, "the copy that was kept instead"
    assert "the release does not hold its text" in page
    assert "<pre><code>" not in page
    gpl = next(r for r in sample_rows() if r.path == "/gpl.py")
    page = visitor.get(of(home, gpl)).text
    assert "GPL-3.0-only" in page
    assert "SPDX-License-Identifier" not in page


def test_what_was_redacted_is_nowhere(visitor: Visitor, home: str) -> None:
    secret = next(r for r in sample_rows() if r.path == "/secret.py")
    for page in (visitor.get(of(home, secret)).text, visitor.get(f"{home}/files/{secret.swhid}").text):
        assert "&lt;KEY&gt;" in page
        assert "1 span: key" in page
        assert "AKIA" not in page


def test_odd_paths_have_pages_and_stay_text(here: Site, visitor: Visitor, home: str) -> None:
    odd = ["/emoji \U0001f600.py", '/quo"te\\back\tslash.md', SCRIPT]
    listed = visitor.get(f"{home}/repositories/{repository_id('own/special')}").text
    release = open_release(here.releases[1])
    for path in odd:
        (row,) = [r for r in find(release, path) if r["path"] == path]
        address = link("releases", here.releases[1].name, "repositories", row["repository_id"], "file", path=path)
        assert address.replace("&", "&amp;") in listed
        page = visitor.get(address)
        assert page.status_code == 200
        assert "<script" not in page.text
        assert "\u202e" not in page.text
    for path in ("/../../etc/passwd", "", "/nothing", "\0", "/%00", "\udcff"):
        sent = {"path": path.encode("utf-8", "surrogateescape")}
        answer = visitor.get(f"{home}/repositories/{repository_id('own/special')}/file", params=sent)
        assert answer.status_code == 404, path


def test_characters_that_hide_are_shown(visitor: Visitor, home: str) -> None:
    row = next(r for r in sample_rows() if "\U0001f600" in r.path)
    page = visitor.get(of(home, row)).text
    assert '<span class="hidden-character">U+202E</span>' in page
    assert "\u202e" not in page


def test_long_texts_are_cut_into_pages(tmp_path: Path) -> None:
    rows = [Row("own/long", "/long.py", b"".join(b"x%d = 1\n" % n for n in range(4500)), "Python")]
    write_sample(tmp_path / "long", rows, FACTS, shards=1)
    with site(tmp_path, places=[tmp_path / "long"]) as running:
        visitor = Visitor(running.url)
        address = of("/releases/long", rows[0])
        first = visitor.get(address).text
        assert 'id="L2000"' in first
        assert 'id="L2001"' not in first
        assert "Lines 1 to 2,000 of 4,500" in first
        assert "start=2001" in first
        last = visitor.get(address, params={"start": 4001}).text
        assert 'id="L4500"' in last
        assert "x4499" in last
        assert visitor.get(address, params={"start": 4501}).status_code == 404


def test_what_left_the_release_leaves_the_pages(tmp_path: Path) -> None:
    rows = [Row("own/a", f"/{n}.py", b"x%d = 'stays or goes'\n" % n, "Python") for n in range(3)]
    write_sample(tmp_path / "stones", rows, FACTS)
    with site(tmp_path, places=[tmp_path / "stones"]) as running:
        visitor = Visitor(running.url)
        assert "stays or goes" in visitor.get(of("/releases/stones", rows[2])).text
        write_sample(tmp_path / "next", rows[:2], FACTS.model_copy(update={"version": "1.0.1"}))
        (tmp_path / "stones").rename(tmp_path / "old")
        (tmp_path / "next").rename(tmp_path / "stones")
        assert visitor.get(of("/releases/stones", rows[2])).status_code == 404
        assert "not hold it" in visitor.get("/lookup", params={"q": rows[2].swhid}).text
        assert "1.0.1" in visitor.get("/releases/stones").text
        shutil.rmtree(tmp_path / "stones")
        gone = visitor.get("/releases/stones")
        assert gone.status_code == 500
        assert str(tmp_path) not in gone.text
        assert visitor.get("/request").status_code == 200
