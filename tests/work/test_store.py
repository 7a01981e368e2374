"""The work folder: what a finished build leaves in it, and when a task has finished."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from drystone.errors import BuildError
from drystone.work.engine import Engine
from drystone.work.store import Stage, Store, write_table
from drystone.work.tasks import Summary, Task


def test_stages_of_earlier_settings_go_and_downloads_stay(tmp_path: Path) -> None:
    old = Store(tmp_path).stage("decide", {"threshold": 0.7})
    old.finish("00000", {})
    download = tmp_path / "cache/pypi/walls-1.0.tar.gz"
    download.parent.mkdir(parents=True)
    download.write_bytes(b"stones")
    (tmp_path / "mine").mkdir()
    store = Store(tmp_path)
    used = store.stage("decide", {"threshold": 0.8})
    store.remove_unused()
    assert used.folder.is_dir()
    assert not old.folder.exists()
    assert download.read_bytes() == b"stones"
    store.clear()
    assert {path.name for path in tmp_path.iterdir()} == {"cache", "mine"}


def test_a_task_whose_files_were_lost_with_the_machine_has_not_finished(tmp_path: Path) -> None:
    stage = Store(tmp_path).stage("annotate", 1)
    table = pa.table({"id": [1, 2]})
    for task in ("whole", "short", "gone", "garbled"):
        own = Stage(stage.folder)
        write_table(own.file(f"{task}.parquet"), table)
        own.finish(task, {"rows": 2})
        assert stage.summary(task) == {"rows": 2}
    os.truncate(stage.file("short.parquet"), 5)
    stage.file("gone.parquet").unlink()
    os.truncate(stage.file("garbled.done"), 0)
    stage.file("older.done").write_bytes(b'{"rows": 2}')
    found = [stage.summary(task) for task in ("whole", "short", "gone", "garbled", "older")]
    assert found == [{"rows": 2}, None, None, None, None]


def test_what_a_failed_task_has_written_is_not_the_next_ones(tmp_path: Path) -> None:
    def work(stage: Stage, task: str) -> Summary:
        write_table(stage.file(f"{task}.parquet"), pa.table({"id": [1]}))
        if task == "bad":
            raise BuildError("bad: no")
        return {}

    stage = Store(tmp_path).stage("annotate", 1)
    for task in ("bad", "good"):
        with suppress(BuildError):
            Engine(threads=1).run("annotate", stage, [Task(task, work)])
    stage.file("bad.parquet").unlink()
    assert stage.summary("good") == {}
