"""The walk of docs/answers.md: a quote that stands, moves and is taken out, every command as printed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from benchmarks.recipes import printed, run, shell_folder

from drystone import resolve_permalink
from drystone.reader.model.installed import installed
from tests.end_to_end.conftest import ROOT
from tests.end_to_end.test_governance_walk import BEGINNING, ID

PAGE = (ROOT / "docs/answers.md").read_text("utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shell_folder(tmp_path_factory.mktemp("answers"))


@pytest.mark.slow
def test_the_walk_of_permalinks_as_printed(folder: Path) -> None:
    if "mini" not in installed():
        pytest.skip("not installed: pip install ./models/mini")
    section = PAGE.split("\n## Permalinks\n")[1].split("\n## ")[0]
    real, home = "", folder / "empty"
    later = ""
    for command, lines in printed(section):
        if command.startswith("drystone retract"):  # what the page tells of a quote cited from the version before
            later = cited_again(home / "releases/mine", json.loads((home / "answer.json").read_text()))
        done = run(folder, re.sub(rf"{BEGINNING}\b", real[:8], command))
        assert done.returncode == (1 if any(line.startswith("gone") for line in lines) else 0), (
            done.stdout + done.stderr
        )
        if match := re.match(r"(R-\w{10}): received", done.stdout):
            real = match[1]
        for line in lines:  # where exactly the span begins and ends is the reader's choice
            pattern = re.sub(
                r"bytes \d+ to \d+", r"bytes \\d+ to \\d+", re.escape(line.replace(ID, real)).replace("\\ ", " ")
            )
            assert re.search(pattern, done.stdout), f"{command}\n{done.stdout}\ndoes not say\n{line}"
    found = resolve_permalink(later, [home / "releases/mine"])
    assert f"{found.state:11} {found.path} in {found.release} {found.version}: {found.said}" in section
    assert found.state == "withdrawn"
    assert found.lost is not None
    assert found.lost.evidence == {"requests": [real]}
    words = b"keystone server"
    assert not [file for file in (home / "releases/mine").rglob("*") if file.is_file() and words in file.read_bytes()]


def cited_again(release: Path, answers: dict[str, Any]) -> str:
    (answer,) = answers["answers"]
    found = resolve_permalink(answer["citations"][0]["permalink"], [release])
    assert found.now is not None
    return found.now.permalink
