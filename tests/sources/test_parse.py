from __future__ import annotations

import subprocess
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from drystone.errors import UsageError
from drystone.sources import (
    ArchiveSource,
    FolderSource,
    GitSource,
    PypiSource,
    Source,
    parse_source,
    source_from_table,
    table_problems,
)


def test_paths_are_told_apart(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path / "tree"], check=True)
    subprocess.run(["git", "init", "-q", "--bare", tmp_path / "bare"], check=True)
    (tmp_path / "plain").mkdir()
    (tmp_path / "x.tar.gz").write_bytes(b"x")
    assert parse_source("tree", tmp_path) == GitSource(path=tmp_path / "tree")
    assert parse_source(str(tmp_path / "bare")) == GitSource(path=tmp_path / "bare")
    assert parse_source("tree@v1", tmp_path) == GitSource(path=tmp_path / "tree", ref="v1")
    for ref in ("feat/x@y", "@", "refs/pull/1/head", "v1.0@2"):
        assert parse_source(f"tree@{ref}", tmp_path) == GitSource(path=tmp_path / "tree", ref=ref)
    (tmp_path / "tree@v1").mkdir()
    subprocess.run(["git", "init", "-q", tmp_path / "tree@v1"], check=True)
    assert parse_source("tree@v1@x", tmp_path) == GitSource(path=tmp_path / "tree@v1", ref="x")
    assert parse_source("plain", tmp_path) == FolderSource(tmp_path / "plain")
    assert parse_source("folder:tree", tmp_path) == FolderSource(tmp_path / "tree")
    assert parse_source("x.tar.gz", tmp_path) == ArchiveSource(tmp_path / "x.tar.gz")


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("pypi:flask==3.1.2", PypiSource("flask", "3.1.2")),
        ("git+https://h.example/o/r", GitSource(url="https://h.example/o/r")),
        ("git+https://h.example/o/r.git@v1.0", GitSource(url="https://h.example/o/r.git", ref="v1.0")),
        ("git+https://h.example/o/r@feature/x", GitSource(url="https://h.example/o/r", ref="feature/x")),
        ("git+https://u:p@h.example/o/r", GitSource(url="https://u:p@h.example/o/r")),
        ("git+ssh://git@h.example/o/r@main", GitSource(url="ssh://git@h.example/o/r", ref="main")),
        ("git+file:///a/b@main", GitSource(url="file:///a/b", ref="main")),
        ("git+https://h.example/o/r.git@feat/x@y", GitSource(url="https://h.example/o/r.git", ref="feat/x@y")),
        ("git+https://h.example/o/r@feat/x@y", GitSource(url="https://h.example/o/r", ref="feat/x@y")),
        ("git+https://h.example/@o/r@v1", GitSource(url="https://h.example/@o/r", ref="v1")),
    ],
)
def test_what_names_itself(text: str, source: Source) -> None:
    assert parse_source(text) == source


