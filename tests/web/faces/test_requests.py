"""Asking for removal, over HTTP."""

from __future__ import annotations

from pathlib import Path

from tests.web.pages import Site, Visitor


def filed(here: Site, status: str) -> str:
    """The id of the request behind a status page."""
    found = here.registry.requests.by_token(status.removeprefix("/status/"))
    assert found is not None
    return found.id


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
