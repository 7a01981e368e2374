"""A folder that stands for an object store: what is written comes there whole, what is missing comes from there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from drystone.errors import BuildError
from drystone.work.files import whole, whole_folder
from drystone.work.remote import mirror
from drystone.work.remote.mirror import Mirror, here, mirror_of, mount, opened
from drystone.work.remote.objects import Objects
from drystone.work.store import Stage


@pytest.fixture
def hosts(url: str, tmp_path: Path) -> tuple[Path, Path]:
    """Return the mirrors of one place on two hosts, of 64 kB each."""
    found = [Mirror(tmp_path / name / "mirror", url, 64 << 10) for name in "ab"]
    for each in found:
        each.folder.parent.mkdir()
    mount(found)
    return found[0].folder, found[1].folder


def test_what_one_host_writes_another_reads(hosts: tuple[Path, Path]) -> None:
    a, b = hosts
    (a / "stage-1").mkdir()
    with whole(a / "stage-1/one", durable=False) as path:
        path.write_text("one")
    assert opened(b / "stage-1/one", Path.read_text) == "one"
    assert not here(b / "stage-1/two").exists()
    with pytest.raises(FileNotFoundError):
        opened(b / "stage-1/two", Path.read_bytes)
    Stage(a / "stage-1").finish("task", {"rows": 1})
    assert Stage(b / "stage-1").summaries(["task", "other"]) == {"task": {"rows": 1}, "other": None}
    with whole_folder(a / "clone.git") as folder:
        (folder / "objects").mkdir()
        (folder / "objects/pack").write_bytes(b"pack")
    assert (mirror.folder_here(b / "clone.git") / "objects/pack").read_bytes() == b"pack"
    mirror.remove_folder(b / "stage-1")
    assert Stage(a / "stage-1").summary("task") is None


def test_a_mirror_is_bounded_and_loses_nothing(hosts: tuple[Path, Path]) -> None:
    a, b = hosts
    data = {f"{number:03}": os.urandom(1000 + number) for number in range(200)}
    for name, each in data.items():
        with whole(a / name, durable=False) as path:
            path.write_bytes(each)
    unfinished = a / "not-whole"
    unfinished.write_bytes(bytes(1 << 20))
    for folder in (a, b):
        for name, each in data.items():
            assert opened(folder / name, Path.read_bytes) == each
        held = sum(path.stat().st_size for path in folder.iterdir() if path != unfinished)
        assert held <= 70 << 10
    assert unfinished.stat().st_size == 1 << 20  # what the store has no copy of stays


def test_a_task_whose_file_is_cut_is_done_again(hosts: tuple[Path, Path]) -> None:
    a, b = hosts
    stage = Stage(a)
    with whole(stage.file("rows"), durable=False) as path:
        path.write_text("rows")
    stage.finish("task", {})
    assert Stage(b).summary("task") == {}
    mirror.remove(a / "rows")
    assert Stage(b).summary("task") is None
    assert Stage(b).summaries(["task", "other"]) == {"task": None, "other": None}


def test_no_host_takes_what_an_earlier_build_left_for_what_lies_in_the_store(url: str, tmp_path: Path) -> None:
    before, now = mirror_of(url, tmp_path), mirror_of(url, tmp_path)
    mount([before])
    with whole(before.folder / "rows", durable=False) as path:
        path.write_text("old")
    Objects(url).write("rows", b"new")  # another host, in the build that is at work now
    mount([now])
    assert opened(now.folder / "rows", Path.read_text) == "new"
    assert before.folder.exists()  # it may be at work still, on a cache that both have
    os.utime(before.folder, (0, 0))
    mount([mirror_of(url, tmp_path)])
    assert not before.folder.exists()
    assert now.folder.exists()


def test_a_folder_in_which_others_may_write_is_refused(url: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(BuildError, match=rf"{tmp_path}: others than this user may write there; give \[engine\] local"):
        mirror_of(url, tmp_path)
