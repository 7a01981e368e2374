"""The kernel under AddressSanitizer and UBSan, driven by its fuzz target."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "kernel" / "dedup" / "fuzz" / "run.sh"


@pytest.mark.slow
def test_the_fuzz_target_finds_nothing() -> None:
    compiler = os.environ.get("CXX", "g++")
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not here")
    done = subprocess.run([str(SCRIPT), "5"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
