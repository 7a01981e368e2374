"""Objects that are damaged, and packs."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from drystone.errors import SourceError
from drystone.sources import GitSource, Limits
from tests.sources.conftest import Git, read
from tests.sources.git.test_source import Make


def damaged(git: Git, what: str) -> tuple[str, Path]:
    oid = git("rev-parse", what)
    path = git.object_path(oid)
    path.chmod(0o644)
    return oid, path


@pytest.mark.parametrize("how", ["missing", "truncated", "empty", "garbage", "other"])
def test_damaged_blobs_become_entries(make_git: Make, tmp_path: Path, how: str) -> None:
    git = make_git()
    git.commit(a="1" * 5000, b="2", same__a="1" * 5000)
    oid, path = damaged(git, "HEAD:a")
    data = path.read_bytes()
    _, other = damaged(git, "HEAD:b")
    match how:
        case "missing":
            path.unlink()
        case "truncated":
            path.write_bytes(data[:-8])
        case "empty":
            path.write_bytes(b"")
        case "garbage":
            path.write_bytes(os.urandom(100))
        case "other":
            shutil.copyfile(other, path)
    with GitSource(git.path).open(tmp_path, Limits()) as opened:
        entries = {e.path: e for e in opened.entries()}
        assert {p: e.kind for p, e in entries.items()} == {b"a": "unreadable", b"b": "file", b"same/a": "unreadable"}
        problem = entries[b"a"].problem
        assert problem is not None
        assert re.match(f"the object {oid} is (missing|damaged)", problem)
        with pytest.raises(SourceError, match=oid):
            list(opened.read([bytes.fromhex(oid)]))


def test_a_damaged_directory_becomes_an_entry(make_git: Make, tmp_path: Path) -> None:
    git = make_git()
    git.commit(a="1", lost__b="2")
    _, path = damaged(git, "HEAD:lost")
    path.unlink()
    found = read(GitSource(git.path), tmp_path).by_path()
    assert found[b"lost"].kind == "unreadable"
    assert "its directory cannot be read" in (found[b"lost"].problem or "")
    assert found[b"a"].kind == "file"


@pytest.mark.parametrize("what", ["HEAD", "v1"])
def test_a_damaged_commit_is_an_error(make_git: Make, tmp_path: Path, what: str) -> None:
    git = make_git()
    git.commit(a="1")
    git("tag", "-a", "v1", "-m", "release")
    _, path = damaged(git, what)
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(SourceError, match=r"is damaged .*git fsck"):
        read(GitSource(git.path, ref=None if what == "HEAD" else what), tmp_path)


def test_a_damaged_pack(make_git: Make, tmp_path: Path) -> None:
    git = make_git()
    git.commit(**{f"f{n}": os.urandom(3000) for n in range(20)})
    git("gc", "-q")
    pack = next((git.path / ".git/objects/pack").glob("*.pack"))
    pack.chmod(0o644)
    data = bytearray(pack.read_bytes())
    data[len(data) // 2] ^= 0xFF
    pack.write_bytes(data)
    found = read(GitSource(git.path), tmp_path)
    assert len(found.entries) == 20
    assert [e.kind for e in found.entries].count("unreadable") == 1
