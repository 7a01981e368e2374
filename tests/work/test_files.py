"""Files that are whole or not there: full disks, kills in the middle, two processes with one name."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from drystone.work.files import PARTIAL, Together, intended, partial, remove_partial, whole, whole_folder, why


def put(path: Path, data: bytes, fail: bool = False) -> None:
    with whole(path) as part:
        part.write_bytes(data)
        if fail:
            raise KeyboardInterrupt


def put_together(path: Path, data: bytes, fail: bool = False) -> None:
    with Together() as files:
        files.name(path).write_bytes(data)
        if fail:
            raise KeyboardInterrupt


#: All ways of writing one file; each must pass the tests below.
WAYS = [put, put_together]
Put = Callable[..., None]


@pytest.mark.parametrize("way", WAYS)
def test_what_stood_there_stays_until_all_is_written(way: Put, tmp_path: Path) -> None:
    path = tmp_path / "wall.txt"
    way(path, b"old")
    with pytest.raises(KeyboardInterrupt):
        way(path, b"new", fail=True)
    assert path.read_bytes() == b"old"
    way(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("way", WAYS)
def test_a_full_disk_is_told_and_leaves_what_stood_there(way: Put, tmp_path: Path) -> None:
    """A limit on file size (RLIMIT_FSIZE) fails the write in the middle, as a full disk does."""
    path = tmp_path / "wall.txt"
    path.write_bytes(b"old")
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        f"from tests.work.test_files import {way.__name__}\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n"
        f"    {way.__name__}(Path(sys.argv[1]), bytes(100_000))\n"
        "except OSError as error:\n"
        "    from drystone.work.files import why\n"
        "    print(why(error))\n"
    )
    ran = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
    assert ran.stdout == "the disk is full\n"
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("way", WAYS)
def test_a_folder_that_is_not_there_is_told(way: Put, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file") as error:
        way(tmp_path / "gone/wall.txt", b"new")
    assert why(error.value) == "No such file or directory"


def test_a_kill_in_the_middle_leaves_nothing_that_passes_for_the_file(tmp_path: Path) -> None:
    path = tmp_path / "wall.txt"
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from drystone.work.files import whole\n"
        "with whole(Path(sys.argv[1])) as part:\n"
        "    part.write_bytes(b'half')\n"
        "    print(flush=True)\n"
        "    sys.stdin.read()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdin.close()
    process.stdout.close()
    (left,) = tmp_path.iterdir()
    assert left.name.endswith(PARTIAL)
    assert intended(left.name) == path.name
    other = tmp_path / "course.txt"
    other.write_bytes(b"stone")
    remove_partial(tmp_path)
    assert list(tmp_path.iterdir()) == [other]


def test_two_that_write_one_file_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "wall.txt"
    with whole(path) as first, whole(path) as second:
        assert first != second
        first.write_bytes(b"first")
        second.write_bytes(b"second")
    assert path.read_bytes() == b"first"  # whose block ended last
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["wall.txt", "ä" * 120, "." + "w" * 254, "a.b.partial"])
def test_names_on_the_way_are_allowed_and_tell_what_they_are_for(name: str, tmp_path: Path) -> None:
    part = partial(tmp_path / name)
    part.touch()
    assert len(os.fsencode(part.name)) <= 255
    assert name.startswith(intended(part.name)) or intended(part.name).startswith("ä")
    assert intended(name) == name


def test_a_folder_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "wall"
    with pytest.raises(KeyboardInterrupt), whole_folder(path) as part:
        (part / "stone").touch()
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())
    with whole_folder(path) as part:
        (part / "stone").touch()
        assert not path.exists()
    assert [file.name for file in path.iterdir()] == ["stone"]
    with pytest.raises(FileExistsError), whole_folder(path) as part:
        (part / "another").touch()
    assert [file.name for file in path.iterdir()] == ["stone"]
    assert list(tmp_path.iterdir()) == [path]


def test_several_files_come_into_place_together(tmp_path: Path) -> None:
    with Together() as files:
        for name in ("a", "b"):
            files.name(tmp_path / name).write_bytes(name.encode())
        assert not (tmp_path / "a").exists()
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"a": b"a", "b": b"b"}
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="directory"), Together() as files:
        files.name(tmp_path / "folder").write_bytes(b"")
    assert files.path == tmp_path / "folder"
    assert not list(tmp_path.glob(f"*{PARTIAL}"))
