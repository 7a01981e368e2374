"""`drystone optout` and `drystone registry`: the whole way of a request, as a newcomer would go it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

import drystone
from drystone.cli.building.build import command as build
from drystone.cli.governing.optout import command as optout
from drystone.cli.governing.registry import command as registry_command
from drystone.errors import DrystoneError, RegistryError, UsageError
from drystone.registry import Registry
from drystone.release.manifest import read_manifest
from tests.building.conftest import MIT, git, program, write


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DRYSTONE_REGISTRY", str(tmp_path / "registry.sqlite"))
    monkeypatch.setenv("DRYSTONE_MODERATOR", "mo")
    drystone.init_registry()
    return str(tmp_path / "registry.sqlite")


def said(result: Result) -> Any:
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.stdout)


def test_the_way_of_a_request(run: Callable[..., Result], registry: str, tmp_path: Path) -> None:
    walls, fences, release = tmp_path / "walls", tmp_path / "fences", tmp_path / "release"
    walls.mkdir()
    git(walls, "init", "-q")
    write(walls, {"LICENSE": MIT, "stack.py": program("stack"), "old.py": program("old")})
    git(walls, "add", "-A")
    git(walls, "commit", "-qm", "Begin")
    git(walls, "rm", "-q", "old.py")
    git(walls, "commit", "-qm", "Less")
    write(fences, {"LICENSE": MIT, "copy.py": program("stack"), "old.py": program("old"), "own.py": program("own")})
    arguments = [walls, fences, "-o", release, "--quiet", "--json", "--threads", 1]
    said(run(build, *arguments))
    assert read_manifest(release).counts.kept == 3

    asked = said(run(optout, "request", "--repository", "git:walls", "--contact", "ann@example.org", "--json"))
    id_ = asked["id"]
    assert len(asked["token"]) >= 32
    told = said(run(optout, "verify", id_, "--method", "file", "--json"))
    result = run(optout, "verify", id_, "--check", "--at", walls)
    assert isinstance(result.exception, DrystoneError)
    write(walls, {".drystone-opt-out": told["statement"] + "\n"})
    git(walls, "add", "-A")
    git(walls, "commit", "-qm", "Opt out")
    assert said(run(optout, "verify", id_, "--check", "--at", walls, "--json"))["status"] == "verified"
    assert "accepted" in run(optout, "decide", id_[:6], "accepted").output
    assert said(run(optout, "inventory", id_, walls, "--json"))["new"][str(walls)] == 4

    said(run(build, *arguments, "--replace"))
    shown = said(run(optout, "show", id_, "--contact", "--json"))
    assert shown["applications"][0]["occurrences"] == 2  # a licence's text is nobody's work
    assert shown["contact"]["contact"] == "ann@example.org"
    manifest = read_manifest(release)
    assert (manifest.counts.opted_out_repositories, manifest.counts.kept) == (1, 1)
    found = said(run(registry_command, "audit", release, "--json"))
    assert found["whole"]
    assert found["release_head"] == manifest.facts.registry_head
    human = run(optout, "show", id_)
    assert "ann@example.org" not in human.output
    assert "applied" in human.output
    assert "erased" in run(optout, "erase", id_).output
    assert said(run(optout, "show", id_, "--contact", "--json"))["contact"] == {}

    said(run(optout, "withdraw", id_, "--by", "ann", "--json"))
    said(run(build, *arguments, "--replace"))
    assert read_manifest(release).counts.opted_out_repositories == 0
    assert said(run(registry_command, "audit", release, "--json"))["whole"]


def test_an_inventory_lists_what_is_asked_for_and_leaves_no_clone(
    run: Callable[..., Result], registry: str, tmp_path: Path
) -> None:
    walls = tmp_path / "walls"
    walls.mkdir()
    git(walls, "init", "-q")
    write(walls, {"src/a.py": "a = 1\n", "src/b.py": "b = 1\n", "srcs/c.py": "c = 1\n"})
    git(walls, "add", "-A")
    git(walls, "commit", "-qm", "Begin")
    git(tmp_path, "clone", "-q", "--bare", "walls", "hosted.git")
    ids = {
        options: said(run(optout, "request", *options, "--json"))["id"]
        for options in (("--repository", "git:hosted"), ("--path", "git:hosted", "src"),
                        ("--swhid", "swh:1:cnt:" + "ab" * 20))
    }  # fmt: skip
    counts = {}
    for options, id_ in ids.items():
        done = run(
            optout, "inventory", id_, f"git+{(tmp_path / 'hosted.git').as_uri()}", "--cache", tmp_path / "c", "--json"
        )
        counts[options[0]] = next(iter(said(done)["new"].values())) if done.exit_code == 0 else done.exception
    assert (counts["--repository"], counts["--path"]) == (3, 2)
    assert isinstance(counts["--swhid"], UsageError)
    assert list((tmp_path / "c" / "git").iterdir()) == []


def test_lists_say_what_is_late_by_their_status(run: Callable[..., Result], registry: str, tmp_path: Path) -> None:
    said(
        run(
            optout, "request", "--owner", "ann", "--path", "ben/x", "src", "--swhid", "swh:1:cnt:" + "ab" * 20, "--json"
        )
    )
    assert run(optout, "list", "--overdue").exit_code == 0
    old = [{"id": "R-0LD", "status": "received", "received_at": "2020-01-01T00:00:00+00:00", "forks": True,
            "copies": True, "source": None, "decisions": [],
            "subjects": [{"kind": "owner", "value": "github.com/eve", "prefix": None, "place": "eve"}]}]  # fmt: skip
    (tmp_path / "old.jsonl").write_text("".join(json.dumps(row) + "\n" for row in old))
    assert len(said(run(optout, "import", tmp_path / "old.jsonl", "--json"))["imported"]) == 1
    late = run(optout, "list", "--overdue")
    assert late.exit_code == 1
    assert "OVERDUE" in late.output
    rows = [json.loads(line) for line in run(optout, "list", "--json").stdout.splitlines()]
    assert [len(row["subjects"]) for row in rows] == [1, 3]
    assert run(optout, "list", "--status", "accepted", "--json").stdout == ""


def test_bigcode_in_and_out(run: Callable[..., Result], registry: str, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(
        '{"issue": 7, "author": "ann", "optout_repos": ["ann/x"], "optout_owners": []}\n'
    )
    assert len(said(run(optout, "import", tmp_path / "in.jsonl", "--json"))["imported"]) == 1
    row = json.loads(run(optout, "export", "--format", "bigcode").stdout)
    assert row["optout_repos"] == ["ann/x"]
    assert said(run(optout, "export", tmp_path / "out.jsonl", "--json")) == {"exported": 1}
    (tmp_path / "bad.jsonl").write_bytes(b"\xff\xfe{")
    assert isinstance(run(optout, "import", tmp_path / "bad.jsonl").exception, RegistryError)


def test_places_and_the_log(run: Callable[..., Result], registry: str) -> None:
    event = said(run(optout, "place", "rename", "ann", "anna", "--json"))["event"]
    said(run(optout, "place", "fork", "ben/x", "ann/x", "--json"))
    assert "github.com/ann -> github.com/anna" in run(optout, "places").output
    left = run(optout, "places", "--remove", event, "--json").stdout.splitlines()
    assert [json.loads(line)["kind"] for line in left] == ["fork"]
    log = [json.loads(line) for line in run(registry_command, "log", "--json").stdout.splitlines()]
    assert [e["kind"] for e in log] == ["place_recorded", "place_recorded", "place_removed"]
    assert len(run(registry_command, "log").output.splitlines()) == 3


def test_an_altered_registry_fails_its_audit(run: Callable[..., Result], registry: str) -> None:
    said(run(optout, "request", "--owner", "ann", "--json"))
    with Registry.open(registry) as opened, opened._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE subjects SET value = 'github.com/eve'")
    found = run(registry_command, "audit")
    assert found.exit_code == 1
    assert "PROBLEM" in found.output
    assert not json.loads(run(registry_command, "audit", "--json").stdout)["whole"]


def test_keys(run: Callable[..., Result], registry: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said(run(optout, "request", "--owner", "ann", "--contact", "ann@example.org", "--json"))
    monkeypatch.setenv("DRYSTONE_REGISTRY_KEY", run(registry_command, "key").stdout.strip())
    assert said(run(registry_command, "encrypt", "--json")) == {"encrypted": 1}


@pytest.mark.parametrize(
    "arguments",
    [
        ["request"],
        ["request", "--repository", "owner"],
        ["request", "--path", "a/b", "../c"],
        ["verify", "R-XXXX"],
        ["verify", "R-XXXX", "--check", "--manual"],
        ["show", "x"],
        ["withdraw", "R-XXXX"],
    ],
)
def test_misuse_is_told(run: Callable[..., Result], registry: str, arguments: list[str]) -> None:
    Registry.open(registry).close()
    result = run(optout, *arguments)
    assert isinstance(result.exception, UsageError), result.output


def test_credentials_in_a_url_are_nowhere(run: Callable[..., Result], registry: str, tmp_path: Path) -> None:
    said(run(optout, "request", "--repository", "https://user:s3cret-token@github.com/ann/x?t=s3cret-token", "--json"))
    assert all(b"s3cret" not in file.read_bytes() for file in tmp_path.iterdir())


def test_a_registry_that_is_named_must_be_there(run: Callable[..., Result], registry: str, tmp_path: Path) -> None:
    misspelt = tmp_path / "new" / "regisrty.sqlite"
    for command, *arguments in (
        (optout, "list"),
        (optout, "request", "--owner", "ann"),
        (registry_command, "audit"),
    ):
        assert "no registry there" in str(run(command, "--registry", misspelt, *arguments).exception)
    assert not misspelt.parent.exists()
    assert run(registry_command, "--registry", misspelt, "init").output == f"made {misspelt}\n"
    assert said(run(registry_command, "--registry", misspelt, "audit", "--json"))["events"] == 0
    said(run(optout, "--registry", misspelt, "request", "--owner", "ann", "--json"))
    assert "there already" in str(run(registry_command, "--registry", misspelt, "init").exception)
