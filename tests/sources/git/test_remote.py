"""Repositories by URL: mirrored once, and nothing else fetched, told or kept."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from drystone.errors import SourceError, UsageError
from drystone.sources import GitSource
from tests.sources.conftest import read
from tests.sources.git.test_source import Make


def test_a_url_is_mirrored_once(make_git: Make, tmp_path: Path) -> None:
    git = make_git()
    first = git.commit(a="1")
    source = GitSource(url=git.path.as_uri())
    found = read(source, tmp_path / "cache")
    assert found.repository.revision == first
    assert found.repository.origin == "git:project"
    assert found.repository.snapshot == read(GitSource(git.path), tmp_path).repository.snapshot
    shutil.rmtree(git.path)
    assert read(source, tmp_path / "cache") == found


def test_a_ref_that_the_mirror_lacks_is_fetched(make_git: Make, tmp_path: Path) -> None:
    git = make_git()
    git.commit(a="1")
    cache = tmp_path / "cache"
    read(GitSource(url=git.path.as_uri()), cache)
    git("checkout", "-q", "-b", "later")
    later = git.commit("two", b="2")
    assert read(GitSource(url=git.path.as_uri(), ref="later"), cache).repository.revision == later
    git("config", "uploadpack.allowAnySHA1InWant", "true")
    hidden = git("commit-tree", "HEAD^{tree}", "-m", "no branch reaches it")
    assert read(GitSource(url=git.path.as_uri(), ref=hidden), cache).repository.revision == hidden
    with pytest.raises(SourceError, match="no branch, tag or commit 'never'"):
        read(GitSource(url=git.path.as_uri(), ref="never"), cache)


def test_submodules_are_not_fetched(make_git: Make, tmp_path: Path) -> None:
    inner = make_git("inner")
    inner.commit(a="1")
    outer = make_git("outer")
    outer("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.path), "inner")
    outer.commit()
    found = read(GitSource(url=outer.path.as_uri()), tmp_path / "cache").by_path()
    assert found[b"inner"].kind == "submodule"
    assert set(found) == {b"inner", b".gitmodules"}


@pytest.mark.parametrize(
    "url",
    [
        "--upload-pack=touch x",
        "ext::sh -c touch% x",
        "ext://x",
        "https://",
        "ssh://-oProxyCommand=x/y",
        "https://a.example/x y",
        "javascript://a",
        "/path",
        "host:path",
    ],
)
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(UsageError):
        GitSource(url=url)


def test_a_fetch_that_fails_tells_no_secrets(tmp_path: Path) -> None:
    source = GitSource(url="http://ada:hunter22@127.0.0.1:9/x.git")
    with pytest.raises(SourceError, match=r"^http://127\.0\.0\.1:9/x\.git could not be fetched: .*connect") as caught:
        source.fetch(tmp_path)
    assert "hunter22" not in str(caught.value) + source.spec
    assert "ada" not in str(caught.value) + source.spec
    assert list((tmp_path / "git").iterdir()) == []


def test_secrets_of_a_url_stay_out_of_the_cache(tmp_path: Path, make_git: Make) -> None:
    git = make_git()
    git.commit(a="1")
    url = f"file://ada:hunter22@{git.path}"
    found = read(GitSource(url=url), tmp_path / "cache")
    assert "hunter22" not in repr(found.repository)
    for path in (tmp_path / "cache").rglob("*"):
        if path.is_file():
            assert b"hunter22" not in path.read_bytes(), path
