"""Repositories with one root directory: one is read and stands for the others, whatever kind they are of."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import pytest

import drystone
from drystone import building as room
from drystone.building.repositories.equal import stand_in, stand_ins, twin
from drystone.building.settings import Settings
from drystone.policy.licenses import LicensePolicy
from drystone.registry.requests import subjects
from drystone.release.checking.verify import verify
from drystone.release.read import Release, open_release
from drystone.sources import source_from_table
from drystone.work.engine import Engine
from tests.building.conftest import MIT, git, program, write
from tests.building.test_retract import ask

FILES = {"LICENSE": MIT, "walls/stack.py": program("stack"), "walls/gather.py": program("gather")}


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository, a mirror of it, one with the same files and a history of its own, and an archive of them."""
    home = tmp_path_factory.mktemp("twins")
    first = home / "walls"
    write(first, FILES)
    git(first, "init", "-q")
    git(first, "add", "-A")
    git(first, "commit", "-qm", "Stack")
    git(home, "clone", "-q", "--bare", "walls", "mirror.git")
    shutil.copytree(first, home / "copied")
    git(home / "copied", "commit", "-q", "--amend", "-m", "Mine")
    with tarfile.open(home / "walls.tar.gz", "w:gz") as tar:
        for path in FILES:
            tar.add(first / path, arcname=path)
    return home


def build(output: Path, sources: list[dict[str, object]], registry: Path | None = None) -> Release:
    settings = Settings(registry=str(registry) if registry else None)
    room.build(settings, [source_from_table(each) for each in sources], output, Engine(threads=1), replace=True)
    assert verify(output).holds
    return open_release(output)


def described(release: Release) -> dict[str, tuple[str, str | None, int]]:
    rows = [row for table in release.repositories() for row in table.to_pylist()]
    return {row["origin"]: (row["status"], row["problem"], row["occurrences"]) for row in rows}


def of(home: Path, **stars: int) -> list[dict[str, object]]:
    kinds = {"walls": "git", "mirror.git": "git", "copied": "git", "walls.tar.gz": "archive"}
    origins = {name: f"https://forge.example/{name.partition('.')[0]}/{name}" for name in kinds}
    return [
        {"kind": kind, "path": str(home / name), "origin": origins[name], "stars": stars.get(name.partition(".")[0], 0)}
        for name, kind in kinds.items()
    ]


def test_the_preferred_one_is_read_and_named_by_the_others(twins: Path, tmp_path: Path) -> None:
    release = build(tmp_path / "out", of(twins, copied=7))
    found = described(release)
    best = "https://forge.example/copied/copied"
    assert found.pop(best) == ("read", None, 3)
    assert set(found.values()) == {("duplicate", f"its root directory is that of {best}, which stands for it", 0)}
    assert {row["origin"] for table in release.ledger() for row in table.to_pylist()} == {best}
    # What is read only because it streams (the archive) is left to the same one.
    assert len(found) == 3
    again = build(tmp_path / "other", list(reversed(of(twins, copied=7))))
    assert again.root == release.root
    # Another one is preferred: what was left unread is read now, in the same work folder.
    moved = build(tmp_path / "out", of(twins, mirror=9))
    assert described(moved)["https://forge.example/mirror/mirror.git"] == ("read", None, 3)
    assert moved.root == build(tmp_path / "scratch", of(twins, mirror=9)).root


def test_an_opt_out_of_one_of_the_group_reaches_what_is_theirs(twins: Path, tmp_path: Path) -> None:
    registry = tmp_path / "registry.sqlite"
    drystone.init_registry(str(registry))
    out = tmp_path / "out" / "release"
    build(out, of(twins, copied=7), registry)
    # A mirror of which nothing was read asks: the bytes go, under whichever name they came, and stay out.
    ask(registry, subjects.repository("https://forge.example/mirror/mirror.git"))
    drystone.retract([str(out)], registry=str(registry))
    release = open_release(out)
    assert verify(out).holds
    assert {row["path"]: row["reason"] for table in release.ledger() for row in table.to_pylist()} == {
        "/LICENSE": "plain_text",  # not for the request: the text of a licence is nobody's
        "/walls/stack.py": "opted_out",
        "/walls/gather.py": "opted_out",
    }
    assert "https://forge.example/mirror/mirror.git" not in described(release)
    # The one that was read asks too: it is named nowhere, and those that it stood for still have their rows.
    ask(registry, subjects.repository("https://forge.example/copied/copied"))
    drystone.retract([str(out)], registry=str(registry))
    assert verify(out).holds
    assert b"copied" not in (out / open_release(out).manifest.of_kind("repositories")[0].place).read_bytes()
    left = described(open_release(out))
    assert {origin.rpartition("/")[2] for origin in left} == {"walls", "walls.tar.gz"}
    assert {told[1] for told in left.values()} == {"what stood for it left the release; the next build reads it"}
    # The next build reads one of them in its place; what was taken out stays out.
    again = build(tmp_path / "again", of(twins, copied=7), registry)
    assert [status for status, _, _ in described(again).values()].count("read") == 1
    assert [row["path"] for table in again.ledger() for row in table.to_pylist() if row["decision"] == "kept"] == []


def test_revisions_of_one_repository_and_empty_directories_are_no_copies() -> None:
    policy = LicensePolicy()
    empty = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    best = stand_ins(
        [
            twin("a" * 40, "1", "git:one", policy, None, 3, None, None),
            twin("a" * 40, "2", "git:one", policy, None, 3, None, None),
            twin("a" * 40, "3", "git:two", policy, "MIT", None, None, None),
            twin(empty, "4", "git:three", policy, None, 9, None, None),
        ]
    )
    # A licence comes before stars, as it does for files.
    assert set(best) == {"a" * 40}
    assert best["a" * 40].origin == "git:two"
    assert stand_in(best, "a" * 40, "git:two") is None
    assert stand_in(best, "a" * 40, "git:one") == best["a" * 40]
    assert stand_in(best, empty, "git:three") is None
