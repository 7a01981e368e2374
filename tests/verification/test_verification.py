"""Verification against real git repositories, real SSH and OpenPGP keys, and what a forger would try."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from drystone.errors import RegistryError, SourceError, UsageError
from drystone.registry import NewRequest, Registry
from drystone.registry.requests import subjects
from drystone.verification import METHODS, VISITOR, Challenge, NotVerifiedError, Proof, check_request, covers
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


def test_a_file_on_the_default_branch(walls: Path) -> None:
    method = METHODS["file"]
    assert CHALLENGE.statement in method.instructions(CHALLENGE)
    with pytest.raises(NotVerifiedError, match="no file"):
        method.check(CHALLENGE, str(walls), NOTHING)
    git(walls, "checkout", "-qb", "other")
    commit(walls, ".drystone-opt-out", CHALLENGE.statement + "\n")
    git(walls, "checkout", "-q", "main")
    with pytest.raises(NotVerifiedError, match="no file"):
        method.check(CHALLENGE, str(walls), NOTHING)
    (walls / ".drystone-opt-out").write_text(CHALLENGE.statement)  # not committed
    with pytest.raises(NotVerifiedError, match="no file"):
        method.check(CHALLENGE, str(walls), NOTHING)
    commit(walls, ".drystone-opt-out", f"# mine\n{CHALLENGE.statement}  \n")
    evidence = method.check(CHALLENGE, str(walls), NOTHING)
    assert evidence["commit"] == git(walls, "rev-parse", "HEAD").strip()


@pytest.mark.parametrize(
    "text",
    ["", "drystone-opt-out R-OTHER " + "ab" * 16, CHALLENGE.statement + "0", "x " + CHALLENGE.statement,
     CHALLENGE.statement.upper(), "drystone-opt-out R-TEST", "\0" * 200_000],
    ids=["empty", "another's", "longer", "within a line", "upper case", "no secret", "binary"],
)  # fmt: skip
def test_a_forged_file_does_not_count(walls: Path, text: str) -> None:
    commit(walls, ".drystone-opt-out", text)
    with pytest.raises(NotVerifiedError):
        METHODS["file"].check(CHALLENGE, str(walls), NOTHING)


def test_a_link_or_a_folder_is_no_file(walls: Path) -> None:
    (walls / "statement").write_text(CHALLENGE.statement)
    (walls / ".drystone-opt-out").mkdir()
    commit(walls, ".drystone-opt-out/statement", CHALLENGE.statement)
    with pytest.raises(NotVerifiedError):
        METHODS["file"].check(CHALLENGE, str(walls), NOTHING)


def test_a_branch(walls: Path) -> None:
    method = METHODS["branch"]
    with pytest.raises(NotVerifiedError, match="no branch"):
        method.check(CHALLENGE, str(walls), NOTHING)
    name = f"drystone-opt-out-{CHALLENGE.nonce}"
    git(walls, "tag", name)
    git(walls, "update-ref", f"refs/pull/1/{name}", "HEAD")  # what anybody may push to some hosts
    git(walls, "branch", f"x/{name}")
    with pytest.raises(NotVerifiedError, match="no branch"):
        method.check(CHALLENGE, str(walls), NOTHING)
    git(walls, "branch", name)
    assert method.check(CHALLENGE, str(walls), NOTHING)["branch"] == name


def test_places_that_are_no_repository(tmp_path: Path) -> None:
    for method in ("file", "branch"):
        with pytest.raises(SourceError):
            METHODS[method].check(CHALLENGE, str(tmp_path), NOTHING)
        with pytest.raises(UsageError):
            METHODS[method].check(CHALLENGE, "ext::sh -c 'touch /tmp/x'://x", NOTHING)
        with pytest.raises(UsageError):
            METHODS[method].check(CHALLENGE, "--upload-pack=touch://x", NOTHING)


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


needs_ssh = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
needs_gpg = pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not installed")


@needs_ssh
def test_an_ssh_signature_by_a_key_that_the_history_knows(walls: Path, tmp_path: Path) -> None:
    method, ann, eve = METHODS["signature"], Ssh(tmp_path, "ann"), Ssh(tmp_path, "eve")
    ann.commit(walls, "Signed")
    known = git(walls, "rev-parse", "HEAD").strip()
    evidence = method.check(CHALLENGE, str(walls), ann.sign(CHALLENGE.statement + "\n"))
    assert evidence["known_by"] == known
    assert evidence["key"].startswith("ssh-ed25519 SHA256:")
    assert method.check(CHALLENGE, str(walls), ann.sign(CHALLENGE.statement))["known_by"] == known
    wrong = {
        "signed no commit": eve.sign(CHALLENGE.statement),
        "no valid signature": ann.sign("drystone-opt-out R-OTHER x"),
        "no valid signature of": ann.sign(CHALLENGE.statement, "git"),
        "cut short|damaged": Proof(b"-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAQAA\n-----END SSH SIGNATURE-----"),
        "hand in the public key": Proof(b"-----BEGIN PGP SIGNATURE-----"),
        "at most": Proof(b"-----BEGIN SSH SIGNATURE-----" * 10_000),
    }
    for said, proof in wrong.items():
        with pytest.raises(NotVerifiedError, match=said):
            method.check(CHALLENGE, str(walls), proof)
    with pytest.raises(UsageError, match="--signature"):
        method.check(CHALLENGE, str(walls), NOTHING)
    # A key that came into the history only after the challenge was given out shows nothing.
    eve.commit(walls, "Sneaked in", NOW + timedelta(hours=1))
    with pytest.raises(NotVerifiedError, match="signed no commit"):
        method.check(CHALLENGE, str(walls), eve.sign(CHALLENGE.statement))


@needs_ssh
def test_a_commit_that_claims_a_key_but_was_not_signed_by_it(walls: Path, tmp_path: Path) -> None:
    ann, eve = Ssh(tmp_path, "ann"), Ssh(tmp_path, "eve")
    eve.commit(walls, "Signed by eve")
    raw = git(walls, "cat-file", "commit", "HEAD").replace("Signed by eve", "Changed after it was signed")
    forged = subprocess.run(
        ["git", "-C", str(walls), "hash-object", "-w", "-t", "commit", "--stdin"], input=raw.encode(), check=True,
        capture_output=True,
    ).stdout.decode().strip()  # fmt: skip
    git(walls, "reset", "-q", "--hard", forged)
    with pytest.raises(NotVerifiedError, match="signed no commit"):
        METHODS["signature"].check(CHALLENGE, str(walls), eve.sign(CHALLENGE.statement))
    assert ann.path.exists()


@needs_ssh
def test_a_signed_commit(walls: Path, tmp_path: Path) -> None:
    method, ann, eve = METHODS["commit"], Ssh(tmp_path, "ann"), Ssh(tmp_path, "eve")
    with pytest.raises(NotVerifiedError, match="No branch has"):
        method.check(CHALLENGE, str(walls), NOTHING)
    ann.commit(walls, "Signed")
    git(walls, "commit", "--allow-empty", "-qm", CHALLENGE.statement)
    with pytest.raises(NotVerifiedError, match="not signed"):
        method.check(CHALLENGE, str(walls), NOTHING)
    eve.commit(walls, CHALLENGE.statement, NOW + timedelta(minutes=1))
    with pytest.raises(NotVerifiedError, match="signed no commit"):
        method.check(CHALLENGE, str(walls), NOTHING)
    git(walls, "checkout", "-qb", "answer")
    ann.commit(walls, f"Opt out\n\n{CHALLENGE.statement}", NOW + timedelta(minutes=1))
    evidence = method.check(CHALLENGE, str(walls), NOTHING)
    assert evidence["commit"] == git(walls, "rev-parse", "HEAD").strip()
    assert evidence["known_by"] != evidence["commit"]


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


@needs_gpg
def test_openpgp_signatures_and_commits(walls: Path, tmp_path: Path, gnupg: Path) -> None:
    for who in ("ann", "eve"):
        gpg(gnupg, "--quick-generate-key", f"{who}@example.org", "ed25519", "sign", "never")
    keys = {who: gpg(gnupg, "--armor", "--export", f"{who}@example.org") for who in ("ann", "eve")}

    def signed(who: str, text: str) -> bytes:
        return gpg(gnupg, "--armor", "--local-user", f"{who}@example.org", "--detach-sign", data=text.encode())

    settings = ("-c", "user.signingkey=ann@example.org")
    arguments = ("commit", "--allow-empty", "-qS", "-m")
    # gpg itself puts in the time of signing; only git's clock is the test's.
    git(walls, *settings, *arguments, "Signed", GNUPGHOME=str(gnupg))
    method = METHODS["signature"]
    statement = CHALLENGE.statement + "\n"
    evidence = method.check(CHALLENGE, str(walls), Proof(signed("ann", statement), keys["ann"]))
    assert evidence["key"].startswith("OpenPGP ")
    for proof, said in (
        (Proof(signed("eve", statement), keys["eve"]), "signed no commit"),
        (Proof(signed("eve", statement), keys["ann"]), "no valid signature"),
        (Proof(signed("ann", "something else\n"), keys["ann"]), "no valid signature"),
        (Proof(signed("ann", statement), keys["ann"] + keys["eve"]), "2 OpenPGP keys"),
        (Proof(signed("ann", statement), b"no key"), "0 OpenPGP keys"),
    ):
        with pytest.raises(NotVerifiedError, match=said):
            method.check(CHALLENGE, str(walls), proof)
    git(walls, *settings, *arguments, CHALLENGE.statement, when=NOW + timedelta(minutes=1), GNUPGHOME=str(gnupg))
    evidence = METHODS["commit"].check(CHALLENGE, str(walls), Proof(public_key=keys["ann"]))
    assert evidence["commit"] == git(walls, "rev-parse", "HEAD").strip()


def test_what_a_place_belongs_to(walls: Path) -> None:
    git(walls, "remote", "add", "origin", "https://github.com/ann/walls")
    assert covers(str(walls), [("repository", "git:walls")])
    assert covers(str(walls / ".git"), [("repository", "git:walls")])
    assert not covers(str(walls), [("repository", "github.com/ann/walls")]), "a copy may claim any remote"
    assert covers("git@github.com:Ann/Walls.git", [("repository", "github.com/ann/walls")])
    assert covers("https://github.com/ann/walls", [("owner", "github.com/ann")])
    assert covers("https://github.com/ann/walls", [("path", "github.com/ann/walls")])
    assert not covers("https://github.com/anna/walls", [("owner", "github.com/ann")])
    assert not covers("https://github.com/ann/walls", [("author", "github.com/ann/walls"), ("content", "x")])


def test_a_request_from_challenge_to_verified(walls: Path, tmp_path: Path) -> None:
    with Registry.open(tmp_path / "registry.sqlite") as registry:
        request, _ = registry.requests.receive(NewRequest([subjects.repository("git:walls")]))
        other, _ = registry.requests.receive(NewRequest([subjects.repository("git:walls")]))
        with pytest.raises(UsageError, match="no verification is under way"):
            check_request(registry, request.id, str(walls))
        opened = registry.requests.challenge(request.id, "file")
        registry.requests.challenge(other.id, "file")
        with pytest.raises(NotVerifiedError):
            check_request(registry, request.id, str(walls))
        commit(walls, ".drystone-opt-out", Challenge.of(opened).statement)
        fences = tmp_path / "fences"
        shutil.copytree(walls, fences)
        with pytest.raises(UsageError, match="not what this request is about"):
            check_request(registry, request.id, str(fences))
        with pytest.raises(UsageError, match="on no server"):
            check_request(registry, request.id, str(walls), reach=VISITOR)
        verified = check_request(registry, request.id, str(walls))
        assert verified.status == "verified"
        with pytest.raises(RegistryError, match="counts once"):
            check_request(registry, request.id, str(walls))
        with pytest.raises(NotVerifiedError, match="without the line"):
            check_request(registry, other.id, str(walls))
        kinds = [event.kind for event in registry.events.of(request.id)]
        assert kinds == ["received", "challenged", "verification_failed", "verified"]
        assert registry.audit().problems == ()


def test_a_long_history_takes_bounded_time(walls: Path) -> None:
    stream = "".join(
        f"commit refs/heads/main\ncommitter A <a@b> {1_600_000_000 + n} +0000\ndata 2\nx\n"
        + ("from refs/heads/main^0\n" if n == 0 else "")
        for n in range(20_000)
    )
    subprocess.run(["git", "-C", str(walls), "fast-import", "--quiet"], input=stream.encode(), check=True)
    start = time.monotonic()
    with pytest.raises(NotVerifiedError):
        METHODS["commit"].check(CHALLENGE, str(walls), NOTHING)
    assert time.monotonic() - start < 60
