"""Runs docs/recipes.md as printed: every command from top to bottom, in an empty folder, with what it must print.

`python -m benchmarks.recipes` prints each recipe with its seconds (wall clock) and whether it did what the page says.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/recipes.md"


@dataclass(frozen=True)
class Ran:
    """A recipe that was run: its heading, seconds, and what went otherwise than the page says (empty: nothing)."""

    name: str
    seconds: float
    problem: str


def printed(section: str) -> list[tuple[str, list[str]]]:
    """Return the commands of a section of a page in order, each with what the page prints after it."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", section, re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line.removeprefix("$ "), []))
            elif line.strip():
                found[-1][1].append(line)
    return found


def shell_folder(home: Path) -> Path:
    """Make `home/empty`, and a `drystone` and a `python3` of this environment in `home/bin`; return `home`."""
    (home / "bin").mkdir()
    for name, module in (("drystone", "-m drystone "), ("python3", "")):
        program = home / "bin" / name
        program.write_text(f'#!/bin/sh\nexec {sys.executable} {module}"$@"\n')
        program.chmod(0o755)
    (home / "empty").mkdir()
    return home


def run(home: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in `home/empty` as somebody without settings of their own would."""
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("DRYSTONE_", "GIT_"))},
        "PATH": f"{home / 'bin'}:{os.environ['PATH']}",
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "COLUMNS": "160",
        **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
           for what, value in (("NAME", "Ann"), ("EMAIL", "ann@example.org"))},
    }  # fmt: skip
    return subprocess.run(
        ["bash", "-c", command],
        cwd=home / "empty", env=environment, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip


def run_recipes(home: Path) -> list[Ran]:
    """Run all recipes in `home`, an empty folder, the repositories that they are tried with first."""
    shell_folder(home)
    first, *sections = PAGE.read_text("utf-8").split("\n## ")
    if problem := _problem(home, first):
        return [Ran("0. The repositories", 0.0, problem)]
    ran = []
    for section in sections:
        started = time.perf_counter()
        problem = _problem(home, section)
        ran.append(Ran(section.partition("\n")[0], time.perf_counter() - started, problem))
    return ran


def _problem(home: Path, section: str) -> str:
    commands = printed(section)
    if not commands:
        return "no command"
    for command, wanted in commands:
        done = run(home, command)
        said = done.stdout + done.stderr
        if done.returncode != 0 or "Traceback" in said:
            return f"{command}\nexits with {done.returncode}\n{said}"
        for line in wanted:
            if line.strip().removesuffix("...") not in said:
                return f"{command}\ndoes not print\n{line}\nbut\n{said}"
    return ""


def main() -> int:
    """Print the table; return 1 where a recipe does not do what it says."""
    home = Path(tempfile.mkdtemp(prefix="recipes-"))
    try:
        ran = run_recipes(home)
    finally:
        shutil.rmtree(home)
    for each in ran:
        sys.stdout.write(
            f"{each.seconds:6.1f} s  {'ran' if not each.problem else 'FAILED'}  {each.name}\n{each.problem}"
        )
    good = sum(not each.problem for each in ran)
    sys.stdout.write(f"{good} of {len(ran)} recipes ran as printed, in {sum(each.seconds for each in ran):.0f} s\n")
    return 0 if good == len(ran) else 1


if __name__ == "__main__":
    sys.exit(main())
