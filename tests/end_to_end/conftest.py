"""A home with what the README's commands name: a git repository and a source distribution, made by git and tar."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
Run = Callable[..., "subprocess.CompletedProcess[str]"]

LICENSE = """Permission to use, copy, modify, and/or distribute this software for any
purpose with or without fee is hereby granted, provided that the above
copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH
REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY
AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT,
INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM
LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR
OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR
PERFORMANCE OF THIS SOFTWARE.
"""


def program(name: str) -> str:
    lines = "".join(f"    {name}_{i} = lay({name}_{i * 5 % 11}, course={i})\n" for i in range(20))
    return (
        f'"""Building of {name}."""\n\nfrom masonry import lay\n\n\ndef {name}({name}_0):\n{lines}    return {name}_3\n'
    )


def git(folder: Path, *arguments: str) -> None:
    author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *author, "-C", str(folder), *arguments], check=True, capture_output=True)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    repository = home / "my-repository"
    (repository / "src").mkdir(parents=True)
    (repository / "LICENSE").write_text("Copyright (c) 2020 Ada Example <ada@masonry.dev>\n\n" + LICENSE)
    (repository / "README.md").write_text("# Walls\n\nStacked from found stones, with no mortar between them.\n")
    for name in ("stack", "gather", "cope"):
        (repository / f"src/{name}.py").write_text(program(name))
    (repository / "src/contact.py").write_text(program("contact") + "OWNER = 'marie.dupont@stonework-atelier.fr'\n")
    git(repository, "init", "-q")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "The first course")

    package = home / "my-package-1.0"
    (package / "fence").mkdir(parents=True)
    (package / "PKG-INFO").write_text("Metadata-Version: 2.4\nName: fence\nVersion: 1.0\nLicense-Expression: ISC\n")
    (package / "fence/__init__.py").write_text(program("fence"))
    (package / "fence/stack.py").write_text(program("stack"))
    subprocess.run(["tar", "-czf", "my-package-1.0.tar.gz", package.name], cwd=home, check=True)
    (home / "my-build.toml").write_text(
        '[release]\nname = "mine"\noutput = "releases/from-file"\n\n'
        '[[source]]\nkind = "git"\npath = "my-repository"\nstars = 3\n\n'
        '[[source]]\nkind = "archive"\npath = "my-package-1.0.tar.gz"\n'
    )
    return home


@pytest.fixture(scope="session")
def drystone(home: Path) -> Run:
    """Run `drystone` as a process in the home, as a user would."""

    def run(*arguments: str, cwd: Path = home) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "drystone", *arguments]
        environment = {**os.environ, "COLUMNS": "160"}
        return subprocess.run(
            command, cwd=cwd, env=environment, check=False, capture_output=True, text=True, timeout=600
        )

    return run


@pytest.fixture(scope="session")
def release(home: Path, drystone: Run) -> Path:
    """The release of the README's first commands."""
    done = drystone("build", "./my-repository", "my-package-1.0.tar.gz", "-o", "releases/mine")
    assert done.returncode == 0, done.stderr
    return home / "releases/mine"
