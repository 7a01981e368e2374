"""The REUSE specification, held against the reuse tool: same licences for each file of projects made at random.

One difference is meant and not made here: an annotation that names no licence takes away from the tool what other
annotations or, with override, the file's own tags say, while Drystone goes on hearing them, since what is said of
rights is never taken for absent. The tool runs as a process in an environment of its own (tests/oracles/README.md).
"""

from __future__ import annotations

import json
import os
import random
import subprocess
from pathlib import Path

import pytest

from drystone.detect.licenses import detect_file, detect_headers, file_license, is_license_file, tree_licenses
from drystone.detect.licenses.annotation import identifiers

IDS = ("MIT", "ISC", "GPL-2.0-only", "Apache-2.0", "LicenseRef-Ours", "MIT OR GPL-3.0-or-later")
FILES = (
    "a.py",
    "b.txt",
    "lib/c.py",
    "lib/deep/d.py",
    "lib/deep/e.c",
    "doc/f.md",
    "doc/st*r.txt",
    "x/y/z/g.js",
    "q?.py",
)
GLOBS = (
    "**",
    "*",
    "*.py",
    "**/*.py",
    "lib/*",
    "lib/**",
    "lib/*/d.py",
    "doc/st\\*r.txt",
    "q?.py",
    "x/**/g.js",
    "lib/deep/d.py",
)
INNER = ("**", "*", "*.py", "deep/*", "deep/**", "d.py", "f.md")
NESTED = ("lib", "lib/deep", "doc")


def tag(expression: str) -> str:
    return f"SPDX-License-Identifier: {expression}"


def comment(path: str, lines: list[str]) -> str:
    mark = "//" if path.endswith((".c", ".js")) else "#"
    if path.endswith(".md"):
        return "<!--\n" + "\n".join(lines) + "\n-->\n"
    return "".join(f"{mark} {line}\n" for line in lines)


def head(rng: random.Random, path: str) -> str:
    """Return a head with a tag, ignored tags, a snippet, or none of them."""
    lines: list[str] = []
    if rng.random() < 0.5:
        lines.append(tag(rng.choice(IDS)))
    if rng.random() < 0.25:
        lines += ["REUSE-IgnoreStart", tag(rng.choice(IDS)), "REUSE-IgnoreEnd"]
    if rng.random() < 0.2:
        lines += ["SPDX-SnippetBegin", tag(rng.choice(IDS)), "SPDX-SnippetEnd"]
    return comment(path, lines) if lines else ""


def reuse_toml(rng: random.Random, globs: tuple[str, ...]) -> str:
    text = "version = 1\n"
    for _ in range(rng.randint(1, 4)):
        paths = rng.sample(globs, rng.randint(1, 2))
        text += f"\n[[annotations]]\npath = {json.dumps(paths)}\n"
        if (precedence := rng.choice(("", "", "closest", "aggregate", "override"))) != "":
            text += f'precedence = "{precedence}"\n'
        text += 'SPDX-FileCopyrightText = "2020 Mason"\n'
        text += f"SPDX-License-Identifier = {json.dumps(rng.choice(IDS))}\n"
    return text


def dep5(rng: random.Random) -> str:
    text = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
    for _ in range(rng.randint(1, 3)):
        globs = rng.sample(("*", "*.py", "lib/*", "doc/st\\*r.txt", "x/?/z/*"), 1)
        text += f"\nFiles: {' '.join(globs)}\nCopyright: 2020 Mason\nLicense: {rng.choice(IDS[:5])}\n"
    return text


def project(rng: random.Random, root: Path) -> None:
    def write(path: str, text: str) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)

    for path in FILES:
        write(path, head(rng, path) + "wall = 1\n")
        if rng.random() < 0.2:
            write(f"{path}.license", f"SPDX-FileCopyrightText: 2020 Mason\n\n{tag(rng.choice(IDS))}\n")
    if rng.random() < 0.2:
        write(".reuse/dep5", dep5(rng))
    else:
        write("REUSE.toml", reuse_toml(rng, GLOBS))
        for folder in NESTED:
            if rng.random() < 0.35:
                write(f"{folder}/REUSE.toml", reuse_toml(rng, INNER))


def ours(root: Path) -> dict[str, set[str]]:
    paths = sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())
    read = {path: (root / path).read_bytes() for path in paths}
    tree = tree_licenses(
        [(path, detect_file(read[path], path), path) for path in paths if is_license_file(path)],
        present=read.__contains__,
    )
    heads = dict(zip(FILES, detect_headers([read[path] for path in FILES], list(FILES)), strict=True))
    found = {path: file_license(tree.file(path), heads[path], path, path) for path in FILES}
    return {path: set(identifiers(f.expression)) if f is not None else set() for path, f in found.items()}


def theirs(tool: Path, root: Path) -> dict[str, set[str]]:
    done = subprocess.run(
        [str(tool), "--root", str(root), "lint", "--json"], capture_output=True, text=True, check=False
    )
    assert done.stdout, done.stderr
    files = {file["path"]: file["spdx_expressions"] for file in json.loads(done.stdout)["files"]}
    return {path: {i for e in files[path] for i in identifiers(e["value"])} for path in FILES}


@pytest.fixture(scope="module")
def tool() -> Path:
    home = os.environ.get("DRYSTONE_ORACLES")
    if not home or not (Path(home) / "reuse/bin/reuse").exists():
        pytest.skip("DRYSTONE_ORACLES names no folder with the environment 'reuse' (tests/oracles/README.md)")
    return Path(home) / "reuse/bin/reuse"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_every_file_has_the_licences_that_the_reuse_tool_finds(tool: Path, tmp_path: Path, seed: int) -> None:
    project(random.Random(seed), tmp_path)
    assert ours(tmp_path) == theirs(tool, tmp_path)
