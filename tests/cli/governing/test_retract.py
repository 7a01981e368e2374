"""The walk of a request through the command line: retract, receipt, verify, and no way back in."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from drystone import building as room
from drystone.building.settings import Settings, sources_from_arguments
from drystone.cli import cli
from drystone.errors import ReleaseError, UsageError
from drystone.identity.hashes import Tree, blob_hash
from drystone.registry import NewRequest, Registry
from drystone.registry.requests import subjects
from drystone.release.checking.verify import verify
from drystone.release.read import open_release
from drystone.work.engine import Engine
from tests.building.conftest import MIT, git, program, write


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
    releases: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the registry, by what lies beside it, or by what is named: each is enough alone."""
    (tmp_path / "elsewhere").mkdir()
    old = Path(shutil.copytree(releases[0], tmp_path / "elsewhere" / "copy"))
    registry = tmp_path / "registry.sqlite"
    run("verify", old)
    assert "superseded" not in capsys.readouterr().out, "nobody who could know was asked"
    told = "This version is superseded. Its successor is 1.1.0"
    for named in (("--against", releases[1]), ("--registry", registry)):
        run("verify", old, "--quiet", *named)
        assert told in capsys.readouterr().out, named
    ask(tmp_path, subjects.repository("folder:hers"))
    run("retract", *releases, "--registry", registry, "--quiet")
    monkeypatch.setenv("DRYSTONE_REGISTRY", str(registry))
    asked_by_default = (
        lambda: None,
        lambda: shutil.copyfile(registry, tmp_path / "elsewhere" / "drystone-registry.sqlite"),
        lambda: shutil.copytree(releases[0] / "tombstones", old / "tombstones"),
        lambda: shutil.copytree(releases[0], tmp_path / "elsewhere" / "beside"),
    )
    for number, prepare in enumerate(asked_by_default):
        prepare()
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            run("verify", old, "--quick")
        assert stopped.value.code == 1, number
        assert "This version is retracted: do not use it any more. Its successor is 1." in capsys.readouterr().out
        monkeypatch.delenv("DRYSTONE_REGISTRY", raising=False)
        for left in ("drystone-registry.sqlite", "copy/tombstones", "beside"):
            path = tmp_path / "elsewhere" / left
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    with pytest.raises(UsageError, match="no registry there"):
        run("verify", old, "--quick", "--registry", tmp_path / "nowhere.sqlite")


def test_a_directory_below_the_root_falls_wherever_it_lies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inside = {"lib/a.py": program("a"), "lib/deep/b.py": program("b")}
    write(tmp_path / "in/hers", {**inside, "c.py": program("c"), "LICENSE": MIT})
    write(tmp_path / "in/theirs", {**{f"vendor/{k}": v for k, v in inside.items()}, "d.py": program("d")})
    (tmp_path / "in/broken/lib").mkdir(parents=True)
    (tmp_path / "in/broken/lib/nothing").mkdir()
    write(tmp_path / "in/broken", {**inside, "e.py": program("e")})
    (tmp_path / "in/broken/big.py").write_bytes(b"#" * 3_000_000)
    registry = tmp_path / "registry.sqlite"
    settings = Settings.model_validate({"registry": str(registry), "limits": {"max_file_bytes": 1_000_000}})
    sources = sources_from_arguments(tuple(str(tmp_path / "in" / name) for name in ("hers", "theirs", "broken")))
    room.build(settings, sources, tmp_path / "release", Engine(threads=1))
    tree = Tree()
    for path, text in inside.items():
        tree.add(path.removeprefix("lib/").encode(), 0o100644, blob_hash(text.encode()))
    request = ask(tmp_path, subjects.object_(f"swh:1:dir:{tree.hash().hex()}"))
    run("retract", tmp_path / "release", "--registry", registry, "--json")
    (said,) = json.loads(capsys.readouterr().out)
    assert said["requests"][request]["occurrences"] == 6
    assert len(said["repositories_with_unknown_directories"]) == 1, "an empty folder is not in the ledger"
    after = {f"{r['origin']}{r['path']}": r for t in open_release(tmp_path / "release").ledger() for r in t.to_pylist()}
    gone = {name for name, row in after.items() if row["reason"] == "opted_out"}
    assert gone == {
        "folder:hers/lib/a.py", "folder:hers/lib/deep/b.py",
        "folder:theirs/vendor/lib/a.py", "folder:theirs/vendor/lib/deep/b.py",
        "folder:broken/lib/a.py", "folder:broken/lib/deep/b.py",
    }  # fmt: skip
    room.build(settings, sources, tmp_path / "again", Engine(threads=1))
    ledger = [row for table in open_release(tmp_path / "again").ledger() for row in table.to_pylist()]
    assert {f"{r['origin']}{r['path']}" for r in ledger if r["reason"] == "opted_out"} == gone, "a build does the same"
    assert not verify(tmp_path / "release").problems
    run("retract", tmp_path / "release", "--registry", registry)
    assert "does not hold all hashes of 1 repository" in capsys.readouterr().out


