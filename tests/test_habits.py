"""Habits of the repository: hooks that agree with `make lint`, and a change log made of small files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tools import changelog

ROOT = Path(__file__).parents[1]


def test_the_hooks_before_a_commit_are_what_make_lint_runs() -> None:
    target = re.search(r"^lint:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.M)
    assert target is not None
    linted = [line.strip().replace("$(BIN)", ".venv/bin") for line in target[1].splitlines()]
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    assert [re.sub(r"^bash -c '(.*)'$", r"\1", hook["entry"]) for hook in hooks] == linted
    assert all(hook["language"] == "system" and hook["pass_filenames"] is False for hook in hooks)


def test_the_entries_that_wait_for_a_release_can_be_collected() -> None:
    folder = ROOT / "changelog/unreleased"
    assert sum(map(len, changelog.read(folder).values())) == len(list(folder.iterdir()))


LOG = """# Changelog

About it.

## [0.2.0] - unreleased

### Added

- Walls.

## [0.1.0] - 2026-01-01

### Fixed

- A gate.
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "changelog/unreleased").mkdir(parents=True)
    (tmp_path / "CHANGELOG.md").write_text(LOG)
    (tmp_path / "changelog/unreleased/b.md").write_text("Fixed: A cope that fell\n\nIt lay\nloose.\n")
    (tmp_path / "changelog/unreleased/a.md").write_text("Added: Fences.\n")
    return tmp_path


def test_a_release_takes_the_entries_and_removes_their_files(repository: Path) -> None:
    assert changelog.main(["0.2.0", "2026-02-03"], repository) == 0
    assert (repository / "CHANGELOG.md").read_text() == LOG.replace("unreleased", "2026-02-03").replace(
        "- Walls.\n", "- Walls.\n- Fences.\n\n### Fixed\n\n- A cope that fell. It lay loose.\n"
    )
    assert list((repository / "changelog/unreleased").iterdir()) == []


def test_a_new_version_gets_a_section_before_the_others(repository: Path) -> None:
    assert changelog.main(["0.3.0", "2026-03-04"], repository) == 0
    text = (repository / "CHANGELOG.md").read_text()
    assert "About it.\n\n## [0.3.0] - 2026-03-04\n\n### Added\n\n- Fences.\n\n### Fixed\n\n- A cope" in text
    assert text.endswith(LOG[LOG.index("## [0.2.0]") :])


def test_entries_are_shown_and_nothing_is_changed(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert changelog.main([], repository) == 0
    assert capsys.readouterr().out == "### Added\n\n- Fences.\n\n### Fixed\n\n- A cope that fell. It lay loose.\n"
    assert (repository / "CHANGELOG.md").read_text() == LOG


@pytest.mark.parametrize("text", ["Walls.\n", "Improved: walls\n", "Added:\n", "Added: Walls.\nAt once.\n", ""])
def test_an_entry_that_is_none_is_named(repository: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "changelog/unreleased/c.md").write_text(text)
    assert changelog.main(["0.2.0", "2026-02-03"], repository) == 2
    assert "c.md" in capsys.readouterr().err
    assert (repository / "CHANGELOG.md").read_text() == LOG
    assert changelog.main(["0.2", "soon"], repository) == 2
