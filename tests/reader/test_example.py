"""examples/finetune_domain.py runs as its first lines say, on a small model."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .tiny_data import make_squad, write_squad

pytest.importorskip("torch", reason="training needs the extra `train`")
EXAMPLE = Path(__file__).parents[2] / "examples" / "finetune_domain.py"


@pytest.mark.slow
@pytest.mark.parametrize("source", ["squad", "documentation"])
def test_the_example_prints_the_gain(checkpoints: dict[str, Path], tmp_path: Path, source: str) -> None:
    squad = write_squad(tmp_path / "data.json", make_squad(9), license=None)
    given = [str(squad)] if source == "squad" else ["--documentation", str(EXAMPLE.parents[1] / "docs")]
    command = [sys.executable, str(EXAMPLE), *given, "--license", "MIT", "--model", str(checkpoints["bert"])]
    command += ["--out", str(tmp_path / "out"), "--examples", "60", "--limit", "20"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "held-out questions: exact match" in done.stdout.splitlines()[-1]
