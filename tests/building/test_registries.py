"""A build cannot forget: no registry that is missing, another, new or older brings back what was opted out."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import drystone
from drystone.errors import UsageError
from drystone.registry import NewRequest, Registry
from drystone.registry.requests import subjects
from drystone.release.checking.verify import verify
from drystone.release.manifest import manifest_bytes, read_manifest
from drystone.release.read import open_release
from tests.building.conftest import MIT, program, write

NAMES = ("lintel", "jamb", "sill", "mullion", "transom", "quoin")


def opt_out(registry: Path, name: str) -> None:
    with Registry(registry, create=False) as opened:
        request, _ = opened.requests.receive(
            NewRequest([subjects.repository(f"folder:{name}")], contact="a@example.org")
        )
        opened.requests.vouch(request.id, "moderator", "known in person")
        opened.requests.decide(request.id, "accepted", "moderator")


def sources(home: Path) -> list[Path]:
    for name in NAMES:
        write(home / name, {f"{name}.py": program(name), "LICENSE": MIT})
    return [home / name for name in NAMES]


def held(release: Path) -> set[str]:
    return {name for name in NAMES for row in open_release(release).files() if row["path"] == f"/{name}.py"}


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    drystone.init_registry(str(tmp_path / "registry.sqlite"))
    return tmp_path / "registry.sqlite"


LOST: dict[str, Callable[[Path, Path], Path]] = {
    "misspelt": lambda registry, backup: registry.with_name("regisrty.sqlite"),
    "another": lambda registry, backup: Path(drystone.init_registry(str(registry.with_name("other.sqlite")))),
    "restored": lambda registry, backup: backup,
}


@pytest.mark.parametrize("how", LOST)
def test_no_other_registry_brings_back_what_was_opted_out(tmp_path: Path, registry: Path, how: str) -> None:
    told: list[str] = []
    inputs, old = sources(tmp_path / "in"), tmp_path / "old"
    backup = Path(shutil.copyfile(registry, tmp_path / "backup.sqlite"))
    opt_out(registry, "lintel")
    made = drystone.build(inputs, old, registry=str(registry), threads=1, tell=told.append)
    head = made.manifest.facts.registry_head or ""
    assert told == [f"registry {registry}: state {head[:12]}, 1 request to opt out in force"]
    assert made.manifest.facts.optouts_in_force == 1
    other = str(LOST[how](registry, backup))
    expected = (
        "no registry there" if how == "misspelt" else f"at state {head[:12]}, which {re.escape(other)} does not hold"
    )
    later = tmp_path / "later"
    write(later, {"later.py": program("later"), "LICENSE": MIT})
    for step in (
        lambda: drystone.build([later], tmp_path / "new", update=old, registry=other, threads=1),
        lambda: drystone.build([later], old, update=old, registry=other, threads=1),
        lambda: drystone.build(inputs, old, replace=True, registry=other, threads=1),
        lambda: drystone.retract([str(old)], registry=other),
    ):
        with pytest.raises(UsageError, match=expected):
            step()
    assert not (tmp_path / "new" / "manifest.json").exists()
    assert held(old) == set(NAMES) - {"lintel"}
    assert not verify(old).problems


def test_a_first_build_makes_the_registry_that_it_names_beside_its_output(tmp_path: Path) -> None:
    inputs = sources(tmp_path / "in")[:1]
    place = tmp_path / "new" / "registry.sqlite"
    output = tmp_path / "new" / "release"
    with pytest.raises(UsageError, match="no registry there"):
        drystone.build(inputs, output, registry=str(place), threads=1)  # not even a folder is there
    place.parent.mkdir()
    drystone.build(inputs, output, registry=str(place), threads=1)
    assert place.is_file()
    for output in (tmp_path / "new" / "second", tmp_path / "elsewhere"):
        with pytest.raises(UsageError, match="no registry there"):
            drystone.build(inputs, output, registry=str(place.with_name("regisrty.sqlite")), threads=1)


def test_a_version_that_forgot_says_so_itself(tmp_path: Path, registry: Path) -> None:
    opt_out(registry, "lintel")
    first = sources(tmp_path / "in")
    drystone.build(first[:2], tmp_path / "old", registry=str(registry), threads=1)
    made = drystone.build(first[2:], tmp_path / "new", update=tmp_path / "old", registry=str(registry), threads=1)
    assert not verify(made.path, quick=True).problems
    forgot = made.manifest.facts.model_copy(update={"registry_head": "0" * 64})
    manifest = read_manifest(made.path).model_copy(update={"facts": forgot})
    (made.path / "manifest.json").write_bytes(manifest_bytes(manifest))
    found = verify(made.path, quick=True)
    assert found.problems == {"registry": 1}
    assert "version 1.0.0 was made with a registry" in found.examples[0].what


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_no_way_back_in_through_any_history(tmp_path: Path, seed: int) -> None:
    live_through(tmp_path, seed)


def live_through(tmp_path: Path, seed: int) -> None:
    """Go through a random history. Whatever is lost, restored, foreign or thrown away, what a version left out is in
    none that follows it; raises `AssertionError` where it is."""
    drawn = random.Random(seed)
    registry = tmp_path / "registry.sqlite"
    drystone.init_registry(str(registry))
    everything = sources(tmp_path / "in")
    shown = everything[:2]
    out: set[str] = set()
    applied: set[str] = set()
    backups: list[Path] = []
    last = drystone.build(shown, tmp_path / "v0", registry=str(registry), threads=1).path
    for step in range(1, 9):
        used = str(registry)
        what = drawn.choice(("opt out", "update", "retract", "backup", "restored", "foreign", "no work", "no cache"))
        if what == "opt out" and len(out) < 4:
            name = drawn.choice(NAMES)
            opt_out(registry, name)
            out.add(name)
        elif what == "backup":
            backups.append(Path(shutil.copyfile(registry, tmp_path / f"backup-{step}.sqlite")))
        elif what == "restored" and backups:
            used = str(drawn.choice(backups))
        elif what == "foreign":
            used = drystone.init_registry(str(tmp_path / f"foreign-{step}.sqlite"))
        elif what == "no work":
            for work in tmp_path.glob("v*.work"):
                work.unlink() if work.is_symlink() else shutil.rmtree(work)
        elif what == "no cache":
            for cache in tmp_path.glob("v*.work/cache"):
                shutil.rmtree(cache)
        known = open_release(last).manifest.facts.registry_head
        with Registry(used) as opened:
            holds = opened.events.holds(known or "0" * 64)
        try:
            if what == "retract":
                drystone.retract([str(last)], registry=used)
            else:
                shown = [*shown, *drawn.sample([each for each in everything if each not in shown], len(shown) < 6)]
                # All sources are named: where the work folder is gone nobody else knows them.
                settings = tmp_path / "all.toml"
                settings.write_text("".join(f"[[source]]\nkind = 'folder'\npath = {str(each)!r}\n" for each in shown))
                last = drystone.build(settings, tmp_path / f"v{step}", update=last, registry=used, threads=1).path
        except UsageError as error:
            assert not holds and "does not hold" in str(error), (what, error)
            continue
        assert holds
        if used == str(registry):
            applied |= out
        assert not held(last) & applied, what
