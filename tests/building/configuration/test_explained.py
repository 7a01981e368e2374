"""What each setting came to: its value, and what said so."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

import drystone
from drystone.building.settings import Settings

SOURCE = '[[source]]\nkind = "folder"\npath = "walls"\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "walls").mkdir()
    return tmp_path


def test_what_each_setting_came_to_says_what_said_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = home / "build.toml"
    file.write_text('[release]\nname = "walls"\n\n[licenses]\nprofile = "stack-v2"\n\n' + SOURCE)
    monkeypatch.setenv("DRYSTONE_REGISTRY", drystone.init_registry(str(home / "people.sqlite")))
    settings, sources = drystone.explain_settings(file, home / "out", version="2.0.0")
    said = {each.name: (each.value, each.said_by) for each in settings}
    assert said["release.name"] == ("walls", f"{file}, line 2")
    assert said["release.version"] == ("2.0.0", "the argument version")
    assert said["release.output"] == (str(home / "out"), "the argument output")
    assert said["licenses.no_license"] == (True, "the profile 'stack-v2'")
    assert said["near_duplicates.threshold"] == (0.7, "default")
    assert said["engine.work"] == (str(home / "out.work"), "default: beside the output")
    assert said["registry"] == (str(home / "people.sqlite"), "the environment: DRYSTONE_REGISTRY")
    assert sources == [f"folder:{home / 'walls'}"]
    tables = {table: getattr(Settings(), table) for table in Settings.model_fields if table != "source"}
    assert len(said) == sum(len(type(t).model_fields) if isinstance(t, BaseModel) else 1 for t in tables.values())
