"""Tasks on Ray: the same summaries and errors as here, and an error that names the extra where it is missing."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from drystone.errors import BuildError, MissingExtraError, UsageError
from drystone.work import cluster
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

engine = Engine("ray", 2, most=2, in_process=0)
found = engine.run("squares", Stage(Path(sys.argv[1])), squares(5))
assert [summary["square"] for summary in found] == [n * n for n in range(5)]
assert os.getpid() not in {summary["process"] for summary in found}
try:
    engine.run("walls", Stage(Path(sys.argv[1])), [Task("wrong", fail)])
except SourceError as error:
    print(error)
"""


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"drystone\[ray\]"):
        Engine("ray", in_process=0).run("squares", Stage(tmp_path), squares(1))


def test_a_ray_that_does_not_start_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray", reason="the extra `ray` is not installed")

    def too_busy(**_: object) -> None:  # as Ray does on a machine that is too busy, which no test can make
        raise Exception("The current node timed out during startup. This could happen.")

    monkeypatch.setattr(ray, "init", too_busy)
    with pytest.raises(
        BuildError, match="Ray at this machine does not take this program in: The current node timed out"
    ):
        cluster.start(2, None)


def test_where_nothing_answers_is_said_at_once(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    since = time.monotonic()
    with pytest.raises(BuildError, match=f"127.0.0.1:{port}: no Ray cluster answers there .*ray start --head"):
        Engine("ray", ray_address=f"127.0.0.1:{port}", in_process=0).run("squares", Stage(tmp_path), squares(1))
    assert time.monotonic() - since < 5
    with pytest.raises(UsageError, match="here: is no address of a Ray cluster; give HOST:PORT"):
        Engine("ray", ray_address="here", in_process=0).run("squares", Stage(tmp_path), squares(1))


class Broken:
    """Ray where all that is begun ends as `error` says: no test can make hosts end at will."""

    def __init__(self, error: Exception) -> None:
        from ray import exceptions

        self.exceptions, self._error = exceptions, error
        self.begun = 0

    def remote(self, *task: object, **_: object) -> object:
        return object() if task else lambda function: self

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 4.0}

    def wait(self, given: list[object], **_: object) -> tuple[list[object], list[object]]:
        return given[:1], given[1:]

    def cancel(self, reference: object, **_: object) -> None:
        """Nothing is at work."""

    def get(self, _: object) -> bytes:
        self.begun += 1
        raise self._error


def test_what_ends_again_and_again_is_given_up_and_why_is_said(tmp_path: Path) -> None:
    exceptions = pytest.importorskip("ray.exceptions", reason="the extra `ray` is not installed")
    cannot = exceptions.RayTaskError("_do", "Traceback\nModuleNotFoundError: No module named 'walls'", None, "", 1, "b")
    for error, told in (
        (exceptions.NodeDiedError("a host was lost"), "the process that did it ended 6 times .*--num-cpus"),
        (cannot, "none could .ModuleNotFoundError: No module named 'walls'.; install the same Drystone"),
    ):
        ray = Broken(error)
        with pytest.raises(BuildError, match=told):
            list(cluster._Stage(ray, Stage(tmp_path), squares(1), None).run())
        assert ray.begun == 6


@pytest.mark.slow
def test_tasks_on_ray(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    # In a process of its own: Ray is started once in each.
    done = subprocess.run([sys.executable, "-c", SCRIPT, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("wrong: is no wall")
