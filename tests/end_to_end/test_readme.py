"""The commands and programs of the README, as printed, in its order."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from drystone.catalog.passports.reading import load_passport
from drystone.catalog.shelf.builtin import builtin_passports
from tests.end_to_end.conftest import ROOT, Run

README = (ROOT / "README.md").read_text()


def blocks(language: str, section: str) -> list[str]:
    part = README.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", part, re.S)


def python(code: str, home: Path) -> str:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_DATASETS_CACHE": str(home / "hf"), "DO_NOT_TRACK": "1"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=home, env=environment, check=False, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_commands_run_as_printed(home: Path, drystone: Run) -> None:
    [block] = blocks("console", "Your own repositories")
    lines = [shlex.split(line.removeprefix("$ ")) for line in block.splitlines()]
    assert len(lines) == 7
    said = []
    for line in lines:
        assert line[0] == "drystone"
        done = drystone(*line[1:])
        assert done.returncode == 0, (line, done.stderr)
        said.append(done.stdout)
    built, verified, why, stats, licenses, _, _ = said
    assert "\nnear duplicates " in built
    assert "Nothing is wrong." in verified
    assert "kept" in why
    assert "ISC" in why
    assert "Python" in stats
    assert (home / "mine.svg").read_text().startswith("<?xml")
    assert "ISC" in licenses
    assert (home / "releases/from-file/manifest.json").exists()


@pytest.mark.slow
def test_the_next_commands_that_a_build_prints_run(home: Path, drystone: Run, release: Path) -> None:
    again = drystone("build", "./my-repository", "my-package-1.0.tar.gz", "-o", "releases/mine", "--quiet")
    block, last = again.stdout.split("Next:\n")[1].split("\n\n")
    assert last == "Nothing that the sources promised is missing.\n"
    lines = [line.strip() for line in block.splitlines()]
    assert len(lines) == 3
    for line in lines:
        words = shlex.split(line)  # "drystone verify …", or "python -m drystone verify …" where it was called so
        done = drystone(*words[words.index("drystone") + 1 :])
        assert done.returncode == 0, done.stderr


def test_the_python_of_the_readme_runs_as_printed(home: Path, release: Path) -> None:
    [code] = blocks("python", "Your own repositories")
    assert len([line for line in code.splitlines() if line]) == 3
    root, _, paths = python(code, home).partition(" ")
    assert re.fullmatch("[0-9a-f]{64}", root)
    assert "/src/stack.py" in paths


@pytest.mark.parametrize(("index", "module", "said"), [
    (0, "datasets", "/src/stack.py"), (1, "duckdb", "exact_duplicate"), (2, "polars", "Markdown"),
])  # fmt: skip
@pytest.mark.slow
def test_others_read_a_release_as_printed(home: Path, release: Path, index: int, module: str, said: str) -> None:
    code = blocks("python", "Reading a release")[index]
    assert f"import {module}" in code or f"from {module}" in code
    assert said in python(code, home)


@pytest.mark.network
@pytest.mark.slow
def test_the_demo_builds_holds_and_a_second_run_does_nothing_again(tmp_path: Path, drystone: Run) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    done = drystone("build", "examples/demo.toml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = re.search(r"demo 1\.0\.0: .* MB of text", README)
    assert told is not None
    assert told[0].split(" of ")[1].split(" ")[0] in done.stdout  # occurrences; the rest changes with detectors
    assert drystone("verify", "demo/release", "--quiet", cwd=tmp_path).returncode == 0
    ours, theirs = builtin_passports()["demo"], load_passport(tmp_path / "demo/release/passport.json")
    assert ours == theirs, "python -m tools.make_example_passports makes the demo's passport again"
    again = drystone("build", "examples/demo.toml", cwd=tmp_path)
    assert again.stdout == done.stdout
    stages = [line for line in again.stderr.splitlines() if not line.startswith(("fetch", "registry "))]
    assert all(line.endswith("already done") for line in stages), again.stderr
    assert drystone("build", "examples/demo.toml", "--dry-run", "--sample", "2", cwd=tmp_path).returncode == 0
