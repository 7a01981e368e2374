"""Moderators, over HTTP."""

from __future__ import annotations

import pytest

from drystone.release.read import open_release
from tests.web.pages import Site, Visitor


def filed(here: Site, status: str) -> str:
    """The id of the request behind a status page."""
    found = here.registry.requests.by_token(status.removeprefix("/status/"))
    assert found is not None
    return found.id


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


@pytest.mark.parametrize("place", ["https://example.org:99999/a/b", "https://[::1/a/b"])
def test_a_url_that_is_none_is_named_and_never_a_traceback(visitor: Visitor, place: str) -> None:
    for answer in (visitor.get("/lookup", params={"q": place}),
                   visitor.send("/request", "/request", kind="repository", subject=place)):  # fmt: skip
        assert answer.status_code == 422
        assert "is no URL" in answer.text


def test_who_else_loses_files_and_what_was_shown_stand_where_people_decide(here: Site, visitor: Visitor) -> None:
    rows = [row for table in open_release(here.releases[0]).ledger() for row in table.to_pylist()]
    mine = next(row for row in rows if row["kind"] == "file" and row["swhid"])
    status = Visitor(here.url).ask(subject="nobody/has-this", near="yes")
    assert "Found in 0 of 2 versions served here" in visitor.get(status).text
    request = here.registry.requests.by_token(status.removeprefix("/status/"))
    assert request is not None and request.near
    here.registry.optouts.block(request.id, [mine["swhid"]], "the repository")
    here.registry.requests.challenge(request.id, "file")
    nonce = here.registry.requests.pending(request.id).nonce
    here.registry.requests.verified(nonce, {"place": "https://github.com/nobody/has-this"}, [1])
    visitor.log_in()
    page = visitor.get(f"/queue/{request.id}").text
    assert "Who else would lose files" in page
    assert mine["origin"] in page
    assert "https://github.com/nobody/has-this" in page
    fields = {"place": mine["origin"], "evidence": "ours is of 2001"}
    answer = visitor.send(f"/queue/{request.id}", f"/queue/{request.id}/contest", **fields)
    assert answer.status_code == 200
    assert "ours is of 2001" in answer.text
    assert '<span class="status">contested</span>' in answer.text
    assert request.id in visitor.get("/queue", params={"status": "contested"}).text
