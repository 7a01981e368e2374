from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from drystone.cli.inspecting.stats import command
from drystone.errors import UsageError
from drystone.release.read import open_release

Run = Callable[..., Result]


def test_tables(run: Run, sample_release: Path) -> None:
    done = run(command, sample_release)
    assert done.exit_code == 0
    counts = open_release(sample_release).manifest.counts
    assert f"{counts.occurrences} occurrences = {counts.kept} kept + {counts.dropped} dropped" in done.stdout
    for word in ("Left after each stage", "near_duplicate", "Python", "MIT", "permissive"):
        assert word in done.stdout


def test_top(run: Run, sample_release: Path) -> None:
    assert "more; --top" in run(command, sample_release, "--top", 1).stdout


def test_json(run: Run, sample_release: Path) -> None:
    found = json.loads(run(command, sample_release, "--json").stdout)
    assert found["counts"]["kept"] == sum(s["kept"] for s in found["languages"])
    assert [s["stage"] for s in found["funnel"]] == ["inventory", "exact_duplicates", "release"]


def test_pictures(run: Run, sample_release: Path, tmp_path: Path) -> None:
    for name in ("a.svg", "a.png"):
        done = run(command, sample_release, "--picture", tmp_path / name)
        assert f"Picture: {tmp_path / name}" in done.stdout
        assert (tmp_path / name).stat().st_size > 5000
    assert isinstance(run(command, sample_release, "--picture", tmp_path / "a.gif").exception, UsageError)
