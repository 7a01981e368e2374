"""A requester has a challenge checked from the page: over real HTTP, and never where a server must not go."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from drystone.sources.git.remote import Bounds
from drystone.verification import VISITOR
from drystone.web.sessions import RateLimit
from tests.web.git_server import Elsewhere, Endless, Git, serve
from tests.web.pages import Site, Visitor, site, unlimited

#: As an operator allows who knows the hosts around: the repositories of these tests lie on loopback.
LOOPBACK = replace(VISITOR, private=True)


def git(folder: Path, *arguments: str) -> None:
    author = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *author, "-C", str(folder), *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("hosted")
    bare = root / "ann" / "walls.git"
    bare.mkdir(parents=True)
    git(bare, "init", "-q", "--bare")
    git(bare, "config", "uploadpack.allowFilter", "true")
    work = root / "work"
    work.mkdir()
    git(work, "init", "-q")
    (work / "a.py").write_text("a = 1\n")
    git(work, "add", "-A")
    git(work, "commit", "-qm", "Begin")
    git(work, "remote", "add", "origin", str(bare))
    git(work, "push", "-q", "origin", "main")
    return root


@pytest.fixture(scope="module")
def host(repositories: Path) -> Iterator[str]:
    with serve(Git, root=repositories) as url:
        yield url


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("visits"), reach=LOOPBACK) as running:
        yield running


@pytest.fixture
def asked(here: Site) -> Callable[..., tuple[Visitor, str]]:
    def ask(place: str, method: str = "file", where: Site = here) -> tuple[Visitor, str]:
        visitor = Visitor(where.url)
        status = visitor.ask(subject=place)
        visitor.send(status, f"{status}/challenge", method=method)
        return visitor, status

    return ask


def test_a_file_is_found_once_it_is_pushed(
    here: Site, asked: Callable[..., tuple[Visitor, str]], host: str, repositories: Path
) -> None:
    visitor, status = asked(f"{host}/ann/walls.git")
    early = visitor.send(status, f"{status}/check")
    assert early.status_code == 422
    assert "There is no file .drystone-opt-out" in early.text
    assert "Check now" in early.text
    (line,) = re.findall(r"^    (drystone-opt-out \S+ \S+)$", visitor.get(status).text, re.M)
    work = repositories / "work"
    (work / ".drystone-opt-out").write_text(line + "\n")
    git(work, "add", "-A")
    git(work, "commit", "-qm", "Opt out")
    git(work, "push", "-q", "origin", "main")
    done = visitor.send(status, f"{status}/check")
    assert done.status_code == 200
    assert '<span class="status">verified</span>' in done.text
    assert "Check now" not in done.text
    request = here.registry.requests.get(line.split()[1])
    assert request.verifications[0].evidence["place"] == f"{host}/ann/walls.git"
    again = visitor.post(
        f"{status}/check", {"csrf": visitor.get("/request").text.partition('name="csrf" value="')[2][:64]}
    )
    assert again.status_code == 422
    assert "counts once" in again.text
    assert not here.registry.audit().problems


def test_a_branch_is_found_once_it_is_pushed(
    asked: Callable[..., tuple[Visitor, str]], host: str, repositories: Path
) -> None:
    visitor, status = asked(f"{host}/ann/walls", "branch")
    assert "There is no branch" in visitor.send(status, f"{status}/check").text
    (name,) = re.findall(r"refs/heads/(drystone-opt-out-\w+)", visitor.get(status).text)
    git(repositories / "work", "push", "-q", "origin", f"HEAD:refs/heads/{name}")
    assert '<span class="status">verified</span>' in visitor.send(status, f"{status}/check").text


def test_nothing_is_visited_unless_the_operator_allows_it(tmp_path: Path, host: str) -> None:
    with site(tmp_path) as closed:
        visitor = Visitor(closed.url)
        status = visitor.ask(subject=f"{host}/ann/walls")
        page = visitor.send(status, f"{status}/challenge", method="file").text
        assert "Check now" not in page
        csrf = page.partition('name="csrf" value="')[2][:64]
        assert visitor.post(f"{status}/check", {"csrf": csrf}).status_code == 404


@pytest.mark.parametrize(
    "place",
    [
        "http://127.0.0.1:1/ann/walls",
        "http://localhost:1/ann/walls",
        "http://2130706433:1/ann/walls",
        "http://0x7f.1:1/ann/walls",
        "http://[::1]:1/ann/walls",
        "http://[::ffff:127.0.0.1]:1/ann/walls",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/ann/walls",
        "http://0.0.0.0:1/ann/walls",
    ],
)
def test_only_public_hosts_are_visited(public: Site, place: str) -> None:
    visitor = Visitor(public.url)
    status = visitor.ask(subject=place)
    visitor.send(status, f"{status}/challenge", method="branch")
    answer = visitor.send(status, f"{status}/check")
    assert answer.status_code == 422, answer.text
    assert "is not a public host" in answer.text or "no such host" in answer.text


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("public"), reach=VISITOR) as running:
        yield running


@pytest.mark.parametrize("place", ["ssh://git@127.0.0.1/ann/walls", "git://127.0.0.1/ann/walls"])
def test_other_ways_than_http_are_not_gone(here: Site, place: str) -> None:
    visitor = Visitor(here.url)
    status = visitor.ask(subject=place)
    found = here.registry.requests.by_token(status.removeprefix("/status/"))
    assert found is not None
    here.registry.requests.challenge(found.id, "file")
    answer = visitor.send(status, f"{status}/check")
    assert answer.status_code == 422
    assert "are visited from here" in answer.text or "lies on no server" in answer.text


def test_a_place_without_a_scheme_is_visited_by_https(public: Site) -> None:
    for place in ("git@127.0.0.1:x/y.git", "127.0.0.1/x/y"):
        visitor = Visitor(public.url)
        status = visitor.ask(subject=place)
        visitor.send(status, f"{status}/challenge", method="file")
        answer = visitor.send(status, f"{status}/check")
        assert answer.status_code == 422
        assert "is not a public host" in answer.text


def test_a_folder_of_the_server_is_not_looked_at(here: Site, repositories: Path) -> None:
    visitor = Visitor(here.url)
    status = visitor.ask(subject=f"file://{repositories}/ann/walls.git")
    found = here.registry.requests.by_token(status.removeprefix("/status/"))
    assert found is not None
    here.registry.requests.challenge(found.id, "branch")
    answer = visitor.send(status, f"{status}/check")
    assert answer.status_code == 422
    assert "lies on no server" in answer.text


def test_a_server_cannot_send_us_elsewhere(asked: Callable[..., tuple[Visitor, str]], host: str) -> None:
    with serve(Elsewhere, target=host) as moved:
        visitor, status = asked(f"{moved}/ann/walls", "branch")
        answer = visitor.send(status, f"{status}/check")
        assert answer.status_code == 422
        assert "could not be fetched" in answer.text


@pytest.mark.slow
@pytest.mark.parametrize("silent", [False, True])
def test_a_server_that_never_ends_is_left(tmp_path: Path, silent: bool) -> None:
    hurried = replace(LOOPBACK, bounds=Bounds(3, 1 << 20))
    with serve(Endless, silent=silent) as endless, site(tmp_path, reach=hurried) as here:
        for method in ("file", "branch"):
            visitor = Visitor(here.url)
            status = visitor.ask(subject=f"{endless}/ann/walls")
            visitor.send(status, f"{status}/challenge", method=method)
            begin = time.monotonic()
            answer = visitor.send(status, f"{status}/check")
            assert time.monotonic() - begin < 20
            assert answer.status_code == 422
            assert "could not be fetched" in answer.text or "gave no answer within 3 seconds" in answer.text
            assert here.registry.requests.all()[-1].status == "received"


def test_checking_is_limited(tmp_path: Path, host: str) -> None:
    limits = unlimited()
    limits.checks = RateLimit(4, 600)
    with site(tmp_path, limits, reach=LOOPBACK) as here:
        visitor = Visitor(here.url)
        status = visitor.ask(subject=f"{host}/ann/nothing")
        visitor.send(status, f"{status}/challenge", method="branch")
        answers = [visitor.send(status, f"{status}/check").status_code for _ in range(5)]
        assert answers == [422] * 4 + [429]
