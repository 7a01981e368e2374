from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from drystone.errors import SourceError
from drystone.identity.hashes import EMPTY_TREE, blob_hash
from drystone.sources import FolderSource, Limits
from tests.sources.conftest import read


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "project"
    path.mkdir()
    return path


def test_a_folder_is_walked_in_order_without_following(root: Path, tmp_path: Path) -> None:
    (root / "b/c").mkdir(parents=True)
    (root / "a").write_bytes(b"1")
    (root / "b/c/d").write_bytes(b"1")
    (root / "b/run").write_bytes(b"#!")
    (root / "b/run").chmod(0o700)
    (root / "loop").symlink_to(".")
    (root / "out").symlink_to(tmp_path)
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(root / "sock"))
    found = read(FolderSource(root), tmp_path)
    assert [(e.path, e.kind, e.data) for e in found.entries] == [
        (b"a", "file", b"1"),
        (b"loop", "symlink", None),
        (b"out", "symlink", None),
        (b"pipe", "device", None),
        (b"sock", "device", None),
        (b"b/run", "file", b"#!"),
        (b"b/c/d", "file", b"1"),
    ]
    by_path = found.by_path()
    assert by_path[b"b/run"].mode == 0o100755
    assert by_path[b"loop"].blob == blob_hash(b".")
    assert by_path[b"out"].note == f"the link's target is out of the tree: {tmp_path}"
    assert (found.repository.origin, found.repository.name) == ("folder:project", "project")


def test_directories_are_swhs(root: Path, tmp_path: Path, swh: Any) -> None:
    (root / "empty/below").mkdir(parents=True)
    (root / "x").write_bytes(b"\0" * 70_000)
    (root / "y").symlink_to("x")
    os.link(root / "x", root / "same")
    Path(os.fsdecode(os.fsencode(root) + b"/\xff\xfe")).write_bytes(b"1")
    found = read(FolderSource(root), tmp_path)
    assert found.repository.directory == swh("directory", str(root))
    assert b"\xff\xfe" in found.by_path()  # a name that is not UTF-8 stays as it is


def test_what_git_would_store(root: Path, tmp_path: Path) -> None:
    (root / "d").mkdir()
    (root / "d/f").write_text("1")
    (root / "d.txt").write_text("2")
    before = read(FolderSource(root), tmp_path).repository.directory
    subprocess.run(["git", "init", "-q", root], check=True)
    subprocess.run(["git", "-C", root, "add", "-A"], check=True)
    tree = subprocess.run(["git", "-C", root, "write-tree"], check=True, capture_output=True, text=True).stdout.strip()
    found = read(FolderSource(root), tmp_path)
    assert found.repository.directory == tree == before
    # git's own storage is accounted for and not read.
    assert found.by_path()[b".git"].kind == "unreadable"
    assert "git source" in (found.by_path()[b".git"].problem or "")


def test_an_empty_folder(root: Path, tmp_path: Path) -> None:
    found = read(FolderSource(root), tmp_path)
    assert (found.repository.empty, found.repository.directory) == ("the folder has no files", EMPTY_TREE.hex())


def test_limits(root: Path, tmp_path: Path) -> None:
    for n in range(10):
        (root / f"f{n}").write_bytes(b"x" * n)
    found = read(FolderSource(root), tmp_path, Limits(max_file_bytes=5, max_entries=8)).entries
    assert [e.data is None for e in found] == [False] * 6 + [True] * 3
    assert (found[7].size, found[7].blob) == (7, blob_hash(b"x" * 7))
    assert found[8].problem == "the folder has more than 8 entries; the rest was not read"


@pytest.mark.slow
def test_a_line_of_200_mb(root: Path, tmp_path: Path) -> None:
    line = b"abcdefgh" * 26_000_000
    (root / "line").write_bytes(line)
    [entry] = read(FolderSource(root), tmp_path).entries
    assert (entry.blob, entry.size, entry.data) == (blob_hash(line), len(line), None)


def write(name: str, folder: int) -> None:
    handle = os.open(name, os.O_CREAT | os.O_WRONLY, dir_fd=folder)
    os.write(handle, b"1")
    os.close(handle)


def test_long_paths(root: Path, tmp_path: Path) -> None:
    handle = os.open(root, os.O_RDONLY)
    for step in range(16):
        os.mkdir("d" * 250, dir_fd=handle)
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = below
        write(f"f{step}", handle)
    for name in ("g" * 79, "h" * 80):
        write(name, handle)
    os.close(handle)
    found = read(FolderSource(root), tmp_path).entries
    problems = {len(e.path): e.problem for e in found}
    assert len(problems) == 18
    assert problems[16 * 251 + 3] is None
    assert problems[4095] is None
    # The system counts the ending zero, so it opens no path of 4,096 bytes.
    assert problems[4096] == "cannot be read (File name too long)"
    limited = read(FolderSource(root), tmp_path, Limits(max_path_bytes=1000)).entries
    assert any("more than the limit of 1000" in (e.problem or "") for e in limited)
    subprocess.run(["rm", "-rf", root], check=True)


def test_a_file_that_grows_while_it_is_read(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "small").write_bytes(b"12345")
    (root / "large").write_bytes(b"x" * 50)
    real = os.fstat

    def grow(handle: int) -> os.stat_result:
        found = real(handle)
        for name in ("small", "large"):
            with (root / name).open("ab") as file:
                file.write(b"!")
        return found

    monkeypatch.setattr(os, "fstat", grow)
    by_path = read(FolderSource(root), tmp_path, Limits(max_file_bytes=20)).by_path()
    small, large = by_path[b"small"], by_path[b"large"]
    # What was read is what was hashed; a stream whose length is not as announced has no hash.
    assert small.data is not None
    assert (small.blob, small.size) == (blob_hash(small.data), len(small.data))
    assert (large.kind, large.problem) == ("unreadable", "changed while it was read")


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/usr/bin/setpriv").exists(), reason="needs a user who is not root")
def test_what_may_not_be_read(root: Path, tmp_path: Path) -> None:
    (root / "closed").mkdir()
    (root / "closed").chmod(0)
    (root / "secret").write_bytes(b"1")
    (root / "secret").chmod(0)
    code = (
        "import sys; from pathlib import Path; from drystone.sources import *\n"
        "with FolderSource(Path(sys.argv[1])).open(Path(), Limits()) as r:\n"
        "    for e in r.entries(): print(e.path.decode(), e.kind, e.problem)"
    )
    command = [sys.executable, "-c", code, str(root)]
    if os.geteuid() == 0:
        # Root that may not overrule modes, and may still run a Python in its own home.
        command = ["/usr/bin/setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert sorted(done.stdout.splitlines()) == [
        "closed unreadable cannot be listed (Permission denied)",
        "secret unreadable cannot be read (Permission denied)",
    ]


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no such folder"):
        read(FolderSource(tmp_path / "nowhere"), tmp_path)


def test_a_source_can_be_pickled(root: Path) -> None:
    source = FolderSource(root, {"stars": 1})
    assert pickle.loads(pickle.dumps(source)) == source
    assert source.spec == f"folder:{root}"
