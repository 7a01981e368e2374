"""Models of installed packages: found by their entry point, without loading anything of them."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from drystone.reader.model.installed import GROUP, installed


def test_a_package_offers_the_folder_beside_its_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slate_model").mkdir()
    (tmp_path / "slate_model/__init__.py").write_text("raise RuntimeError('loaded')\n")
    monkeypatch.syspath_prepend(tmp_path)
    points = (EntryPoint("slate", "slate_model", GROUP), EntryPoint("gone", "no_such_module_here", GROUP))
    asked: list[str] = []

    def entry_points(group: str) -> tuple[EntryPoint, ...]:
        asked.append(group)
        return points

    monkeypatch.setattr("drystone.reader.model.installed.entry_points", entry_points)
    assert installed() == {"slate": tmp_path / "slate_model/model"}
    assert asked == [GROUP]
    assert "slate_model" not in sys.modules
