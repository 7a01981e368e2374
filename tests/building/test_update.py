"""The next version of a release: same root hash as from scratch, only what changed is written, the right number."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

import drystone
from drystone import building as room
from drystone.building import builds
from drystone.building.context import Build
from drystone.building.plan import Settled, settle
from drystone.building.settings import Settings, sources_from_arguments
from drystone.cli import cli
from drystone.errors import BuildError, ReleaseError, UsageError
from drystone.release.checking.verify import verify
from drystone.release.inspection.diff import diff
from drystone.release.location import locked
from drystone.release.manifest import Manifest
from drystone.release.read import Release, open_release
from drystone.search import index
from drystone.work.engine import Engine
from tests.building.conftest import MIT, program, write


def make(
    sources: list[Path], output: Path, *, update: Path | None = None, version: str | None = None, **settings: Any
) -> Manifest:
    chosen = Settings.model_validate(settings)
    found = sources_from_arguments(tuple(str(source) for source in sources))
    return room.build(chosen, found, output, Engine(threads=1), update=update, version=version)


def folder(path: Path, *names: str, suffix: str = ".py") -> Path:
    write(path, {**{f"{name}{suffix}": program(name) for name in names}, "LICENSE": MIT})
    return path


@pytest.fixture
def two(tmp_path: Path) -> list[Path]:
    (tmp_path / "in").mkdir()
    ruby = folder(tmp_path / "in" / "ruby-parts", "hinge", "latch", suffix=".rb")
    return [folder(tmp_path / "in" / "python-parts", "lintel", "jamb"), ruby]


@pytest.fixture
def old(two: list[Path], tmp_path: Path) -> Release:
    make(two, tmp_path / "old")
    return open_release(tmp_path / "old")


def inodes(release: Path) -> dict[str, int]:
    return {p.relative_to(release).as_posix(): p.stat().st_ino for p in release.rglob("*.parquet")}


@pytest.mark.parametrize("in_place", [False, True])
def test_new_sources_make_a_minor_version_with_the_root_of_a_build_from_scratch(
    two: list[Path], old: Release, tmp_path: Path, in_place: bool
) -> None:
    third = folder(tmp_path / "in" / "more-python", "sill", "mullion")
    scratch = make([*two, third], tmp_path / "scratch")
    output = old.path if in_place else tmp_path / "new"
    before = inodes(old.path)
    made = make([*two, third], output, update=old.path)
    assert made.root == scratch.root
    assert made.facts.version == "1.1.0"
    report = verify(output)
    assert (report.problems, report.notes) == ({}, [])
    ruby = next(name for name in before if name.startswith("data/Ruby"))
    assert inodes(output)[ruby] == before[ruby], "a shard that stays the same is not written"
    python = next(entry for entry in made.files if entry.language == "Python")
    assert (python.revised == "1.1.0") is in_place
    assert [(p.version, p.root, p.retracted) for p in made.facts.lineage] == [("1.0.0", old.root, False)]
    log = (output / "CHANGELOG.md").read_text()
    assert "| Python | 2 | 4 |" in log
    assert log.index("## 1.1.0") < log.index("## 1.0.0")
    if in_place:
        assert json.loads((output / "tombstones/1.0.0.json").read_text())["reason"] == "update"
        assert not [name for name in inodes(output) if name.startswith(".next")]
    else:
        found = diff(open_release(old.path), open_release(output))
        assert found.languages["Python"].new_files - found.languages["Python"].old_files == 2
        assert {origin.rpartition("/")[2] for origin in found.repositories} == {"folder:more-python"}
        superseded = verify(old.path, against=[output]).superseded
        assert superseded is not None
        assert (superseded.version, superseded.retracted) == ("1.1.0", False)


def test_an_update_follows_an_update(two: list[Path], old: Release, tmp_path: Path) -> None:
    third = folder(tmp_path / "in" / "more-python", "sill")
    make([*two, third], tmp_path / "second", update=old.path)
    fourth = folder(tmp_path / "in" / "more-ruby", "bolt", suffix=".rb")
    made = make([*two, third, fourth], tmp_path / "third", update=tmp_path / "second")
    assert made.root == make([*two, third, fourth], tmp_path / "scratch").root
    assert [p.version for p in made.facts.lineage] == ["1.1.0", "1.0.0"]
    names = {e.path: e.place for e in made.files if e.language == "Python"}
    assert inodes(tmp_path / "third")[next(iter(names.values()))] == inodes(tmp_path / "second")[next(iter(names))]
    in_place = make(
        [*two, third, fourth, folder(tmp_path / "in" / "last", "lock")], tmp_path / "third", update=tmp_path / "third"
    )
    assert in_place.facts.version == "1.3.0"
    assert not verify(tmp_path / "third").problems


#: One suffix each of thirty languages.
SUFFIXES = ["clj", "coffee", "cr", "css", "dart", "erl", "ex", "f90", "go", "groovy", "hs", "html", "java", "jl", "js"]
SUFFIXES += ["kt", "lua", "ml", "nim", "pas", "php", "py", "rb", "rs", "scala", "scss", "sh", "swift", "ts", "zig"]


@pytest.mark.parametrize("seed", range(2))
def test_whatever_languages_change_an_update_is_a_build_from_scratch(tmp_path: Path, seed: int) -> None:
    """Languages that stay the same lie before, between and behind those that change, come or go."""
    drawn = random.Random(seed)

    def source(suffix: str, name: str) -> Path:
        return folder(tmp_path / "in" / f"{suffix}-parts", f"{name}_{suffix}", suffix=f".{suffix}")

    before = drawn.sample(SUFFIXES, 24)
    make([source(suffix, "wall") for suffix in before], tmp_path / "old")
    changed = drawn.sample(SUFFIXES, drawn.randint(2, 12))
    gone = {suffix for suffix in changed if suffix in before and drawn.random() < 0.4}
    after = [source(s, "arch" if s in changed else "wall") for s in SUFFIXES if s in {*before, *changed} - gone]
    made = make(after, tmp_path / "new", update=tmp_path / "old")
    assert made.root == make(after, tmp_path / "scratch").root
    assert not verify(tmp_path / "new").problems
    taken_over = set(inodes(tmp_path / "old").values()) & set(inodes(tmp_path / "new").values())
    assert len(taken_over) == len(set(before) - set(changed))


def test_a_build_replaces_what_updates_have_left(two: list[Path], old: Release, tmp_path: Path) -> None:
    third = folder(tmp_path / "in" / "more-python", "sill")
    make([*two, third], old.path, update=old.path)
    chosen, found = Settings(), sources_from_arguments(tuple(str(source) for source in two))
    made = room.build(chosen, found, old.path, Engine(threads=1), replace=True)
    assert made.root == old.root
    report = verify(old.path)
    assert (report.problems, report.notes, report.superseded) == ({}, [], None)


def test_other_rules_make_a_major_version(two: list[Path], old: Release, tmp_path: Path) -> None:
    made = make(two, tmp_path / "new", update=old.path, languages={"exclude": ["Ruby"]})
    assert made.facts.version == "2.0.0"
    assert made.root == make(two, tmp_path / "scratch", languages={"exclude": ["Ruby"]}).root
    log = (tmp_path / "new" / "CHANGELOG.md").read_text()
    assert "| Ruby | 2 | 0 |" in log
    assert "| language: excluded_language | 0 | 2 |" in log


def test_nothing_new_is_no_new_version(two: list[Path], old: Release, tmp_path: Path) -> None:
    assert make(two, old.path, update=old.path) == old.manifest
    assert make(two, tmp_path / "new", update=old.path) == old.manifest
    assert not (tmp_path / "new").exists()


def test_a_release_that_another_writes_is_not_updated_in_its_place(two: list[Path], old: Release) -> None:
    third = folder(two[0].parent / "more-python", "sill")
    with locked(old.path), pytest.raises(ReleaseError, match="retraction or index build is at work here"):
        make([*two, third], old.path, update=old.path)
    assert open_release(old.path).manifest == old.manifest
    assert make([*two, third], old.path, update=old.path).facts.version == "1.1.0"


@pytest.mark.parametrize("update", [False, True])
def test_nobody_indexes_a_release_while_it_is_written_anew(
    two: list[Path], old: Release, update: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither while it is updated in its place, nor while a build looks whether it is what it would write."""
    third = folder(two[0].parent / "more-python", "sill")
    refused: list[str] = []

    def meanwhile(made: Build) -> Settled:
        with pytest.raises(ReleaseError, match="is at work here") as told:
            index.build(old)
        refused.append(str(told.value))
        return settle(made)

    monkeypatch.setattr(builds, "settle", meanwhile)
    make([*two, third] if update else two, old.path, update=old.path if update else None)
    assert len(refused) == 1
    assert index.build(open_release(old.path)).segments == 1


