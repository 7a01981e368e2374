from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from drystone.cli.inspecting.diff import command
from tests.release.sample import FACTS, Row, sample_rows, write_sample

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("newer") / "r"
    rows = [r for r in sample_rows() if r.repository != "pypi/rich" or len(r.data) < 3000]
    rows = [r for r in rows if r.path != "/star.m"]
    for row in rows:
        if row.path == "/other.m":
            row.dropped = "quality.too_short"
        if row.path == "/bare.py":
            row.license = "Apache-2.0"
    rows.append(Row("own/special", "/new\x1b.py", b"print(1)\n", "Python"))
    write_sample(folder, rows, FACTS.model_copy(update={"version": "1.1.0"}))
    return folder


def test_totals(run: Run, sample_release: Path, newer: Path) -> None:
    done = run(command, sample_release, newer)
    assert done.exit_code == 0
    assert "1 occurrence added, 1 removed, 2 changed" in done.stdout
    for words in ("Kept, by language", "F*", "Apache-2.0", "quality: too_short", "https://example.org/own/special"):
        assert words in done.stdout


def test_files(run: Run, sample_release: Path, newer: Path) -> None:
    lines = [line for line in run(command, sample_release, newer, "--files").stdout.splitlines() if line[:1] in "+-~"]
    place = "https://example.org/own/special:"
    assert f"+ {place}/new\\x1b.py  kept" in lines
    assert f"- {place}/star.m  kept" in lines
    assert f"~ {place}/other.m  kept -> dropped (quality: too_short)" in lines
    assert f"~ {place}/bare.py  license_type: no_license -> permissive; license_expression: None -> Apache-2.0" in lines


def test_json(run: Run, sample_release: Path, newer: Path) -> None:
    found = json.loads(run(command, sample_release, newer, "--json").stdout)
    assert found["changes"] == {"added": 1, "removed": 1, "changed": 2}
    lines = run(command, sample_release, newer, "--files", "--json").stdout.splitlines()
    assert [json.loads(line).get("kind") for line in lines].count("changed") == 2
    assert json.loads(lines[-1])["changes"] == found["changes"]


def test_the_same(run: Run, sample_release: Path) -> None:
    assert "nothing differs" in run(command, sample_release, sample_release).stdout
