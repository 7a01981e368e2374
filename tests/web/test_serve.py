"""`drystone serve`: readers and releases in one process, tokens on every page of both."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

import drystone
from drystone.cli import cli
from drystone.errors import UsageError
from drystone.release.inspection.browse import Watched, named
from drystone.web.tokens import read_tokens
from drystone.web.verbs import serve
from tests.web.conftest import running
from tests.web.pages import Visitor, releases

PAIR = {"question": "When was it found?", "context": "A heap is an array. It was found in 1964 by Williams."}


def test_readers_and_releases_in_one_process(small: Path, tmp_path: Path) -> None:
    first, second = releases(tmp_path)
    arguments = ["--model", f"small={small}", "--release", str(first), "--release", str(second)]
    arguments += [
        "--registry",
        drystone.init_registry(str(tmp_path / "registry.sqlite")),
        "--cache",
        str(tmp_path / "cache"),
    ]
    with running(*arguments) as server:
        visitor = Visitor(server.url)
        home = visitor.get("/").text
        links = (f"/releases/{first.name}", f"/releases/{second.name}", "/ask")
        for part in ("Am I in it?", *links, "Ask for removal"):
            assert part in home
        assert "Sample stones" in visitor.get(f"/releases/{second.name}").text
        assert visitor.get("/ask").status_code == visitor.get("/passage").status_code == 200
        assert 'href="/passage"' in visitor.get("/ask").text
        assert requests.post(f"{server.url}/", json={"inputs": PAIR}, timeout=30).json()["answer"] in PAIR["context"]
        visitor.ask()
        counted = visitor.get("/metrics").text
        assert 'drystone_requests_total{route="/releases/{name}",status="200"} 1.0' in counted
        assert 'drystone_pairs_total{model="small"} 1.0' in counted
        assert "/v1/answer" in visitor.get("/docs").text
        assert "cdn" not in visitor.get("/docs").text


def test_tokens_hold_on_every_page(small: Path, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("secret-one\nsecret-two\n")
    (release, _) = releases(tmp_path)
    arguments = ["--model", f"small={small}", "--release", str(release), "--tokens", str(tokens)]
    arguments += [
        "--registry",
        drystone.init_registry(str(tmp_path / "registry.sqlite")),
        "--cache",
        str(tmp_path / "cache"),
    ]
    with running(*arguments) as server:
        visitor = Visitor(server.url)
        pages = [
            "/",
            "/ask",
            "/passage",
            "/docs",
            "/releases",
            f"/releases/{release.name}",
            "/lookup?q=a",
            "/request",
            "/openapi.json",
            "/v2",
        ]
        for page in pages:
            answer = visitor.get(page)
            assert answer.status_code == 401, page
            assert answer.headers["www-authenticate"] == "Bearer"
            assert "Sample stones</a>" not in answer.text.partition("<main")[2]
            bearer = {"Authorization": "Bearer secret-two"}
            assert requests.get(server.url + page, headers=bearer, timeout=30).status_code == 200, page
        assert requests.post(f"{server.url}/v1/answer", json={"inputs": PAIR}, timeout=30).status_code == 401
        for open_ in ("/health", "/v2/health/ready", "/v2/models/small/ready", "/metrics", "/style.css"):
            assert requests.get(server.url + open_, timeout=30).status_code == 200, open_
        assert visitor.send("/passage", "/token", token="wrong").status_code == 401
        answer = visitor.send(f"/releases/{release.name}", "/token", token="secret-one")
        assert answer.url == f"{server.url}/releases/{release.name}", "on where one was"
        for page in pages:
            assert visitor.get(page).status_code == 200
        stranger = Visitor(server.url)
        csrf = stranger.get("/").text.partition('name="csrf" value="')[2][:64]
        for target in ("https://evil.example", "//evil.example", "/\\evil.example", "/\r\nx: y"):
            form = {"csrf": csrf, "token": "secret-one", "target": target}
            sent = stranger.session.post(f"{server.url}/token", form, allow_redirects=False, timeout=30)
            assert sent.headers["location"] == "/", target
            csrf = stranger.get("/request").text.partition('name="csrf" value="')[2][:64]


def test_what_cannot_be_served_is_said(small: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="give --model"):
        serve()
    with pytest.raises(UsageError, match="are about releases"):
        serve([str(small)], visit="public")
    with pytest.raises(UsageError, match="two models are called"):
        serve([str(small), str(small)])
    empty = tmp_path / "empty"
    empty.write_text("\n \n")
    with pytest.raises(UsageError, match="holds no token"):
        read_tokens(empty)
    for arguments in (["serve"], ["serve", "--release", str(tmp_path), "--registry", str(tmp_path / "r.sqlite")]):
        done = CliRunner().invoke(cli, arguments)
        assert done.exit_code in (1, 2)
        assert "Traceback" not in done.output


def test_addresses_are_named_after_folders(tmp_path: Path, sample_watched: Watched) -> None:
    places = [tmp_path / "a" / "walls 1.0", tmp_path / "b" / "walls 1.0", tmp_path / "\u4f60", tmp_path / "..."]
    assert list(named((place, sample_watched) for place in places)) == [
        "walls-1.0",
        "walls-1.0-2",
        "release",
        "release-2",
    ]


@pytest.fixture
def sample_watched(tmp_path: Path) -> Watched:
    return Watched(releases(tmp_path / "releases")[0], tmp_path / "cache")