def test_a_chosen_number_must_come_later(two: list[Path], old: Release, tmp_path: Path) -> None:
    third = folder(tmp_path / "in" / "more-python", "sill")
    with pytest.raises(UsageError, match=r"1\.0\.0 does not come after 1\.0\.0"):
        make([*two, third], tmp_path / "new", update=old.path, version="1.0.0")
    assert make([*two, third], tmp_path / "new", update=old.path, version="3.0.0").facts.version == "3.0.0"


def test_another_release_is_not_overwritten(two: list[Path], old: Release, tmp_path: Path) -> None:
    third = folder(tmp_path / "in" / "more-python", "sill")
    make([third], tmp_path / "other")
    with pytest.raises(BuildError, match="is not empty"):
        make([*two, third], tmp_path / "other", update=old.path)


def test_the_command_needs_only_what_is_new(
    two: list[Path], old: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DRYSTONE_REGISTRY", drystone.init_registry(str(tmp_path / "registry.sqlite")))
    first = ["build", *map(str, two), "-o", str(tmp_path / "a"), "--name", "walls", "--threads", "1", "--quiet"]
    cli.main(first, standalone_mode=False)
    third = folder(tmp_path / "in" / "more-python", "sill")
    capsys.readouterr()
    more = ["build", "--update", str(tmp_path / "a"), str(third), "-o", str(tmp_path / "b"), "--threads", "1", "--json"]
    cli.main(more, standalone_mode=False)
    said = json.loads(capsys.readouterr().out)
    assert (said["name"], said["version"]) == ("walls", "1.1.0")
    assert open_release(tmp_path / "b").manifest.counts.repositories == 3
