"""The pages about releases over HTTP: what they show, and what they do not let happen."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from html import escape
from pathlib import Path

import pytest
import requests

from drystone.release.read import open_release
from drystone.web.sessions import RateLimit
from drystone.web.state import RateLimits
from drystone.web.verbs import MAX_BODY
from tests.web.pages import PASSWORD, SCRIPT, Site, Visitor, site, unlimited


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("pages")) as running:
        yield running


@pytest.fixture
def visitor(here: Site) -> Visitor:
    return Visitor(here.url)


def filed(here: Site, status: str) -> str:
    """The id of the request behind a status page."""
    found = here.registry.requests.by_token(status.removeprefix("/status/"))
    assert found is not None
    return found.id


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
    assert "None of the 2 versions holds it." in visitor.get("/lookup", params={"q": "octocat"}).text


def test_the_whole_way_of_a_request(here: Site, visitor: Visitor) -> None:
    status = visitor.ask(
        subject="HTTPS://github.com/Octocat/Hello-World.git", contact="ada@example.org", words="mine\nall"
    )
    page = visitor.get(status).text
    assert "repository <code>github.com/octocat/hello-world</code>" in page
    assert "ada@example.org" not in page
    assert len(status.removeprefix("/status/")) >= 32
    answer = visitor.send(status, f"{status}/challenge", method="file")
    assert "Challenge " in answer.text or ".drystone-opt-out" in answer.text
    request = filed(here, status)
    moderator = Visitor(here.url)
    moderator.log_in()
    assert request in moderator.get("/queue").text
    shown = moderator.get(f"/queue/{request}").text
    assert "ada@example.org" in shown
    early = moderator.send(f"/queue/{request}", f"/queue/{request}/decide", outcome="accepted")
    assert early.status_code == 422
    assert "is not verified yet" in early.text
    moderator.send(f"/queue/{request}", f"/queue/{request}/vouch", note="known in person")
    done = moderator.send(f"/queue/{request}", f"/queue/{request}/decide", outcome="accepted")
    assert done.status_code == 200
    found = here.registry.requests.get(request)
    assert (found.status, found.decisions[-1].moderator) == ("accepted", "ada")
    assert here.registry.optouts.snapshot().repository("git@github.com:octocat/hello-world") == request
    assert '<span class="status">accepted</span>' in visitor.get(status).text
    assert visitor.send(status, f"{status}/withdraw", sure="yes").status_code == 200
    assert here.registry.requests.get(request).status == "withdrawn"


def test_two_moderators_deciding_at_once(here: Site, visitor: Visitor) -> None:
    request = filed(here, visitor.ask(subject="octocat/at-once"))
    one, two = Visitor(here.url), Visitor(here.url)
    for each in (one, two):
        each.log_in()
    one.send(f"/queue/{request}", f"/queue/{request}/vouch", note="known")
    import re

    page = two.get(f"/queue/{request}").text
    seen = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    assert one.send(f"/queue/{request}", f"/queue/{request}/decide", outcome="accepted").status_code == 200
    late = two.post(f"/queue/{request}/decide", {**seen, "outcome": "rejected", "reason": "no"})
    assert late.status_code == 409
    assert "something happened since you looked at it" in late.text
    assert here.registry.requests.get(request).status == "accepted"


def test_wrong_requests_come_back_with_what_was_typed(visitor: Visitor) -> None:
    for form, said in (
        ({"kind": "path", "subject": "octocat/x", "prefix": "../../etc"}, "leads upwards"),
        ({"kind": "repository", "subject": "octocat"}, "names an owner or a host"),
        ({"kind": "owner", "subject": "\u043ectocat"}, "only looks like a letter"),
        ({"kind": "object", "subject": "swh:1:cnt:12"}, ""),
        ({"kind": "author", "subject": "nobody"}, "An author is an e-mail address"),
        ({"kind": "nothing", "subject": "x/y"}, "choose one of the list"),
    ):
        answer = visitor.send("/request", "/request", **form, words="please keep this")
        assert answer.status_code == 422, form
        assert said in answer.text
        assert "please keep this" in answer.text


def test_credentials_in_a_url_are_neither_stored_nor_shown(here: Site, visitor: Visitor) -> None:
    status = visitor.ask(subject="https://ada:s3cr3t-value@github.com/octocat/private")
    assert "s3cr3t-value" not in visitor.get(status).text
    assert b"s3cr3t-value" not in Path(str(here.registry._engine.url.database)).read_bytes()
    assert "s3cr3t-value" not in visitor.get("/lookup", params={"q": "https://ada:s3cr3t-value@github.com/a/b"}).text


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


def test_hostile_names_in_a_ledger_stay_text(visitor: Visitor) -> None:
    page = visitor.post("/lookup", files={"file": ("x.py", b"alert = 'x'\n")}).text
    assert escape('/<script>alert("x")</script>', quote=True).replace("&quot;", "&#34;") in page
    assert "<script" not in page
    assert "\\u202e" in page


def test_a_form_from_elsewhere_is_refused(here: Site, visitor: Visitor) -> None:
    form = {"kind": "repository", "subject": "octocat/forged"}
    visitor.get("/request")
    other = Visitor(here.url)
    theirs = other.get("/request").text.partition('name="csrf" value="')[2][:64]
    mine = visitor.get("/request").text.partition('name="csrf" value="')[2][:64]
    before = len(here.registry.requests.all())
    assert visitor.post("/request", form).status_code == 422
    assert visitor.post("/request", {**form, "csrf": ""}).status_code == 422
    assert visitor.post("/request", {**form, "csrf": theirs}).status_code == 403
    assert visitor.post("/request", {**form, "csrf": "\u00e9" * 64}).status_code == 403
    assert Visitor(here.url).post("/request", {**form, "csrf": mine}).status_code == 403
    forged = visitor.post("/request", {**form, "csrf": mine}, headers={"Origin": "https://evil.example"})
    assert forged.status_code == 403
    assert visitor.post("/request", {**form, "csrf": mine}, headers={"Origin": "null"}).status_code == 403
    assert len(here.registry.requests.all()) == before
    assert visitor.post("/request", {**form, "csrf": mine}, headers={"Origin": here.url}).status_code == 200


def test_nothing_of_the_queue_without_a_login(here: Site, visitor: Visitor) -> None:
    request = filed(here, visitor.ask(subject="octocat/guarded"))
    csrf = visitor.get("/login").text.partition('name="csrf" value="')[2][:64]
    for path in ("/queue", f"/queue/{request}"):
        answer = visitor.get(path, allow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        assert "octocat/guarded" not in answer.text
    for path in ("vouch", "decide"):
        form = {"csrf": csrf, "note": "x", "outcome": "rejected", "reason": "x", "seen": "1"}
        answer = visitor.post(f"/queue/{request}/{path}", form, allow_redirects=False)
        assert answer.status_code == 303
    assert here.registry.requests.get(request).status == "received"


def test_a_session_is_new_at_login_and_gone_after_logout(here: Site, visitor: Visitor) -> None:
    visitor.get("/login")
    before = visitor.session.cookies["drystone"]
    visitor.log_in()
    after = visitor.session.cookies["drystone"]
    assert before != after
    stale = Visitor(here.url)
    stale.session.cookies.set("drystone", before)
    assert stale.get("/queue", allow_redirects=False).status_code == 303
    visitor.send("/queue", "/logout")
    stale.session.cookies.set("drystone", after)
    assert stale.get("/queue", allow_redirects=False).status_code == 303


def test_headers_and_cookies(here: Site, visitor: Visitor) -> None:
    answer = visitor.get("/")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "server" not in answer.headers
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "<script" not in answer.text
    for path in ("/nothing", "/status/unknown", "/queue/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/docs"):
        answer = visitor.get(path)
        assert answer.status_code == 404, path
        assert "content-security-policy" in answer.headers


def test_ten_megabytes(here: Site, visitor: Visitor) -> None:
    assert visitor.post("/lookup", files={"file": ("a.bin", b"\xff" * (MAX_BODY - 4096))}).status_code == 200
    over = visitor.post("/lookup", files={"file": ("a.bin", b"x" * (MAX_BODY + 1))})
    assert over.status_code == 413
    assert "Look a larger file up by its SWHID" in over.text
    assert visitor.post("/request", {"words": "x" * (MAX_BODY + 1)}).status_code == 413
    long = visitor.send("/request", "/request", kind="repository", subject="a/b", words="x" * 900_000)
    assert long.status_code == 422

    def endless() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(300):
            yield b"x" * 65536

    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    try:
        answer = requests.post(f"{here.url}/lookup", data=endless(), headers=kind, timeout=30)
        assert answer.status_code == 413
    except requests.ConnectionError:
        pass  # closed before all was sent
    assert visitor.get("/").status_code == 200


def test_half_a_request_does_not_hold_the_others(here: Site, visitor: Visitor) -> None:
    host, port = here.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(b"POST /lookup HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nxx")
        assert visitor.get("/").status_code == 200


def test_brute_force_is_slowed_down(tmp_path: Path) -> None:
    limits = unlimited()
    limits.logins, limits.names, limits.misses = RateLimit(6, 300), RateLimit(4, 900), RateLimit(5, 300)
    limits.requests, limits.lookups = RateLimit(2, 3600), RateLimit(3, 60)
    with site(tmp_path, limits) as here:
        guesser = Visitor(here.url)
        answers = [guesser.send("/login", "/login", name="ada", password=f"guess {n}") for n in range(5)]
        assert [a.status_code for a in answers] == [401, 401, 401, 401, 429]
        assert int(answers[-1].headers["retry-after"]) > 60
        right = guesser.send("/login", "/login", name="ada", password=PASSWORD)
        assert right.status_code == 429, "the right password does not tell either"
        tokens = [guesser.get(f"/status/{n:032d}").status_code for n in range(7)]
        assert tokens == [404] * 5 + [429] * 2
        assert [guesser.get("/lookup", params={"q": "a"}).status_code for _ in range(4)] == [200] * 3 + [429]
        asked = [
            guesser.send("/request", "/request", kind="repository", subject=f"a/{n}").status_code for n in range(3)
        ]
        assert asked == [200, 200, 429]
        assert len(here.registry.requests.all()) == 2


def test_limits_keep_their_defaults_within_reason() -> None:
    limits = RateLimits()
    assert limits.logins.wait("a") == 0
    assert sum(limits.names.wait("ada") == 0 for _ in range(50)) == 10
    assert sum(limits.requests.wait("1.2.3.4") == 0 for _ in range(50)) == 20
