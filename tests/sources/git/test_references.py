"""Snapshots are those that the archive's own loader makes, whatever references a forge has made."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from drystone.identity.hashes import snapshot_hash
from drystone.sources import GitSource
from tests.sources.conftest import ENVIRONMENT, read
from tests.sources.git.references import REFERENCES, make


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return dict(zip(REFERENCES, make(tmp_path_factory.mktemp("references")), strict=True))


def snapshot(path: Path, cache: Path) -> str | None:
    return read(GitSource(path), cache).repository.snapshot


def test_the_archives_loader_makes_the_same_snapshots(made: dict[str, Path], tmp_path: Path) -> None:
    home = os.environ.get("DRYSTONE_ORACLES")
    if not home or not (Path(home) / "swh-export/bin/python").exists():
        pytest.skip("DRYSTONE_ORACLES names no folder with the environment 'swh-export' (tests/oracles/README.md)")
    recipe = Path(__file__).parents[2] / "oracles/swh_snapshots.py"
    command = [str(Path(home) / "swh-export/bin/python"), str(recipe), *map(str, made.values())]
    said = subprocess.run(command, check=True, capture_output=True, env=ENVIRONMENT)
    assert len(made) >= 20
    assert {name: snapshot(path, tmp_path) for name, path in made.items()} == dict(
        zip(made, json.loads(said.stdout), strict=True)
    )


def test_which_references_are_left_out(made: dict[str, Path], tmp_path: Path) -> None:
    """The rules once more by hand, where the loader is not there."""
    first, second = (
        bytes.fromhex(subprocess.run(["git", "-C", made["detached"], "rev-parse", name], check=True,
                                     capture_output=True, text=True).stdout)
        for name in ("HEAD", "refs/heads/main")
    )  # fmt: skip
    main = {b"HEAD": ("alias", b"refs/heads/main"), b"refs/heads/main": ("revision", second)}
    for name, expected in {
        "pull-merges": {**main, b"refs/pull/1/head": ("revision", first)},
        "merge-requests": {**main, b"refs/merge-requests/3/head": ("revision", first)},
        "pipelines": main,
        "changes": main,
        "dangling-alias": main,
        "dangling-head": {
            b"HEAD": ("alias", b"refs/heads/main"), b"refs/heads/main": None,
            b"refs/heads/other": ("revision", second), b"refs/pull/5/head": ("revision", first),
        },
    }.items():  # fmt: skip
        assert snapshot(made[name], tmp_path) == snapshot_hash(expected).hex(), name
