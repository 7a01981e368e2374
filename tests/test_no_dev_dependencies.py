"""The package needs what pyproject.toml calls its dependencies and nothing else: no extra, nothing of the tests.

Whatever else is installed cannot be imported in these processes, nor in the workers that they start.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parents[1] / "pyproject.toml"
#: Python reads a module of this name at every start.
GUARD = """
import json, sys

class Guard:
    refused = frozenset(json.loads({names!r}))

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.refused:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Guard())
"""


def core() -> set[str]:
    """Return the names of all distributions that the core dependencies ask for."""
    todo = [Requirement(text) for text in tomllib.loads(PROJECT.read_text())["project"]["dependencies"]]
    names: set[str] = set()
    while todo:
        wanted = todo.pop()
        name = canonicalize_name(wanted.name)
        if name in names or not (wanted.marker is None or wanted.marker.evaluate({"extra": ""})):
            continue
        try:
            asked = distribution(name).requires or []
        except PackageNotFoundError:
            continue  # of another platform
        names.add(name)
        todo += [Requirement(text) for text in asked if "extra ==" not in text]
        todo += [r for text in asked for r in [Requirement(text)] if wanted.extras and _of_extra(r, wanted.extras)]
    return names


def _of_extra(asked: Requirement, extras: set[str]) -> bool:
    return asked.marker is not None and any(asked.marker.evaluate({"extra": extra}) for extra in extras)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which modules of other distributions cannot be imported."""
    allowed = core() | {"drystone", "setuptools", "pip"}
    refused = [
        name
        for name, homes in packages_distributions().items()
        if not any(canonicalize_name(home) in allowed for home in homes)
    ]
    assert {"pytest", "torch", "fastapi", "duckdb"} & set(packages_distributions()) <= set(refused)
    folder = tmp_path_factory.mktemp("guard")
    (folder / "sitecustomize.py").write_text(GUARD.format(names=json.dumps(refused)))
    return {**os.environ, "PYTHONPATH": str(folder)}


def run(environment: dict[str, str], cwd: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_refused_cannot_be_imported(environment: dict[str, str], tmp_path: Path) -> None:
    code = "try: import pytest\nexcept ModuleNotFoundError as error: print(error)"
    assert run(environment, tmp_path, "-c", code) == "No module named 'pytest'\n"


def test_every_public_name_is_there(environment: dict[str, str], tmp_path: Path) -> None:
    code = "import drystone; print([n for n in drystone.__all__ if getattr(drystone, n) is None])"
    assert run(environment, tmp_path, "-c", code) == "[]\n"


@pytest.mark.slow
def test_a_release_is_built_and_looked_at(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "walls").mkdir()
    for name in ("stack", "gather", "cope"):
        lines = "".join(f"    {name}_{i} = {name}_lay({i}, course_{name})\n" for i in range(20))
        head = "# SPDX-License-Identifier: MIT\n"
        (tmp_path / f"walls/{name}.py").write_text(f"{head}def {name}(course_{name}):\n{lines}    return {name}_0\n")
    built = run(environment, tmp_path, "-m", "drystone", "build", "./walls", "-o", "release", "--threads", "2")
    assert "3 of 3 occurrences" in built
    for command in (
        ["verify"],
        ["stats"],
        ["licenses"],
        ["why", "stack.py"],
        ["export", "--as", "stack-v3", "-o", "out"],
    ):
        run(environment, tmp_path, "-m", "drystone", command[0], "release", *command[1:])
