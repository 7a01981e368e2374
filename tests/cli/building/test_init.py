"""`drystone init`: the file that it writes is one that `drystone build` takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from drystone.cli import cli


def test_what_is_written_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "walls").mkdir()
    (tmp_path / "walls/a.py").write_text("print('a wall of dry stones')\n")
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(cli, ["init"], catch_exceptions=False).output
    assert said.endswith("drystone build drystone.toml\n")
    assert "[[source]]" in (tmp_path / "drystone.toml").read_text()
    assert "folder:walls" in CliRunner().invoke(cli, ["build", "drystone.toml", "--explain-settings"]).output


def test_a_file_that_is_there_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, ["init"])
    assert "no git repository, archive or folder lies here" in str(result.exception)
    (tmp_path / "walls").mkdir()
    (tmp_path / "drystone.toml").write_text("mine")
    assert "is there already" in str(CliRunner().invoke(cli, ["init"]).exception)
    assert (tmp_path / "drystone.toml").read_text() == "mine"
    CliRunner().invoke(cli, ["init", "--replace"], catch_exceptions=False)
    assert (tmp_path / "drystone.toml").read_text() != "mine"
