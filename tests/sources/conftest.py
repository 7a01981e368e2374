"""Real git repositories made by the git command, and reading a source to its end."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from drystone.sources import Entry, Limits, Repository, Source
from tests.oracles.client import swh

__all__ = ["swh"]


class Read(NamedTuple):
    """Everything that a source gave."""

    entries: list[Entry]
    repository: Repository

    def by_path(self) -> dict[bytes, Entry]:
        assert len({e.path for e in self.entries}) == len(self.entries)
        return {e.path: e for e in self.entries}


def read(source: Source, cache: Path, limits: Limits | None = None) -> Read:
    source.fetch(cache)
    with source.open(cache, limits or Limits()) as opened:
        entries = list(opened.entries())
        return Read(entries, opened.repository())


#: Nobody's configuration, a fixed person and a fixed date: the same commits everywhere.
ENVIRONMENT = {
    **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "Ada \u00c5",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "1700000000 +0530",
    "GIT_COMMITTER_NAME": "Brahe",
    "GIT_COMMITTER_EMAIL": "brahe@example.org",
    "GIT_COMMITTER_DATE": "1700000060 -0800",
}


class Git:
    """One repository on disk, by the git command."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, *arguments: str, stdin: bytes | None = None) -> str:
        command = ["git", "-C", str(self.path), "-c", "init.defaultBranch=main", *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, env=ENVIRONMENT, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()

    def commit(self, message: str = "one", **files: str | bytes) -> str:
        for name, data in files.items():
            path = self.path / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data.encode() if isinstance(data, str) else data)
        self("add", "-A")
        self("commit", "-q", "--allow-empty", "-m", message)
        return self("rev-parse", "HEAD")

    def object_path(self, oid: str) -> Path:
        return self.path / ".git/objects" / oid[:2] / oid[2:]


@pytest.fixture
def make_git(tmp_path: Path) -> Callable[..., Git]:
    def make(name: str = "project", *options: str) -> Git:
        path = tmp_path / name
        path.mkdir()
        git = Git(path)
        git("init", "-q", *options)
        return git

    return make


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of an S3 server of its own (moto), with credentials in the environment."""
    server = pytest.importorskip("moto.server")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    try:
        yield "http://{}:{}".format(*running.get_host_and_port())
    finally:
        running.stop()
