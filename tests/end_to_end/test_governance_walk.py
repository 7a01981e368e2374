"""The walk of docs/governance.md, every command as printed, in an empty folder."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest
from benchmarks.recipes import printed, run, shell_folder

from tests.end_to_end.conftest import ROOT

PAGE = (ROOT / "docs/governance.md").read_text("utf-8")
#: What stands for the id of a request, its first letters, and the line of its challenge.
ID, BEGINNING, LINE = "R-7K3M9Q2T1X", "R-7K3", "drystone-opt-out R-7K3M9Q2T1X 5f0c..."


def commands() -> list[tuple[str, list[str]]]:
    """The commands of the walk."""
    return printed(PAGE.split("\n## The way of a request\n")[1].split("\n## ")[0])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shell_folder(tmp_path_factory.mktemp("walk"))


@pytest.mark.slow
def test_the_walk_as_printed(folder: Path) -> None:
    said: dict[str, str] = {}
    real = {ID: ID, LINE: LINE}
    listed = commands()
    assert len(listed) > 25
    for command, says in listed:
        exact = command.replace(LINE, real[LINE]).replace(ID, real[ID])
        exact = re.sub(rf"{BEGINNING}\b", real[ID][:8], exact)
        done = run(folder, exact)
        wanted = 1 if command == "drystone verify downloads/mine" else 0
        assert done.returncode == wanted, f"{exact}\n{done.stdout}\n{done.stderr}"
        if match := re.match(r"(R-\w{10}): received", done.stdout):
            real[ID] = match[1]
        if match := re.search(r"^    (drystone-opt-out \S+ \S+)$", done.stdout, re.M):
            real[LINE] = match[1]
        for line in says:
            # Dates, ids and secrets differ; whole sentences must not.
            plain = re.escape(line.strip().replace(LINE, real[LINE]).replace(ID, real[ID]))
            pattern = re.sub(r"\d{4}\\-\d\d\\-\d\d", r"\\d{4}-\\d\\d-\\d\\d", plain).replace(r"yJ0wm\.\.\.", r"\S{20,}")
            assert re.search(pattern, done.stdout), f"{exact}\n{done.stdout}\ndoes not say\n{line}"
        said[command] = said.get(command, "") + done.stdout
    looked = "drystone lookup releases/mine-1.0 releases/mine-1.1 walls/stack.py"
    before, _, after = said[looked].partition("release 1.0.1")
    assert before.count("1 of 2 occurrences kept") == 2, "of two equal files one stands for both"
    assert after.count("0 of 1 occurrence kept") == 2, "of walls nothing is left, and its copy is out"
    assert after.count("dropped: opted_out") == 2
    later = said["drystone lookup releases/mine-1.2 walls/stack.py"]
    assert "0 of 2 occurrences kept, 2 repositories" in later, later
    assert later.count("dropped: opted_out") == 2, "the copy from before and the one that was made since"
    assert "The signature holds." in said[f"drystone receipt verify receipts/{ID}.json --key publisher.key.pub"]
    assert "Nothing was altered or removed." in said["drystone registry audit releases/mine-1.0 releases/mine-1.1"]
    shown = said["drystone optout show R-7K3"]
    assert shown.count("  applied ") == 3, "in two versions that were retracted, and in one that was built"
    receipts = sorted((folder / "empty/receipts").iterdir())
    assert len(receipts) == 2
    assert orjson.loads(receipts[0].read_bytes())["request"] == real[ID]
    # The bytes themselves: nothing of the file is left below the releases, or in what builds keep.
    bytes_left = [
        file
        for file in (folder / "empty/releases").rglob("*")
        if file.is_file() and b"course_3(stones)" in file.read_bytes()
    ]
    assert not bytes_left
