"""Every program of examples/ runs as its first lines say, on small real data and without a network."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.end_to_end.conftest import ROOT, git, program

EXAMPLES = ROOT / "examples"
#: `tests/reader/test_example.py` runs this one, which needs torch.
ELSEWHERE = {"finetune_domain"}
HERE = {
    "ask_documents", "governance", "near_duplicates", "packages", "read_release", "train_tiny", "two_languages",
}  # fmt: skip


def run(name: str, *arguments: object, cwd: Path) -> str:
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), *map(str, arguments)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, cwd=cwd, env=environment, check=False, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_has_a_test_and_says_how_it_is_run() -> None:
    programs = {path.stem: path.read_text() for path in EXAMPLES.glob("*.py")}
    assert set(programs) == HERE | ELSEWHERE
    for name, code in programs.items():
        assert f"python examples/{name}.py" in (ast.get_docstring(ast.parse(code)) or "")


@pytest.mark.slow
def test_a_git_repository_in_two_languages(home: Path, tmp_path: Path) -> None:
    said = run("two_languages", "my-repository", tmp_path / "release", cwd=home)
    assert "longest in Python: /src/" in said


@pytest.mark.slow
def test_packages_and_what_their_licences_cost(home: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed-1.0"
    closed.mkdir()
    (closed / "gate.py").write_text(program("gate"))
    subprocess.run(["tar", "-czf", "closed-1.0.tar.gz", "closed-1.0"], cwd=tmp_path, check=True)
    package = home / "my-package-1.0.tar.gz"
    said = run("packages", package, tmp_path / "closed-1.0.tar.gz", "-o", tmp_path / "release", cwd=tmp_path)
    assert said.splitlines()[0].startswith("2 of 4 files of 2 packages are in ")
    assert "kept         2 under ISC" in said  # the core metadata, PKG-INFO, is in no language
    assert "dropped  /closed-1.0/gate.py: no_license, no licence found" in said


@pytest.mark.slow
def test_a_release_is_read_without_drystone(home: Path, release: Path) -> None:
    code = (EXAMPLES / "read_release.py").read_text()
    imported = {n.names[0].name for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Import)}
    assert imported == {"json", "sys", "duckdb", "polars"}
    said = run("read_release", release, cwd=home)
    assert "exact_duplicates" in said
    assert 'one begins \'"""Building of' in said


@pytest.mark.slow
@pytest.mark.skipif(find_spec("drystone_mini") is None, reason="models/mini is not installed")
def test_documents_are_asked(tmp_path: Path) -> None:
    (tmp_path / "walls.md").write_text("A wall stands on its footing.\nA capstone lies on top of each wall.\n")
    (tmp_path / "gates.md").write_text("Gates are hung on a post of oak by a smith.\n")
    said = run("ask_documents", tmp_path, "What lies on top of each wall?", cwd=tmp_path)
    assert "'A capstone' (" in said
    assert "walls.md, line 2, score " in said


@pytest.mark.slow
def test_near_duplicates_of_a_file_go_with_proof(tmp_path: Path) -> None:
    stack = program("stack")
    texts = [stack, program("gather"), stack.replace("course=7", "course=70"), program("cope")]
    pq.write_table(pa.table({"content": texts}), tmp_path / "texts.parquet")
    said = run("near_duplicates", "texts.parquet", "kept.parquet", cwd=tmp_path)
    assert said.startswith("row 2 is near row 0: similarity 0.")
    assert said.endswith("3 of 4 rows stay\n")
    assert pq.read_table(tmp_path / "kept.parquet").column("content").to_pylist() == [texts[0], texts[1], texts[3]]


@pytest.mark.slow
def test_somebodys_work_leaves_a_release_and_stays_out(tmp_path: Path) -> None:
    for name, files in {"walls": ("stack",), "fences": ("rail", "stack")}.items():
        folder = tmp_path / name
        folder.mkdir()
        git(folder, "init", "-q")
        (folder / "LICENSE").write_text("SPDX-License-Identifier: MIT\n")
        for file in files:
            (folder / f"{file}.py").write_text(program(file))
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", "Begin")
    said = run("governance", "walls", "fences", cwd=tmp_path)
    assert [line.partition(", root")[0] for line in said.splitlines()] == [
        "a release: 2 kept",
        "request R-…: accepted",
        "retracted to 1.0.1: 1 kept",
        "a new build: 1 kept, 1 left out",
        "release and log were checked, 0 problems",
    ]


@pytest.mark.slow
def test_a_small_model_learns_from_the_tokens(release: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="the extra train is not installed")
    said = run("train_tiny", release, tmp_path / "trained", 3, cwd=tmp_path).splitlines()
    assert said[0].endswith("samples")
    assert ": loss " in said[-1]
