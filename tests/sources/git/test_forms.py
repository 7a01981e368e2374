"""What people have besides whole repositories: bundles, shallow and partial clones, repositories by SHA-256."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from drystone import building
from drystone.building.settings import Settings
from drystone.errors import SourceError
from drystone.release.read import open_release
from drystone.sources import GitSource, parse_source
from drystone.work.engine import Engine
from tests.sources.conftest import ENVIRONMENT, Git, read
from tests.sources.git.test_source import Make


def clone(git: Git, to: Path, *options: str) -> Path:
    command = ["git", "clone", "-q", *options, git.path.as_uri(), str(to)]
    subprocess.run(command, check=True, env=ENVIRONMENT, capture_output=True)
    return to


def test_a_bundle_is_read_as_the_repository_in_it(make_git: Make, tmp_path: Path) -> None:
    git = make_git()
    first = git.commit(a="1")
    git.commit("two", b="2")
    git("bundle", "create", "-q", str(tmp_path / "walls.bundle"), "main")
    git("branch", "old", first)
    git("bundle", "create", "-q", str(tmp_path / "all.bundle"), "--all", "HEAD")
    source = parse_source("walls.bundle", tmp_path)
    assert source == GitSource(tmp_path / "walls.bundle")
    assert source.local == tmp_path / "walls.bundle"
    found = read(source, tmp_path / "cache")
    assert [e.path for e in found.entries] == [b"a", b"b"]
    repository = found.repository
    assert (repository.origin, repository.branch) == ("git:walls", "refs/heads/main")  # without a HEAD, its only branch
    whole = read(parse_source("all.bundle@old", tmp_path), tmp_path / "cache").repository
    assert whole.revision == first
    assert whole.snapshot == read(GitSource(git.path), tmp_path).repository.snapshot


def test_a_bundle_that_is_not_whole_or_damaged_says_so(make_git: Make, tmp_path: Path) -> None:
    git = make_git()
    git.commit(a="1")
    git.commit("two", b="2")
    thin = tmp_path / "thin.bundle"
    git("bundle", "create", "-q", str(thin), "HEAD~1..main")
    git("bundle", "create", "-q", str(tmp_path / "whole.bundle"), "main")
    for data in (thin.read_bytes(), (tmp_path / "whole.bundle").read_bytes()[:200]):
        thin.write_bytes(data)
        with pytest.raises(SourceError, match="builds on commits that it does not hold: make a whole one"):
            read(GitSource(thin), tmp_path / "cache")
    assert list((tmp_path / "cache/git").iterdir()) == []


def test_a_shallow_clone_says_what_it_lacks(make_git: Make, tmp_path: Path) -> None:
    git = make_git()
    git.commit(a="1")
    git.commit("two", b="2")
    path = clone(git, tmp_path / "shallow", "--depth", "1")
    found = read(GitSource(path), tmp_path)
    assert [e.kind for e in found.entries] == ["file", "file"]
    assert "git fetch --unshallow" in str(found.repository.metadata["shallow"])
    assert "shallow" not in read(GitSource(git.path), tmp_path).repository.metadata
    with pytest.raises(SourceError, match="git fetch --unshallow"):
        read(GitSource(path, ref="v1"), tmp_path)


def test_a_partial_clone_says_how_to_get_what_it_lacks(make_git: Make, tmp_path: Path) -> None:
    git = make_git()
    git.commit(a="1", b="2")
    git("config", "uploadpack.allowFilter", "true")
    path = clone(git, tmp_path / "partial", "--no-checkout", "--filter=blob:none")
    found = read(GitSource(path), tmp_path)
    assert [e.kind for e in found.entries] == ["unreadable", "unreadable"]
    assert all("partial clone (blob:none): git fetch --refetch --no-filter" in (e.problem or "") for e in found.entries)
    subprocess.run(["git", "-C", path, "fetch", "-q", "--refetch", "--no-filter"], check=True, env=ENVIRONMENT)
    assert [e.kind for e in read(GitSource(path), tmp_path).entries] == ["file", "file"]


def test_a_repository_by_sha256_is_a_row_and_the_others_go_on(make_git: Make, tmp_path: Path) -> None:
    git = make_git("usual")
    git.commit(a__py="x = 1\n", LICENSE="MIT License\n")
    other = make_git("newer", "--object-format=sha256")
    other.commit(b="2")
    with pytest.raises(SourceError, match=r"newer uses a format of git that cannot be read here .*SHA-256"):
        read(GitSource(other.path), tmp_path)
    sources = [GitSource(git.path), GitSource(other.path)]
    building.build(Settings(), sources, tmp_path / "release", Engine(threads=1))
    listed = [row for table in open_release(tmp_path / "release").repositories() for row in table.to_pylist()]
    assert len(listed) == 2
    assert sum("SHA-256" in str(row) for row in listed) == 1
