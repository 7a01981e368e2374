"""A database that goes away while pages are served: a clear page, nothing half-applied, and it goes on afterwards."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.registry.conftest import PostgreSQL, postgresql  # noqa: F401 -- a fixture
from tests.web.pages import Site, Visitor, site


def try_everything(here: Site, visitor: Visitor, moderator: Visitor, status: str, request: str) -> None:
    """Everything that touches the registry answers 503; what does not goes on."""
    form = {"csrf": visitor.get("/request").text.partition('name="csrf" value="')[2][:64]}
    mine = {"csrf": moderator.get("/request").text.partition('name="csrf" value="')[2][:64]}
    answers = [
        visitor.get(status),
        visitor.post("/request", {**form, "kind": "repository", "subject": "octocat/lost"}),
        visitor.post(f"{status}/withdraw", {**form, "sure": "yes"}),
        visitor.post(f"{status}/challenge", {**form, "method": "file"}),
        moderator.get("/queue"),
        moderator.get(f"/queue/{request}"),
        moderator.post(f"/queue/{request}/vouch", {**mine, "note": "lost"}),
        moderator.post(f"/queue/{request}/decide", {**mine, "outcome": "rejected", "reason": "lost", "seen": "1"}),
    ]
    for answer in answers:
        assert answer.status_code == 503, (answer.url, answer.text)
        assert "cannot be read or recorded at the moment" in answer.text
        assert "content-security-policy" in answer.headers
        assert int(answer.headers["retry-after"]) > 0
        for secret in ("registry.sqlite", "127.0.0.1:", "Traceback", "SELECT"):
            assert secret not in answer.text.replace(here.url, "")
    assert visitor.get("/lookup", params={"q": "example.org/own"}).status_code == 200


def begin(here: Site) -> tuple[Visitor, Visitor, str, str]:
    visitor, moderator = Visitor(here.url), Visitor(here.url)
    status = visitor.ask(subject="octocat/there")
    moderator.log_in()
    return visitor, moderator, status, here.registry.requests.all()[-1].id


def goes_on(here: Site, visitor: Visitor, moderator: Visitor, status: str, request: str, before: int) -> None:
    assert len(here.registry.events.all()) == before, "nothing of what was refused was recorded"
    assert visitor.get(status).status_code == 200
    assert moderator.send(f"/queue/{request}", f"/queue/{request}/vouch", note="known").status_code == 200
    assert moderator.send(f"/queue/{request}", f"/queue/{request}/decide", outcome="accepted").status_code == 200
    assert here.registry.requests.get(request).status == "accepted"
    assert not here.registry.audit().problems


def test_a_server_is_stopped_and_started_again(tmp_path: Path, postgresql: PostgreSQL) -> None:  # noqa: F811
    with site(tmp_path, place=postgresql.database()) as here:
        visitor, moderator, status, request = begin(here)
        before = len(here.registry.events.all())
        postgresql.stop()
        try:
            try_everything(here, visitor, moderator, status, request)
        finally:
            postgresql.start()
        goes_on(here, visitor, moderator, status, request, before)


def test_a_file_is_removed_and_put_back(tmp_path: Path) -> None:
    with site(tmp_path) as here:
        visitor, moderator, status, request = begin(here)
        before = len(here.registry.events.all())
        (tmp_path / "away").mkdir()
        files = list(tmp_path.glob("registry.sqlite*"))
        for file in files:
            file.rename(tmp_path / "away" / file.name)
        try_everything(here, visitor, moderator, status, request)
        assert not (tmp_path / "registry.sqlite").exists()
        for file in files:
            (tmp_path / "away" / file.name).rename(file)
        goes_on(here, visitor, moderator, status, request, before)


def test_a_file_is_held_by_another_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drystone.registry.storage.sqlite.PATIENCE", 0.2)
    with site(tmp_path) as here:
        visitor, moderator, status, request = begin(here)
        before = len(here.registry.events.all())
        holder = sqlite3.connect(tmp_path / "registry.sqlite", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        csrf = visitor.get("/request").text.partition('name="csrf" value="')[2][:64]
        lost = visitor.post("/request", {"csrf": csrf, "kind": "repository", "subject": "octocat/lost"})
        assert lost.status_code == 503
        assert visitor.get(status).status_code == 200, "reading waits for nobody"
        holder.execute("ROLLBACK")
        holder.close()
        goes_on(here, visitor, moderator, status, request, before)
