from __future__ import annotations

import os
import pickle
import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from drystone.errors import SourceError
from drystone.identity.hashes import EMPTY_TREE, blob_hash
from drystone.sources import GitSource, Limits
from tests.sources.conftest import ENVIRONMENT, Git, Read, read

Make = Callable[..., Git]


def test_a_repository_is_read_as_git_has_it(make_git: Make, tmp_path: Path) -> None:
    git = make_git()
    (git.path / "link").symlink_to("src/a.py")
    (git.path / "out").symlink_to("../../etc/passwd")
    (git.path / "run").write_text("#!/bin/sh\n")
    (git.path / "run").chmod(0o755)
    parent = git.commit("first", a="a")
    (git.path / "vendored").mkdir()
    git("update-index", "--add", "--cacheinfo", f"160000,{parent},vendored")
    head = git.commit("second \u00fc\n\nbody", src__a_py="x = 1\n", empty="")
    found = read(GitSource(git.path), tmp_path)
    listed = git("ls-tree", "-r", "-z", "HEAD").encode().rstrip(b"\0").split(b"\0")
    expected = set()
    for line in listed:
        meta, _, path = line.partition(b"\t")
        mode, _, oid = meta.split()
        expected.add((path, int(mode, 8), bytes.fromhex(oid.decode())))
    assert {(e.path, e.mode, e.blob) for e in found.entries} == expected
    by_path = found.by_path()
    assert [by_path[p].kind for p in (b"link", b"run", b"src/a_py", b"vendored")] == [
        "symlink",
        "file",
        "file",
        "submodule",
    ]
    assert by_path[b"link"].note is None
    assert by_path[b"out"].note == "the link's target is out of the tree: ../../etc/passwd"
    assert by_path[b"empty"].size == 0
    assert by_path[b"src/a_py"].size == 6

    repository = found.repository
    assert repository.revision == head
    assert repository.directory == git("rev-parse", "HEAD^{tree}")
    assert repository.branch == "refs/heads/main"
    assert (repository.origin, repository.name, repository.kind) == ("git:project", "project", "git")
    assert repository.revision_date == datetime(2023, 11, 14, 22, 13, 20)
    assert repository.committer_date == datetime(2023, 11, 14, 22, 14, 20)
    assert repository.metadata == {
        "author": {"name": "Ada \u00c5", "email": "ada@example.org", "date": "2023-11-15T03:43:20+05:30"},
        "committer": {"name": "Brahe", "email": "brahe@example.org", "date": "2023-11-14T14:14:20-08:00"},
        "message": "second \u00fc\n\nbody\n",
        "parents": [parent],
    }
    assert repository.empty is None


def test_blobs_are_read_in_the_order_asked_for(make_git: Make, tmp_path: Path) -> None:
    git = make_git()
    git.commit(a="1", b="22", c="1", d="x\0\xff")
    git("gc", "-q")  # packed now
    with GitSource(git.path).open(tmp_path, Limits()) as opened:
        entries = {e.path: e for e in opened.entries()}
        assert entries[b"a"].blob == entries[b"c"].blob  # a blob listed twice
        order = [entries[p].blob for p in (b"d", b"b", b"a", b"b")]
        assert list(opened.read(order)) == ["x\0\xff".encode(), b"22", b"1", b"22"]  # type: ignore[arg-type]
        with pytest.raises(SourceError, match=r"git:project: the object e{40} is missing; check it with: git fsck"):
            list(opened.read([b"\xee" * 20]))


def test_a_source_can_be_pickled(make_git: Make, tmp_path: Path) -> None:
    git = make_git()
    git.commit(a="1")
    source = GitSource(git.path, ref="main", about={"stars": 3})
    assert pickle.loads(pickle.dumps(source)) == source
    assert source.spec == f"{git.path}@main"
    assert read(source, tmp_path).repository.stars == 3


def test_the_callers_own_errors_pass_through(make_git: Make, tmp_path: Path) -> None:
    git = make_git()
    git.commit(a="1")
    with pytest.raises(OSError, match="disk full"), GitSource(git.path).open(tmp_path, Limits()):
        raise OSError(28, "disk full")


