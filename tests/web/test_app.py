"""The whole application: whatever is typed stays text."""

from __future__ import annotations

import pytest
import requests

from tests.web.pages import Site, Visitor

HOSTILE = (
    '"><script>alert(1)</script>',
    "'; DROP TABLE optout_requests; --",
    "1 OR 1=1",
    "../../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "{{ 1234567 * 7654321 }}",
    "{% raw %}",
    "\u202egnp.exe",
    "x" * 2048,
    "%00",
    "javascript:alert(1)",
    "a@b.c\r\nSet-Cookie: x=y",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_every_field_stays_text(here: Site, visitor: Visitor, text: str) -> None:
    before = len(here.registry.requests.all())
    pages = [
        visitor.get("/lookup", params={"q": text}),
        visitor.get("/", params={"q": text}),
        visitor.get("/request", params={"kind": text, "subject": text}),
        visitor.get(f"/status/{requests.utils.quote(text, safe='')}"),
        visitor.get(f"/queue/{requests.utils.quote(text, safe='')}"),
        visitor.post("/lookup", files={"file": (text.replace("\r\n", " "), b"x")}),
        visitor.send("/login", "/login", name=text, password=text),
    ]
    for kind in ("repository", "owner", "path", "object", "author"):
        pages.append(
            visitor.send("/request", "/request", kind=kind, subject=text, prefix=text, contact=text, words=text)
        )
    for page in pages:
        assert page.status_code < 500, (page.url, page.text)
        assert "<script" not in page.text
        assert "9449772114007" not in page.text, "a template was evaluated"
        assert "root:x:" not in page.text
        assert "x=y" not in str(page.headers)
        assert "\u202e" not in page.text
    assert len(here.registry.requests.all()) >= before
    assert not here.registry.audit().problems
