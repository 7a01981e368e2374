"""A release of the sample, and mixtures of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import drystone
from drystone.building.mixing.choosing import GroupShare
from drystone.building.mixing.mix import Mixed
from tests.release.sample import write_sample


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "release"
    write_sample(folder)
    return folder


def settings(place: Path, release: Path, more: str = "", **mixture: Any) -> Path:
    keys = "\n".join(f"{name} = {json.dumps(value)}" for name, value in mixture.items())
    place.write_text(
        f'[release]\nname = "mixed"\noutput = "{place.stem}-out"\n[mixture]\nrelease = "{release}"\n{keys}\n{more}\n',
        "utf-8",
    )
    return place


def mix(place: Path, release: Path, more: str = "", **mixture: Any) -> Mixed:
    return drystone.mix(settings(place, release, more, **mixture))


def shares(made: Mixed) -> dict[str, GroupShare]:
    return {share.group: share for share in made.groups}
