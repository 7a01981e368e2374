"""The work folder: what a finished build leaves in it, and when a task has finished."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa

from drystone.building.store import Store, write_table


def test_stages_of_earlier_settings_go_and_downloads_stay(tmp_path: Path) -> None:
    old = Store(tmp_path).stage("decide", {"threshold": 0.7})
    old.finish("00000", {})
    download = tmp_path / "cache/pypi/walls-1.0.tar.gz"
    download.parent.mkdir(parents=True)
    download.write_bytes(b"stones")
    store = Store(tmp_path)
    used = store.stage("decide", {"threshold": 0.8})
    store.remove_unused()
    assert used.folder.is_dir()
    assert not old.folder.exists()
    assert download.read_bytes() == b"stones"


def test_a_task_whose_files_were_lost_with_the_machine_has_not_finished(tmp_path: Path) -> None:
    stage = Store(tmp_path).stage("annotate", 1)
    table = pa.table({"id": [1, 2]})
    for task in ("whole", "short", "gone", "garbled"):
        write_table(stage.file(f"{task}.parquet"), table)
        stage.finish(task, {"rows": 2})
        assert stage.summary(task) == {"rows": 2}
    os.truncate(stage.file("short.parquet"), 5)
    stage.file("gone.parquet").unlink()
    os.truncate(stage.file("garbled.done"), 0)
    assert [stage.summary(task) for task in ("whole", "short", "gone", "garbled")] == [{"rows": 2}, None, None, None]
