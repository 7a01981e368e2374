"""Retraction leaves nothing behind: no pack, no work folder, no cache, no index holds what fell."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

import drystone
from drystone.cli import cli
from drystone.errors import ReleaseError
from drystone.registry import NewRequest, Registry
from drystone.registry.requests import subjects
from drystone.registry.requests.subjects import Subject
from drystone.release.inspection.lookup import cached_index
from drystone.work.store import Store
from tests.building.conftest import MIT, program, write
from tests.building.test_registries import opt_out


def ask(registry: Path, thing: Subject) -> None:
    with Registry(registry, create=False) as opened:
        request, _ = opened.requests.receive(NewRequest([thing], contact="a@example.org"))
        opened.requests.vouch(request.id, "moderator", "known in person")
        opened.requests.decide(request.id, "accepted", "moderator")


def holding(folder: Path, text: str) -> list[Path]:
    """Return the files below a folder that hold a text as it stands: packs do, and what is not compressed."""
    return [path for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def test_what_fell_is_in_no_file_beside_the_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    registry = tmp_path / "registry.sqlite"
    drystone.init_registry(str(registry))
    for name in ("lintel", "jamb"):
        write(tmp_path / name, {f"{name}.py": program(name), "mine.py": program(f"mine {name}"), "LICENSE": MIT})
    out = tmp_path / "out"
    release = out / "release"
    inputs = [tmp_path / "lintel", tmp_path / "jamb"]
    drystone.build(inputs, release, registry=str(registry), threads=1)
    drystone.lookup([release], "lintel.py")
    index = cached_index(release)
    assert index.is_dir()
    whole, file = program("lintel").splitlines()[0], program("mine jamb").splitlines()[0]
    assert holding(out, whole)
    assert holding(out, file)
    opt_out(registry, "lintel")
    ask(registry, subjects.path("folder:jamb", "mine.py"))
    drystone.retract([str(release)], registry=str(registry))
    assert holding(out, whole) == holding(out, file) == []
    assert not index.exists()
    # A build reads the repository again, and leaves out what is out: nothing of it stays.
    made = drystone.build([], out / "next", update=release, registry=str(registry), threads=1)
    assert holding(out, whole) == holding(out, file) == []
    assert drystone.verify(made.path).holds
    with Registry(registry) as opened:  # and it can come in again once its owner wants it to
        for request in opened.requests.all():
            opened.requests.withdraw(request.id, "moderator")
    made = drystone.build([], out / "last", update=out / "next", registry=str(registry), threads=1)
    assert {row["path"] for row in made.files()} == {"/lintel.py", "/jamb.py", "/mine.py"}


def test_only_what_a_build_left_goes_and_none_that_is_at_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = tmp_path / "registry.sqlite"
    drystone.init_registry(str(registry))
    for name in ("lintel", "jamb"):
        write(tmp_path / name, {f"{name}.py": program(name), "LICENSE": MIT})
    release, work = tmp_path / "release", tmp_path / "release.work"
    made = drystone.build([tmp_path / "lintel", tmp_path / "jamb"], release, registry=str(registry), threads=1)
    write(work / "notes", {"mine.txt": "mine"})
    opt_out(registry, "lintel")
    with Store(work).lock(), pytest.raises(ReleaseError, match="another build is at work here"):
        drystone.retract([str(release)], registry=str(registry))
    assert drystone.open_release(release).root == made.root
    with monkeypatch.context() as patch:
        patch.setattr(Store, "clear", lambda _: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
        with pytest.raises(
            ReleaseError, match=r"is retracted, but .*release\.work still holds what fell .Permission de"
        ):
            drystone.retract([str(release)], registry=str(registry))
    assert drystone.open_release(release).root != made.root
    write(tmp_path / "more", {"more.py": program("more"), "LICENSE": MIT})
    drystone.build([tmp_path / "more"], release, update=release, registry=str(registry), threads=1)
    opt_out(registry, "more")
    drystone.retract([str(release)], registry=str(registry))
    assert sorted(path.name for path in work.iterdir() if path.is_dir()) == ["cache", "notes"]


def test_all_that_is_known_is_walked_and_an_export_of_what_is_retracted_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = tmp_path / "registry.sqlite"
    drystone.init_registry(str(registry))
    for name in ("lintel", "jamb"):
        write(tmp_path / name, {f"{name}.py": program(name), "LICENSE": MIT})
    release = tmp_path / "release"
    drystone.build([tmp_path / "lintel", tmp_path / "jamb"], release, registry=str(registry), threads=1)
    old = shutil.copytree(release, tmp_path / "old")
    monkeypatch.setenv("DRYSTONE_REGISTRY", str(registry))
    exported = tmp_path / "disk/exported"
    exported.parent.mkdir()
    CliRunner().invoke(cli, ["export", str(release), "--as", "jsonl", "-o", str(exported), "--quiet"])
    shutil.copytree(release, tmp_path / "other")
    opt_out(registry, "lintel")
    drystone.retract([str(tmp_path / "other")], registry=str(registry))
    late = datetime.now(UTC) + timedelta(days=99)
    with Registry(registry) as opened:  # one version has it no more, another does, and an export
        (request,) = opened.requests.overdue(late)
        assert request.overdue(
            late
        ) == f"decided, and by {late.date() - timedelta(days=69)} not applied to " + ", ".join(
            [str(exported), str(release)]
        )
    done = CliRunner().invoke(cli, ["retract", "--all"])
    assert done.exit_code == 1, done.output
    assert f"still held by the export {exported} of 1.0.0: export it again, or remove it" in done.output
    told = CliRunner().invoke(cli, ["retract", "--all", "--json"])
    assert (told.exit_code, "still held by" in told.stderr, len(json.loads(told.stdout))) == (1, True, 2)
    away = exported.parent.rename(tmp_path / "not mounted")
    assert [each.place for each in drystone.exports_held(str(registry))] == [str(exported)]
    away.rename(exported.parent)
    again = ["export", str(release), "--as", "jsonl", "-o", str(exported), "--quiet", "--replace"]
    assert CliRunner().invoke(cli, again).exit_code == 0
    with Registry(registry) as opened:
        assert opened.requests.overdue(late) == []
    shutil.rmtree(tmp_path / "other")
    done = CliRunner().invoke(cli, ["retract", "--all"])
    assert "registry releases --forget" in str(done.exception)
    drystone.known_places(forget=[str(tmp_path / "other")])
    assert CliRunner().invoke(cli, ["retract", "--all"]).exit_code == 0
    for folder, status in ((old, 1), (release, 0)):
        output = tmp_path / f"export-{status}"
        done = CliRunner().invoke(cli, ["export", str(folder), "--as", "jsonl", "-o", str(output), "--quiet"])
        assert done.exit_code == status, done.output
        assert ("is retracted: do not use the export" in done.output) == bool(status)
        done = CliRunner().invoke(cli, ["verify", str(folder)])
        assert done.exit_code == status, done.output
        assert ("Nothing is wrong" in done.output) == (not status)