def test_an_author_is_found_in_what_git_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "in" / "walls"
    folder.mkdir(parents=True)
    git(folder, "init", "-q")
    write(folder, {"a.py": program("a"), "LICENSE": MIT})
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "Begin")
    write(tmp_path / "in" / "other", {"b.py": program("b"), "LICENSE": MIT})
    registry = tmp_path / "registry.sqlite"
    sources = sources_from_arguments((str(folder), str(tmp_path / "in" / "other")))
    room.build(Settings.model_validate({"registry": str(registry)}), sources, tmp_path / "release", Engine(threads=1))
    address = git(folder, "log", "-1", "--format=%ae").strip()
    request = ask(tmp_path, *subjects.author(address.upper()))
    run("retract", tmp_path / "release", "--registry", registry, "--json")
    (said,) = json.loads(capsys.readouterr().out)
    assert said["requests"][request]["repositories"] == 1
    assert paths(tmp_path / "release").isdisjoint({"/a.py"})


def test_builds_and_updates_give_receipts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "in/hers", {"lintel.py": program("lintel"), "LICENSE": MIT})
    write(tmp_path / "in/theirs", {"copied.py": program("lintel"), "jamb.py": program("jamb"), "LICENSE": MIT})
    registry, key, folder = (tmp_path / name for name in ("registry.sqlite", "publisher.key", "receipts"))
    run("receipt", "key", key)
    signed = ("--registry", registry, "--key", key, "--receipts", folder, "--threads", "1", "--json")
    both = (tmp_path / "in/hers", tmp_path / "in/theirs")
    run("registry", "--registry", registry, "init")
    run("build", *both, "-o", tmp_path / "one", *signed)
    assert not folder.exists(), "nobody asked for anything"
    request = ask(tmp_path, subjects.repository("folder:hers"))
    with Registry(registry) as opened:
        opened.optouts.block(request, [blob_hash(program("lintel").encode())], "the repository")
    first = open_release(tmp_path / "one").manifest
    capsys.readouterr()
    run("build", "--update", tmp_path / "one", "-o", tmp_path / "two", *signed)
    run("build", *both, "-o", tmp_path / "scratch", *signed)
    run("build", "--update", tmp_path / "one", "-o", tmp_path / "one", *signed)
    answers = [json.loads(text + "}") for text in capsys.readouterr().out.split("\n}\n")[:-1]]
    lines = []
    for answer in answers:
        run("receipt", "verify", answer["receipts"][request], "--key", f"{key}.pub", "--json")
        (line,) = json.loads(capsys.readouterr().out)["searched"]
        assert line["now"]["root"] == answer["root"]
        assert line["left_out"] == {"repositories": 1, "occurrences": 1, "bytes": len(program("lintel"))}
        lines.append(line)
    assert [line["by"] for line in lines] == ["update", "build", "update"]
    assert lines[0]["root"] == lines[2]["root"] == first.root
    assert lines[1]["root"] is None
    assert lines[0]["fell"] == lines[2]["fell"]
    assert (lines[0]["fell"]["repositories"], lines[0]["fell"]["occurrences"]) == (1, 3)
    run("receipt", "verify", answers[0]["receipts"][request], "--key", f"{key}.pub")
    assert "built without 1 repository and 1 other occurrence" in capsys.readouterr().out
    with Registry(registry) as opened:
        found = opened.requests.get(request)
        assert {a.release_root for a in found.applications} == {answer["root"] for answer in answers}
        assert not opened.audit().problems


def test_misuse(releases: list[Path], tmp_path: Path) -> None:
    registry = tmp_path / "registry.sqlite"
    with pytest.raises(UsageError, match="belong together"):
        run("retract", releases[0], "--registry", registry, "--receipts", tmp_path / "r")
    with pytest.raises(UsageError, match="YYYY-MM-DD"):
        run("retract", releases[0], "--registry", registry, "--date", "today")
    with pytest.raises(ReleaseError, match="is not a folder"):
        run("retract", tmp_path / "nowhere", "--registry", registry)
