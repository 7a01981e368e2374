"""Repositories that are a mirror, a fork and a copy of one, and a release that collapses them and has histories."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from drystone import building as room
from drystone.building.settings import Settings
from drystone.release.checking.verify import verify
from drystone.release.read import Release, open_release
from drystone.sources import GitSource
from drystone.work.engine import Engine
from tests.building.conftest import MIT, git, program, write

NAMES = ("arch", "beam", "corner", "door", "eave", "floor", "gable", "hearth")


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An upstream; a mirror that is behind, a fork that went on, a copy under other names; one with a vendored part."""
    home = tmp_path_factory.mktemp("alike")
    upstream = home / "upstream"
    write(upstream, {"LICENSE": MIT, **{f"src/{name}.py": program(name) for name in NAMES}})
    git(upstream, "init", "-q")
    git(upstream, "add", "-A")
    git(upstream, "commit", "-qm", "Begin\n\nSigned-off-by: Grace Hopper <grace.hopper@stonework-atelier.fr>")
    git(home, "clone", "-q", "--bare", "upstream", "mirror.git")
    git(upstream, "mv", "src/arch.py", "src/vault.py")
    write(upstream, {"src/beam.py": program("girder")})
    (upstream / "src/door.py").unlink()
    git(upstream, "add", "-A")
    git(upstream, "commit", "-qm", "Rename the arch")
    git(home, "clone", "-q", "upstream", "fork")
    write(home / "fork", {"src/own.py": program("own")})
    git(home / "fork", "add", "-A")
    git(home / "fork", "commit", "-qm", "Go on")
    write(upstream, {"src/later.py": program("later")})
    git(upstream, "add", "-A")
    git(upstream, "commit", "-qm", "Later")
    names = [name for name in NAMES if name not in {"arch", "beam", "door"}]
    copies = {f"lib/{name}_copy.py": program(name) for name in [*names, "arch", "girder"]}
    vendored = {f"vendor/{name}.py": program(name) for name in names[:3]}
    for name, files in {
        "copy": copies,
        "vendoring": {**{f"{n}.py": program(f"v{n}") for n in NAMES}, **vendored},
    }.items():
        write(home / name, {"LICENSE": MIT, **files})
        git(home / name, "init", "-q")
        git(home / name, "add", "-A")
        git(home / name, "commit", "-qm", "All at once")
    return home


def build(home: Path, output: Path, *, backwards: bool = False, **settings: Any) -> Release:
    places = ("upstream", "mirror.git", "fork", "copy", "vendoring")
    sources = [
        GitSource(
            home / name, about={"origin": f"https://forge.example/acme/{name}", "stars": 9 * (name == "upstream")}
        )
        for name in places
    ]
    chosen = Settings.model_validate({"near_duplicates": {"scope": "off"}, **settings})
    room.build(chosen, sources[::-1] if backwards else sources, output, Engine(threads=1), replace=True)
    assert not verify(output).problems
    return open_release(output)


def table(release: Release, kind: Any) -> list[dict[str, Any]]:
    return [row for entry in release.manifest.of_kind(kind) for t in release.rows(entry) for row in t.to_pylist()]


@pytest.fixture(scope="session")
def collapsed(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A release of all of them, collapsed, with histories."""
    output = tmp_path_factory.mktemp("collapsed") / "release"
    return build(home, output, repository_duplicates={"action": "collapse"}, release={"history": True})
