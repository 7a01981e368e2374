"""The walk of a request through the command line: retract, receipt, verify, and no way back in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from drystone import building as room
from drystone.building.engine import Engine
from drystone.building.settings import Settings, sources_from_arguments
from drystone.cli import cli
from drystone.errors import ReleaseError, UsageError
from drystone.registry import NewRequest, Registry, subjects
from drystone.release.read import open_release
from drystone.release.verify import verify
from tests.building.conftest import MIT, program, write


@pytest.fixture
def releases(tmp_path: Path) -> list[Path]:
    """Two versions; a file of `hers` has an exact copy in `theirs`."""
    hers, theirs, later = (tmp_path / "in" / name for name in ("hers", "theirs", "later"))
    write(hers, {"lintel.py": program("lintel"), "LICENSE": MIT})
    write(theirs, {"copied.py": program("lintel"), "jamb.py": program("jamb"), "LICENSE": MIT})
    write(later, {"sill.py": program("sill"), "LICENSE": MIT})
    built = [tmp_path / "walls-1.0", tmp_path / "walls-1.1"]
    first = sources_from_arguments((str(hers), str(theirs)))
    settings = Settings.model_validate({"registry": str(tmp_path / "registry.sqlite")})
    room.build(settings, first, built[0], Engine(threads=1))
    both = [*first, *sources_from_arguments((str(later),))]
    room.build(settings, both, built[1], Engine(threads=1), update=built[0])
    return built


def ask(tmp_path: Path, *wanted: subjects.Subject) -> str:
    with Registry(tmp_path / "registry.sqlite") as registry:
        request, _ = registry.requests.receive(NewRequest(wanted, contact="ada@example.org"))
        registry.requests.vouch(request.id, "moderator", "known in person")
        registry.requests.decide(request.id, "accepted", "moderator")
        return request.id


def run(*arguments: object) -> Any:
    return cli.main([str(a) for a in arguments], standalone_mode=False)


def paths(release: Path) -> set[str]:
    return {row["path"] for row in open_release(release).files()}


def test_the_walk(releases: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    registry = tmp_path / "registry.sqlite"
    assert all("/lintel.py" in paths(r) or "/copied.py" in paths(r) for r in releases)
    request = ask(tmp_path, subjects.repository("folder:hers"))
    run("retract", *releases, "--registry", registry, "--dry-run", "--json", "--quiet")
    assert all("folder" not in json.dumps(o["requests"]) for o in json.loads(capsys.readouterr().out))
    run("receipt", "key", tmp_path / "publisher.key")
    signed = ("--key", tmp_path / "publisher.key", "--receipts", tmp_path / "receipts")
    capsys.readouterr()
    run("retract", *releases, "--registry", registry, *signed, "--json")
    outcomes = json.loads(capsys.readouterr().out)
    assert [o["after"]["version"] for o in outcomes] == ["1.0.1", "1.1.1"]
    assert all(o["requests"][request]["repositories"] == 1 for o in outcomes)
    for release in releases:
        assert paths(release).isdisjoint({"/lintel.py", "/copied.py"}), "the exact copy falls too"
        assert not verify(release).problems
        assert open_release(release).manifest.facts.registry_head is not None
    receipt = tmp_path / "receipts" / f"{request}.json"
    run("receipt", "verify", receipt, "--key", tmp_path / "publisher.key.pub", "--json")
    said = json.loads(capsys.readouterr().out)
    assert [line["now"]["root"] for line in said["searched"]] == [open_release(r).root for r in releases]
    assert said["fell"]["repositories"] == 2
    with Registry(registry) as opened:
        applied = opened.requests.get(request).applications
        assert {a.release_root for a in applied} == {open_release(r).root for r in releases}
        assert not opened.audit().problems
    again = Settings.model_validate({"registry": str(registry)})
    sources = sources_from_arguments(tuple(str(tmp_path / "in" / name) for name in ("hers", "theirs", "later")))
    later = room.build(again, sources, tmp_path / "walls-1.2", Engine(threads=1), update=releases[1])
    assert paths(tmp_path / "walls-1.2").isdisjoint({"/lintel.py", "/copied.py"}), "there is no way back in"
    assert later.facts.opted_out_repositories == 1
    scratch = room.build(again, sources, tmp_path / "scratch", Engine(threads=1))
    assert scratch.root == later.root
    before = receipt.read_bytes()
    run("retract", *releases, "--registry", registry, *signed, "--json")
    assert [o["after"] for o in json.loads(capsys.readouterr().out)] == [None, None]
    assert receipt.read_bytes() == before, "the same command again says the same"
    receipt.unlink()
    run("retract", *releases, "--registry", registry, *signed, "--quiet")
    assert json.loads(receipt.read_text())["searched"] == said["searched"]


def test_an_old_copy_is_told_to_be_retracted(
    releases: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import shutil

    old = shutil.copytree(releases[0], tmp_path / "copy")
    ask(tmp_path, subjects.repository("folder:hers"))
    run("verify", old, "--against", releases[1], "--quiet")
    assert "This version is superseded. Its successor is 1.1.0" in capsys.readouterr().out
    run("retract", *releases, "--registry", tmp_path / "registry.sqlite", "--quiet")
    capsys.readouterr()
    with pytest.raises(SystemExit) as stopped:
        run("verify", old, "--against", releases[0])
    assert stopped.value.code == 1
    assert "This version is retracted: do not use it any more. Its successor is 1.0.1" in capsys.readouterr().out


def test_misuse(releases: list[Path], tmp_path: Path) -> None:
    registry = tmp_path / "registry.sqlite"
    with pytest.raises(UsageError, match="belong together"):
        run("retract", releases[0], "--registry", registry, "--receipts", tmp_path / "r")
    with pytest.raises(UsageError, match="YYYY-MM-DD"):
        run("retract", releases[0], "--registry", registry, "--date", "today")
    with pytest.raises(ReleaseError, match="is not a folder"):
        run("retract", tmp_path / "nowhere", "--registry", registry)
