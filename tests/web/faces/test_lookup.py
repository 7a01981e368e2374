"""Am I in it, over HTTP."""

from __future__ import annotations

from html import escape

from drystone.release.read import open_release
from tests.web.pages import SCRIPT, Site, Visitor


def test_a_name_a_file_and_a_swhid_are_found_in_the_versions_that_hold_them(here: Site, visitor: Visitor) -> None:
    page = visitor.get("/lookup", params={"q": "example.org/own"}).text
    assert "Sample stones 1.0.0" in page
    assert "https://example.org/own/arrow" in page
    files = list(
        open_release(here.releases[1]).files(columns=["path", "swhid", "content", "redactions", "src_encoding"])
    )
    row = next(r for r in files if not r["redactions"] and r["src_encoding"] == "UTF-8" and r["path"] == SCRIPT)
    for answer in (
        visitor.get("/lookup", params={"q": row["swhid"]}),
        visitor.post("/lookup", files={"file": ("mine.py", row["content"].encode())}),
    ):
        assert answer.status_code == 200
        assert "not in it" in answer.text
        assert "In Sample stones 1.1.0" in answer.text
        assert f"/request?kind=object&amp;subject={row['swhid'].replace(':', '%3A')}" in answer.text
    page = visitor.get("/lookup", params={"q": SCRIPT}).text
    assert "Path" in page
    assert "In Sample stones 1.1.0" in page
    assert visitor.get("/lookup", params={"q": "*" * 100}).status_code == 422
    assert "None of the 2 versions holds it." in visitor.get("/lookup", params={"q": "octocat"}).text


def test_hostile_names_in_a_ledger_stay_text(visitor: Visitor) -> None:
    page = visitor.post("/lookup", files={"file": ("x.py", b"alert = 'x'\n")}).text
    assert escape('/<script>alert("x")</script>', quote=True).replace("&quot;", "&#34;") in page
    assert "<script" not in page
    assert "\\u202e" in page
