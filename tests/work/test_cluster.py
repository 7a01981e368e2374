"""Tasks on Ray: the same summaries and errors as here, and an error that names the extra where it is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from drystone.errors import MissingExtraError
from drystone.work.engine import Engine
from drystone.work.store import Stage
from tests.work.test_engine import squares

SCRIPT = """
import os, sys
from pathlib import Path
from drystone.errors import SourceError
from drystone.work.engine import Engine
from drystone.work.store import Stage
from drystone.work.tasks import Task
from tests.work.test_engine import fail, squares

engine = Engine("ray", 2)
found = engine.run("squares", Stage(Path(sys.argv[1])), squares(5))
assert [summary["square"] for summary in found] == [n * n for n in range(5)]
assert os.getpid() not in {summary["process"] for summary in found}
try:
    engine.run("walls", Stage(Path(sys.argv[1])), [Task("wrong", fail)])
except SourceError as error:
    print(error)
"""


@pytest.mark.parametrize("missing", ["daft", "ray"])
def test_a_missing_extra_is_named(missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MissingExtraError, match=r"drystone\[ray\]"):
        Engine("ray", 2).run("squares", Stage(tmp_path), squares(1))


@pytest.mark.slow
def test_tasks_on_ray(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    # In a process of its own: Daft chooses where it runs once.
    done = subprocess.run([sys.executable, "-c", SCRIPT, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("wrong: is no wall")
