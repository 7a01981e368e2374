from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from drystone.cli.building.export import command
from drystone.errors import UsageError


def test_it_says_what_it_wrote(run: Callable[..., Result], sample_release: Path, tmp_path: Path) -> None:
    result = run(command, sample_release, "--as", "stack-v2", "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "as stack-v2: " in result.output
    assert "export:" in result.stderr
    again = run(command, sample_release, "--as", "stack-v2", "-o", tmp_path / "out")
    assert isinstance(again.exception, UsageError)
    assert "--replace" in str(again.exception)
    assert run(command, sample_release, "--as", "stack-v3", "-o", tmp_path / "out", "--replace").exit_code == 0


def test_json_and_a_dry_run(run: Callable[..., Result], sample_release: Path, tmp_path: Path) -> None:
    result = run(command, sample_release, "--as", "stack-v3", "-o", tmp_path / "out", "--dry-run", "--json")
    planned = json.loads(result.output)
    assert planned["dry_run"] is True
    assert planned["form"] == "stack-v3"
    assert not (tmp_path / "out").exists()
    made = json.loads(run(command, sample_release, "--as", "stack-v3", "-o", tmp_path / "out", "--json").output)
    assert [file["path"] for file in made["files"]] == [file["path"] for file in planned["files"]]
    assert made["files"][0]["sha256"]
    shown = run(command, sample_release, "--as", "stack-v2", "-o", tmp_path / "other", "--dry-run")
    assert "Nothing was written" in shown.output


def test_a_form_must_be_given(run: Callable[..., Result], sample_release: Path, tmp_path: Path) -> None:
    result = run(command, sample_release, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "stack-v2-repos" in result.output