def test_bare_repositories_and_linked_working_trees(make_git: Make, tmp_path: Path) -> None:
    git = make_git()
    git.commit(a="1")
    git("remote", "add", "origin", "https://ada:token@forge.example/group/project.git?key=1")
    git("worktree", "add", "-q", str(tmp_path / "linked"), "-b", "other")
    subprocess.run(["git", "clone", "-q", "--bare", git.path, tmp_path / "bare.git"], check=True, env=ENVIRONMENT)
    for path, origin in [
        (tmp_path / "linked", "https://forge.example/group/project.git"),
        (tmp_path / "bare.git", "git:bare"),
    ]:
        found = read(GitSource(path), tmp_path)
        assert [e.path for e in found.entries] == [b"a"]
        assert found.repository.origin == origin
    # The remote of the bare clone is a path of this machine: it says nothing elsewhere.
    assert found.repository.name == "bare"
    assert read(GitSource(git.path), tmp_path).repository.name == "group/project"


def test_an_unborn_branch_makes_an_empty_repository(make_git: Make, tmp_path: Path) -> None:
    git = make_git()
    found = read(GitSource(git.path), tmp_path)
    assert found.entries == []
    assert found.repository.empty == "HEAD names refs/heads/main, which has no commits"
    assert found.repository.directory == EMPTY_TREE.hex()
    assert found.repository.revision is None
    # An alias HEAD of a dangling main, as swh.loader.git has it (test_references.py); servers before git 2.31 do not
    # tell where such a HEAD leads, and the archive had a snapshot without branches from them.
    assert found.repository.snapshot == "5522ddf578ed605d9dfd4f56e07091a6485dab77"


def test_a_commit_of_the_empty_tree(make_git: Make, tmp_path: Path) -> None:
    git = make_git()
    git.commit()
    found = read(GitSource(git.path), tmp_path)
    assert found.entries == []
    assert found.repository.directory == EMPTY_TREE.hex() == git("rev-parse", "HEAD^{tree}")


def test_snapshots_are_swhs(make_git: Make, tmp_path: Path, swh: Any) -> None:
    git = make_git()
    git.commit(a="1")
    git("tag", "-a", "v1", "-m", "release")
    git("tag", "of-a-tree", "HEAD^{tree}")
    git("tag", "of-a-blob", "HEAD:a")
    git("update-ref", "refs/pull/1/head", "HEAD")
    git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/heads/main")
    git("symbolic-ref", "refs/heads/dangling-alias", "refs/heads/nowhere")
    kinds = {"commit": "revision", "tag": "release", "tree": "directory", "blob": "content"}

    def expected() -> str:
        branches: dict[str, Any] = {}
        lines = git("for-each-ref", "--format=%(refname) %(objecttype) %(objectname) %(symref)").splitlines()
        for name, kind, oid, *target in (line.split() for line in lines):
            branches[name.encode().hex()] = ["alias", target[0].encode().hex()] if target else [kinds[kind], oid]
        head = subprocess.run(["git", "-C", git.path, "symbolic-ref", "-q", "HEAD"], capture_output=True, check=False)
        target_of_head = head.stdout.strip().hex()
        branches[b"HEAD".hex()] = (
            ["alias", target_of_head] if target_of_head else ["revision", git("rev-parse", "HEAD")]
        )
        return str(swh("snapshot", branches))

    assert read(GitSource(git.path), tmp_path).repository.snapshot == expected()
    git("checkout", "-q", "--detach")
    found = read(GitSource(git.path), tmp_path).repository
    assert found.snapshot == expected()
    assert found.branch is None


def test_directories_are_swhs(make_git: Make, tmp_path: Path, swh: Any) -> None:
    git = make_git()
    git.commit(a="1", b__c="2", b__d__e="3")
    shutil.copytree(git.path, tmp_path / "copy", ignore=shutil.ignore_patterns(".git"))
    assert read(GitSource(git.path), tmp_path).repository.directory == swh("directory", str(tmp_path / "copy"))


def put(git: Git, kind: str, body: bytes) -> str:
    return git("hash-object", "-w", "--literally", "-t", kind, "--stdin", stdin=body)