def test_a_spec_is_read_back(tmp_path: Path) -> None:
    for source in (
        PypiSource("Flask", "3.1.2"),
        GitSource(url="https://h.example/o/r", ref="main"),
        FolderSource(tmp_path),
    ):
        assert parse_source(source.spec).spec == source.spec
    assert GitSource(url="https://u:p@h.example/o/r?token=1").spec == "git+https://h.example/o/r"
    assert PypiSource("Zope.Interface", "07.1").spec == "pypi:zope-interface==7.1"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nowhere", "there is no such path"),
        ("nowhere@main", "there is no such path"),
        ("", "a path is missing"),
        ("folder:", "a path is missing"),
        ("pypi:flask", "a version is missing"),
        ("pypi:flask>=3", "a version is missing"),
        ("pypi:../x==1", "is not the name of a package"),
        ("pypi:x==../1", "is not a version"),
        ("https://h.example/o/r", r"write git\+https://h.example/o/r"),
        ("s3://bucket/x", "is not a source"),
        ("git+host:path", "a URL is missing"),
        ("git+ext::sh", "a URL is missing"),
        ("git+ext://sh", "are fetched by"),
        ("git+https://h.example/r@--upload-pack=x", "is not the name of a branch"),
    ],
)
def test_what_is_refused(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse_source(text)


def test_tables(tmp_path: Path) -> None:
    described = {
        "origin": "https://h.example/o/r",
        "name": "o/r",
        "stars": 5,
        "forks": 0,
        "github_id": 7,
        "license": "MIT",
        "visit_date": datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=2))),
        "created_at": date(2020, 1, 2),
        "metadata": {"team": "x"},
    }
    source = source_from_table({"kind": "archive", "path": "x.tar", **described}, tmp_path)
    assert source == ArchiveSource(
        tmp_path / "x.tar",
        None,
        {
            "origin": "https://h.example/o/r",
            "name": "o/r",
            "stars": 5,
            "forks": 0,
            "github_id": 7,
            "gha_license_id": "MIT",
            "visit_date": datetime(2026, 1, 2, 1),
            "gha_created_at": datetime(2020, 1, 2),
            "metadata": {"team": "x"},
        },
    )
    assert source_from_table({"kind": "git", "url": "https://h.example/x", "ref": "main"}) == GitSource(
        url="https://h.example/x", ref="main"
    )
    assert source_from_table({"kind": "git", "path": "/x"}) == GitSource(Path("/x"))
    assert source_from_table({"kind": "pypi", "package": "a", "version": "1"}) == PypiSource("a", "1")
    assert source_from_table({"kind": "folder", "path": "x"}, tmp_path) == FolderSource(tmp_path / "x")


@pytest.mark.parametrize(
    ("table", "problems"),
    [
        ({}, {"kind": "must be one of git, archive, pypi, npm, folder"}),
        ({"kind": "gti"}, {"kind": "did you mean 'git'"}),
        ({"kind": "git"}, {"url": "needs either"}),
        ({"kind": "git", "path": "x", "url": "https://h.example/x"}, {"url": "needs either"}),
        ({"kind": "git", "urll": "x"}, {"urll": "did you mean 'url'", "url": "needs either"}),
        ({"kind": "git", "url": "ext::x", "ref": "-x"}, {"url": "are fetched by", "ref": "is not the name"}),
        (
            {"kind": "pypi", "package": "/", "version": "!"},
            {"package": "is not the name", "version": "is not a version"},
        ),
        ({"kind": "pypi", "package": "a"}, {"version": "is missing"}),
        ({"kind": "archive", "path": 3, "sha256": "x"}, {"path": "must be a string", "sha256": "64 hex digits"}),
        ({"kind": "folder", "path": ""}, {"path": "must not be empty"}),
        ({"kind": "folder", "path": "x", "origin": "https://joan:pw@h.example/x"}, {"origin": "holds a password"}),
        (
            {
                "kind": "folder",
                "path": "x",
                "stars": -1,
                "forks": True,
                "github_id": "7",
                "created_at": "x",
                "metadata": [],
            },
            {
                "stars": "must not be negative",
                "forks": "must be an integer",
                "github_id": "must be an integer",
                "created_at": "must be a date",
                "metadata": "must be a table",
            },
        ),
    ],
)
def test_problems_of_tables_come_all_at_once(table: dict[str, Any], problems: dict[str, str]) -> None:
    found = dict(table_problems(table))
    assert found.keys() == problems.keys()
    for key, says in problems.items():
        assert says in found[key]
    with pytest.raises(UsageError) as caught:
        source_from_table(table)
    assert len(str(caught.value).splitlines()) == len(problems)


def test_dates_are_utc() -> None:
    source = source_from_table({"kind": "folder", "path": "x", "visit_date": datetime(2026, 1, 1, tzinfo=UTC)})
    assert isinstance(source, FolderSource)
    assert source.about["visit_date"] == datetime(2026, 1, 1)
