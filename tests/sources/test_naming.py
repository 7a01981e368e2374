"""Origins of local repositories that share a name say which is which."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import drystone
from drystone.errors import UsageError
from drystone.sources import ArchiveSource, FolderSource, GitSource, told_apart
from drystone.sources.base import Limits


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name in ("a/repo", "b/repo.git", "x/a/repo", "c/other"):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        kind = ["--bare"] if name.endswith(".git") else []
        subprocess.run(["git", "init", "-q", *kind, str(folder)], check=True)
    return tmp_path


def origins(*sources: FolderSource | ArchiveSource | GitSource) -> list[str | None]:
    return [source.about.get("origin") for source in told_apart(sources)]


def test_only_what_shares_a_name_gets_a_longer_one(home: Path) -> None:
    one, other, alone = (GitSource(home / name, None, None) for name in ("a/repo", "b/repo.git", "c/other"))
    assert origins(one, other, alone) == ["git:a/repo", "git:b/repo", None]
    assert origins(one, GitSource(home / "x/a/repo", None, None)) == [f"git:{home.name}/a/repo", "git:x/a/repo"]
    assert origins(one, alone) == [None, None]
    # A folder and a git repository have origins of different kinds.
    assert origins(one, FolderSource(home / "b/repo.git")) == [None, None]
    assert origins(FolderSource(home / "a/repo"), FolderSource(home / "b/repo.git")) == [
        "folder:a/repo",
        "folder:b/repo",
    ]


def test_references_of_one_repository_and_known_origins_stay(home: Path) -> None:
    one = GitSource(home / "a/repo", None, None)
    assert (
        origins(one, GitSource(home / "a/repo", None, "v1"), GitSource(home / "a/repo/.git", None, "v2")) == [None] * 3
    )
    said = GitSource(home / "b/repo.git", None, None, {"origin": "git:mine"})
    assert origins(one, said) == [None, "git:mine"]
    remote = ["git", "-C", str(home / "b/repo.git"), "remote", "add", "origin", "https://example.org/b/repo"]
    subprocess.run(remote, check=True)
    assert origins(one, GitSource(home / "b/repo.git", None, None)) == [None, None]


def test_the_new_origin_is_the_repositorys(home: Path, tmp_path: Path) -> None:
    named, _ = told_apart([GitSource(home / "a/repo", None, None), GitSource(home / "b/repo.git", None, None)])
    with named.open(tmp_path, Limits()) as opened:
        assert (opened.repository().origin, opened.repository().name) == ("git:a/repo", "a/repo")


def test_two_places_of_one_origin_are_refused_with_both(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    for name in ("a/repo", "c/other"):
        (home / name / "a.py").write_text(f"print('{name} is a wall of dry stones')\n")
        git = ["git", "-C", name, "-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", "-C", name, "remote", "add", "origin", "https://example.org/b/repo"], check=True)
        subprocess.run(["git", "-C", name, "add", "."], check=True)
        subprocess.run([*git, "commit", "-qm", "stones"], check=True)
    with pytest.raises(UsageError, match=r"a/repo and c/other both have the origin https://example\.org/b/repo"):
        drystone.build(["a/repo", "c/other"], "out", threads=1)
    # Two references of one place are two revisions of one repository.
    git = ["git", "-C", "a/repo", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", "a/repo", "tag", "v1"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "more"], check=True)
    made = drystone.build(["a/repo", "a/repo@v1"], "both", threads=1)
    assert made.manifest.counts.repositories == 2