def test_hostile_trees(make_git: Make, tmp_path: Path) -> None:
    git = make_git()
    blob = bytes.fromhex(put(git, "blob", b"x"))
    names = [b"..", b".", b"a/b", b"\xff\xfe", b"ok", b"ok", b"n" * 5000]
    body = b"".join(b"100644 %s\0%s" % (name, blob) for name in names)
    commit = git("commit-tree", put(git, "tree", body), "-m", "x")
    found = read(GitSource(git.path, ref=commit), tmp_path).entries
    assert [e.kind for e in found] == ["unreadable"] * 3 + ["file"] * 3 + ["unreadable"]
    assert found[3].path == b"\xff\xfe"  # a name that is not UTF-8 stays as it is
    assert "5000 bytes" in (found[6].problem or "")

    commit = git("commit-tree", put(git, "tree", b"100644 a\0short"), "-m", "x")
    [entry] = read(GitSource(git.path, ref=commit), tmp_path).entries
    assert (entry.path, entry.kind) == (b"", "unreadable")


def test_a_tree_bomb_is_cut_off(make_git: Make, tmp_path: Path) -> None:
    git = make_git()
    tree = put(git, "blob", b"boom")
    mode = b"100644"
    for _ in range(10):  # 10^10 paths
        tree = put(git, "tree", b"".join(b"%s %d\0%s" % (mode, n, bytes.fromhex(tree)) for n in range(10)))
        mode = b"40000"
    commit = git("commit-tree", tree, "-m", "x")
    found = read(GitSource(git.path, ref=commit), tmp_path, Limits(max_entries=2000)).entries
    assert found[-1].problem == "the tree has more than 2000 entries; the rest was not read"
    assert len(found) <= 2001


def test_a_very_deep_tree(make_git: Make, tmp_path: Path) -> None:
    git = make_git()
    blob = put(git, "blob", b"deep")
    # By one fast-import stream, for speed.
    stream = b"commit refs/heads/main\ncommitter a <b> 0 +0000\ndata 0\n"
    stream += b"M 100644 %s %s/f\nM 100644 %s %s/f\n" % (
        blob.encode(),
        b"/".join([b"d"] * 1999),
        blob.encode(),
        b"/".join([b"e"] * 2500),
    )
    git("fast-import", "--quiet", stdin=stream)
    found = read(GitSource(git.path), tmp_path).entries
    assert sorted(e.kind for e in found) == ["file", "unreadable"]
    assert max(len(e.path) for e in found if e.kind == "file") == 3999


def test_large_blobs_are_listed_and_not_read(make_git: Make, tmp_path: Path) -> None:
    git = make_git()
    git.commit(big="y" * 5001, small="y" * 5000)
    with GitSource(git.path).open(tmp_path, Limits(max_file_bytes=5000)) as opened:
        by_path = {e.path: e for e in opened.entries()}
        assert by_path[b"big"].size == 5001
        assert by_path[b"big"].blob == blob_hash(b"y" * 5001)
        with pytest.raises(SourceError, match="more than the limit"):
            list(opened.read([blob_hash(b"y" * 5001)]))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_repository_of_another_user(make_git: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git = make_git()
    git.commit(a="1")
    for path in [git.path, git.path / ".git"]:
        os.chown(path, 12345, 12345)
    monkeypatch.delenv("SUDO_UID", raising=False)
    with pytest.raises(SourceError, match=r"belongs to another user.*safe\.directory"):
        read(GitSource(git.path), tmp_path)


def test_what_is_no_repository(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is not a git repository"):
        read(GitSource(tmp_path), tmp_path)
    with pytest.raises(SourceError, match="there is no such folder"):
        read(GitSource(tmp_path / "nowhere"), tmp_path)


def test_a_repository_with_sha256_objects(make_git: Make, tmp_path: Path) -> None:
    git = make_git("new", "--object-format=sha256")
    git.commit(a="1")
    with pytest.raises(SourceError, match="cannot be read here"):
        read(GitSource(git.path), tmp_path)


def test_the_users_configuration_does_not_matter(
    make_git: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git = make_git()
    git.commit(a="1")

    def result() -> Read:
        return read(GitSource(git.path), tmp_path)

    before = result()
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".gitconfig").write_text('[remote "origin"]\nurl = https://other.example/x\n')
    assert result() == before
