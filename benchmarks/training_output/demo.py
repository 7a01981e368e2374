"""The release of examples/demo.toml, which the labels of quality and the figures of tokens are about."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from benchmarks.harness import CACHE


class Demo(NamedTuple):
    """Where the release is, and the seconds that its build with one process told of its stage `annotate`."""

    place: Path
    annotate: float | None


def demo() -> Demo:
    """Return the demo; it is built where it was not, which needs the network."""
    home = CACHE / "training-output-demo"
    told = home / "told.txt"
    if not told.exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        settings = home / "demo.toml"
        text = (Path(__file__).parents[2] / "examples/demo.toml").read_text()
        settings.write_text(text.replace('"../demo/release"', '"release"'))
        code = [sys.executable, "-m", "drystone", "build", str(settings), "--threads", "1"]
        # In a folder of its own, so that its registry knows of no other demo.
        done = subprocess.run(code, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"the demo cannot be built: {done.stdout[-2000:]}")
        told.write_text(done.stdout)
    found = re.search(r"^annotate: ([\d.]+) s", told.read_text(), re.MULTILINE)
    return Demo(home / "release", float(found[1]) if found else None)
