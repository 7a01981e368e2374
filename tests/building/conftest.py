"""Small real repositories: a git repository, archives, a folder, with what a build must tell apart."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

import pytest

MIT = """MIT License

Copyright (c) 2021 Ada Example

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""

GPL_HEADER = """# This program is free software: you can redistribute it and/or modify
# it under the terms of the GNU General Public License as published by
# the Free Software Foundation, either version 3 of the License, or
# (at your option) any later version.

"""


def program(name: str, lines: int = 40) -> str:
    """Return a Python program that has little in common with one of another name."""
    body = "".join(
        f"    {name}_{i} = {name}_input_{i * 7 % 13}(value_{name}_{i}, limit_{name}) + {i}\n" for i in range(lines)
    )
    return f'"""Work of {name}."""\n\nimport {name}_library\n\n\ndef {name}(limit_{name}):\n{body}    return {name}_0\n'


def git(folder: Path, *arguments: str) -> str:
    environment = {
        "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org", "GIT_AUTHOR_DATE": "2021-05-01T12:00:00+02:00",
        "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org",
        "GIT_COMMITTER_DATE": "2021-05-01T12:00:00+02:00", "GIT_CONFIG_GLOBAL": "/dev/null", "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
    }  # fmt: skip
    command = ["git", "-c", "init.defaultBranch=main", "-C", str(folder), *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


def write(folder: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A git repository under MIT, a folder under MIT that copies from it, an sdist without a licence, one under GPL."""
    home = tmp_path_factory.mktemp("sources")
    repository = home / "walls"
    repository.mkdir()
    git(repository, "init", "-q")
    write(
        repository,
        {
            "LICENSE": MIT,
            "README.md": "# Walls\n\nStacked from found stones, with no mortar to hide the joints.\n",
            "walls/stack.py": program("stack"),
            "walls/gather.py": program("gather"),
            "walls/copyleft.py": GPL_HEADER + program("copyleft"),
            "walls/latin.py": "# -*- coding: latin-1 -*-\n# Mörtel\n".encode("latin-1") + program("latin").encode(),
            "walls/wide.py": program("wide").encode("utf-16"),
            "walls/empty.py": "",
            "walls/blob.bin": bytes(range(256)) * 8,
            "walls/nul.c": b"int a;\0int b;\n",
            "data/table.json": "[\n" + ",\n".join(f'  {{"granite block": {i}}}' for i in range(900)) + "\n]\n",
            "notes.unknown-kind": "nobody knows what this is\n",
            "walls/contact.py": program("contact") + "\nOWNER = 'marie.dupont@stonework-atelier.fr'\n",
        },
    )
    (repository / "link.py").symlink_to("walls/stack.py")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "Stack the first wall")

    folder = home / "fences"
    write(
        folder,
        {
            "LICENSE": MIT.replace("Ada", "Grace"),
            "fences/stack.py": program("stack"),
            "fences/gather.py": program("gather").replace("+ 7\n", "+ 70\n"),
            "fences/post.py": program("post"),
        },
    )
    archives = []
    for name, files in {
        "gates-1.0": {"gates/open.py": program("open"), "gates/shut.py": program("shut")},
        "moats-2.0": {"COPYING": "SPDX-License-Identifier: GPL-3.0-only\n", "moats/fill.py": program("fill")},
    }.items():
        write(home / name, {f"{name}/{path}": content for path, content in files.items()})
        archive = home / f"{name}.tar.gz"
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(home / name / name, arcname=name)
        archives.append(archive)
    return [repository, folder, *archives]
