"""Real git repositories, and a home of GnuPG's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from drystone.verification import Challenge, Proof
from drystone.verification.signatures import NAMESPACE

NOW = datetime.now(UTC)


CHALLENGE = Challenge("R-TEST", "ab" * 16, NOW)


NOTHING = Proof()


def git(folder: Path, *arguments: str, when: datetime = NOW - timedelta(days=30), **settings: str) -> str:
    stamp = when.strftime("%Y-%m-%dT%H:%M:%S+0000")
    environment = {
        "GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "ann@example.org", "GIT_AUTHOR_DATE": stamp,
        "GIT_COMMITTER_NAME": "Ann", "GIT_COMMITTER_EMAIL": "ann@example.org", "GIT_COMMITTER_DATE": stamp,
        "GIT_CONFIG_GLOBAL": "/dev/null", "PATH": os.environ["PATH"], "HOME": str(folder), **settings,
    }  # fmt: skip
    command = ["git", "-c", "init.defaultBranch=main", "-C", str(folder), *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def walls(tmp_path: Path) -> Path:
    folder = tmp_path / "walls"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "a.py").write_text("a = 1\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "Begin")
    return folder


def commit(folder: Path, path: str, text: str) -> None:
    (folder / path).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "Answer")


class Ssh:
    """An SSH key that signs commits and statements."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.path)], check=True)

    def commit(self, repository: Path, message: str, when: datetime = NOW - timedelta(days=20)) -> None:
        settings = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={self.path}.pub")
        git(repository, *settings, "commit", "--allow-empty", "-qS", "-m", message, when=when)

    def sign(self, text: str, namespace: str = NAMESPACE) -> Proof:
        command = ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", str(self.path)]
        return Proof(subprocess.run(command, input=text.encode(), check=True, capture_output=True).stdout)


@pytest.fixture
def gnupg() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="gnupg-"))  # short: sockets have short names
    home.chmod(0o700)
    yield home
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False, capture_output=True)
    shutil.rmtree(home, ignore_errors=True)


def gpg(home: Path, *arguments: str, data: bytes = b"") -> bytes:
    command = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]
    return subprocess.run([*command, *arguments], input=data, check=True, capture_output=True).stdout
