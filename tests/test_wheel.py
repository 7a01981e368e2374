"""What `python -m build` makes: a source distribution that builds, and a wheel that needs no compiler in use."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]
COMPILERS = ("cc", "c++", "gcc", "g++", "clang", "clang++", "cmake", "ninja", "make")

pytestmark = [pytest.mark.slow, pytest.mark.network]


def run(*command: object, **environment: str) -> str:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with a source distribution and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT)
    return folder


def test_the_source_distribution_has_what_a_build_needs_and_no_weights(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    assert {"pyproject.toml", "CMakeLists.txt", "kernel/CMakeLists.txt", "kernel/common/dispatch.hpp"} <= names
    assert {"LICENSE", "README.md", "constraints.txt", "src/drystone/py.typed"} <= names
    assert not [name for name in names if name.startswith("models/") and "/model/" in name]


def test_the_wheel_has_a_kernel_for_each_room_and_says_which_pythons_it_serves(built: Path) -> None:
    wheel = next(built.glob("*.whl"))
    names = ZipFile(wheel).namelist()
    rooms = sorted(path.parent.name for path in ROOT.glob("kernel/*/CMakeLists.txt"))
    stable = sys.version_info >= (3, 12)
    for room in rooms:
        kernels = [name for name in names if name.startswith(f"drystone/{room}/_kernel.") and name.endswith(".so")]
        assert len(kernels) == 1, room
        assert ("abi3" in kernels[0]) == stable
    assert ("-cp312-abi3-" in wheel.name) == stable
    assert not [name for name in names if name.startswith(("tools/", "kernel/", "tests/"))]


def test_the_wheel_works_in_a_new_environment_without_a_compiler(built: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", tmp_path / "venv")
    bare = str(tmp_path / "venv" / "bin")  # nothing else is found, so no compiler is
    assert not [name for name in COMPILERS if (Path(bare) / name).exists()]
    python = Path(bare, "python")
    install = ("-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-compile", "--only-binary=:all:")
    run(python, *install, "--constraint", ROOT / "constraints.txt", next(built.glob("*.whl")), PATH=bare)

    project = tmp_path / "project"
    project.mkdir()
    (project / "LICENSE").write_bytes((ROOT / "LICENSE").read_bytes())
    lines = [f"def add_{i}(left, right):\n    return left + right * {i}\n" for i in range(40)]
    (project / "one.py").write_text("\n".join(lines))
    (project / "two.py").write_text("\n".join([*lines[:-1], "x = 1\n"]))
    drystone = Path(bare, "drystone")
    where = {"PATH": bare, "HOME": str(tmp_path)}
    release = tmp_path / "release"
    run(drystone, "build", project, "--output", release, **where)
    assert "Nothing is wrong" in run(drystone, "verify", release, **where)
    assert "dropped at stage near_duplicates" in run(drystone, "why", release, "two.py", **where)
    # The catalog that comes with it needs no extra and no network.
    nowhere = {**where, "HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    pair = ("distilbert-base-cased-distilled-squad", "the-stack-v2")
    assert "No shared job, so that neither is better." in run(drystone, "compare", *pair, **nowhere)
    assert "dataset_DatasetPackage" in run(drystone, "catalog", "papers", release, "--as", "spdx", **nowhere)
