"""What a build knows: it runs tasks, and says first what has failed beside them."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

import pytest

from drystone.building.context import Build
from drystone.building.settings import Settings
from drystone.errors import RegistryError
from drystone.registry import Registry
from drystone.work.engine import Engine
from drystone.work.store import Store
from tests.work.test_engine import squares


def build(folder: Path, registry: Future[Registry | None]) -> Build:
    store = Store(folder / "work")
    return Build(Settings(), [], folder, Engine(threads=1), store, folder / "cache", registry=registry)


def test_tasks_run_while_the_registry_is_on_its_way(tmp_path: Path) -> None:
    made = build(tmp_path, Future())
    found = made.run("squares", made.store.stage("squares", 1), squares(3))
    assert [summary["square"] for summary in found] == [0, 1, 4]


def test_a_registry_that_failed_is_said_before_more_is_done(tmp_path: Path) -> None:
    registry: Future[Registry | None] = Future()
    registry.set_exception(RegistryError("no registry: the disk is gone"))
    made = build(tmp_path, registry)
    stage = made.store.stage("squares", 1)
    with pytest.raises(RegistryError, match="the disk is gone"):
        made.run("squares", stage, squares(3))
    assert not list(stage.folder.iterdir())
