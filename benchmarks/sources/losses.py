"""Every way we know to lose something that a source promised: is it told by a row, by the count, by the exit status?

Real damaged sources and real builds, by the command itself. `ways(folder)` returns for each what became of it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.building.conftest import MIT, git

from benchmarks.harness import Figure
from drystone.release.read import open_release

#: Reasons of rows about something that was promised and did not come.
LOST: Final = frozenset({"damaged", "lost_content", "lost_directory", "lost_repository", "unreadable"})
#: What the command exits with where something was lost and the rest was published.
PUBLISHED_ALL_THE_SAME: Final = 3


@dataclass(frozen=True)
class Told:
    """How a loss was told: by rows of the ledger, by the count at the end, by the exit status."""

    rows: int
    count: int
    status: int

    @property
    def whole(self) -> bool:
        """Whether rows, count and status all tell of it."""
        return self.rows > 0 and self.count == self.rows and self.status == PUBLISHED_ALL_THE_SAME


def _repository(folder: Path) -> Path:
    git(folder, "init", "-q", "-b", "main")
    for name, text in {"LICENSE": MIT, "a.py": "print('a')\n", "below/b.py": "print('b')\n"}.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "All")
    return folder


def _without_object(folder: Path, name: str) -> None:
    _repository(folder)
    id_ = git(folder, "rev-parse", name).strip()
    (folder / ".git/objects" / id_[:2] / id_[2:]).unlink()


#: Each way makes a damaged source in a folder.
WAYS: Final[dict[str, Callable[[Path], None]]] = {
    "git: a missing blob": lambda folder: _without_object(folder, "HEAD:a.py"),
    "git: a missing tree": lambda folder: _without_object(folder, "HEAD:below"),
    "git: a missing commit": lambda folder: _without_object(folder, "HEAD"),
}


def told(folder: Path, damage: Callable[[Path], None]) -> Told:
    """Build from a source that is damaged and from one that is whole; return how the loss was told."""
    for name in ("whole", "damaged"):
        (folder / name).mkdir(parents=True)
    _repository(folder / "whole")
    damage(folder / "damaged")
    output = folder / "release"
    command = [sys.executable, "-m", "drystone", "build", "whole", "damaged", "-o", str(output), "--json", "--quiet"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    rows = 0
    if output.exists():
        for batch in open_release(output).ledger(["reason"]):
            rows += sum(reason in LOST for reason in batch.column("reason").to_pylist())
    said = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    return Told(rows, said.get("losses", {}).get("lost", 0), done.returncode)


def ways(folder: Path) -> dict[str, Told]:
    """Try every way in a folder; return how each was told."""
    found = {}
    for number, (name, damage) in enumerate(WAYS.items()):
        here = folder / f"{number:02d}"
        found[name] = told(here, damage)
        shutil.rmtree(here)
    return found


def figures(quick: bool) -> list[Figure]:
    """Return how many ways to lose something are not told by row, count and status, and how many were tried."""
    with tempfile.TemporaryDirectory(prefix="drystone-losses-") as folder:
        found = ways(Path(folder))
    silent = [name for name, how in found.items() if not how.whole]
    note = f"not told: {silent}" if silent else ""
    return [
        Figure("ways to lose something that row, count and status do not tell", len(silent), "ways", 0, 0, True, note),
        Figure("ways that were tried", len(found), "ways", 40),
    ]
