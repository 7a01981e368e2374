"""What a name stands for, and what a commit says."""

from __future__ import annotations

from pathlib import Path

import pytest

from drystone.errors import SourceError, UsageError
from drystone.sources import GitSource
from tests.sources.conftest import read
from tests.sources.git.test_source import Make, put


@pytest.mark.parametrize(
    "ref",
    ["main", "refs/heads/main", "v1", "refs/tags/v1", "light", "HEAD", "HASH", "SHORT", "pull/7/head", "heads/main"],
)
def test_what_a_ref_may_be(make_git: Make, tmp_path: Path, ref: str) -> None:
    git = make_git()
    head = git.commit(a="1")
    git("tag", "-a", "v1", "-m", "release")
    git("tag", "light")
    git("update-ref", "refs/pull/7/head", "HEAD")
    asked = {"HASH": head, "SHORT": head[:9]}.get(ref, ref)
    repository = read(GitSource(git.path, ref=asked), tmp_path).repository
    assert repository.revision == head
    if ref.endswith("v1"):
        assert repository.branch == "refs/tags/v1"
        assert repository.metadata["release"] == git("rev-parse", "v1")
    if ref in ("HASH", "SHORT"):
        assert repository.branch is None


def test_a_ref_chooses_the_revision(make_git: Make, tmp_path: Path) -> None:
    git = make_git()
    first = git.commit(a="1")
    git("branch", "feature/x")
    git.commit("two", b="2")
    found = read(GitSource(git.path, ref="feature/x"), tmp_path)
    assert found.repository.revision == first
    assert [e.path for e in found.entries] == [b"a"]


@pytest.mark.parametrize("ref", ["nope", "0" * 40, "deadbeef", "tree-tag"])
def test_a_ref_that_is_not_there(make_git: Make, tmp_path: Path, ref: str) -> None:
    git = make_git()
    git.commit(a="1")
    git("tag", "tree-tag", "HEAD^{tree}")
    with pytest.raises(SourceError, match=r"no branch, tag or commit|stands for no commit|is missing"):
        read(GitSource(git.path, ref=ref), tmp_path)


@pytest.mark.parametrize("ref", ["", "-x", "a..b", "a b", "HEAD~1", "HEAD^", "a:b", "HEAD@{1}", "/a", "a\n", "x.lock"])
def test_what_a_ref_may_not_be(tmp_path: Path, ref: str) -> None:
    with pytest.raises(UsageError, match="is not the name of a branch"):
        GitSource(tmp_path, ref=ref)


def test_odd_commits(make_git: Make, tmp_path: Path) -> None:
    git = make_git()
    tree = git("mktree", stdin=b"")
    raw = (
        f"tree {tree}\nauthor No Date <x@y>\ncommitter J\u00fcrgen <> 99999999999999 +9999\nencoding latin-1\n"
        "gpgsig -----BEGIN\n two\n three\n\nna\u00efve"
    ).encode("latin-1")
    repository = read(GitSource(git.path, ref=put(git, "commit", raw)), tmp_path).repository
    assert repository.revision_date is None
    assert repository.committer_date is None
    assert repository.metadata["author"] == {"raw": "No Date <x@y>"}
    assert repository.metadata["committer"] == {"name": "J\u00fcrgen", "email": "", "raw_date": "99999999999999 +9999"}
    assert repository.metadata["message"] == "na\u00efve"
    assert repository.metadata["extra_headers"] == [["encoding", "latin-1"], ["gpgsig", "-----BEGIN\ntwo\nthree"]]


def test_hostile_commits_are_read_in_linear_time(make_git: Make, tmp_path: Path) -> None:
    git = make_git()
    tree = git("mktree", stdin=b"").encode()
    raw = b"tree %s\nauthor %s\ngpgsig x\n%s\nmessage" % (tree, b"< >" * 500_000, b" line\n" * 500_000)
    repository = read(GitSource(git.path, ref=put(git, "commit", raw)), tmp_path).repository
    assert repository.revision_date is None
    assert repository.metadata["message"] == "message"
