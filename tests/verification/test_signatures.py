"""Signatures: by keys that the history knows, of SSH and of OpenPGP."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from drystone.errors import UsageError
from drystone.verification import METHODS, NotVerifiedError, Proof
from tests.verification.conftest import CHALLENGE, NOTHING, NOW, Ssh, git, gpg

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
def test_a_single_commit_of_a_stranger_shows_nothing(walls: Path, tmp_path: Path) -> None:
    method, ann, eve = METHODS["signature"], Ssh(tmp_path, "ann"), Ssh(tmp_path, "eve")
    for n in range(18):
        ann.commit(walls, f"Course {n}")
    eve.commit(walls, "Fix a typo")
    with pytest.raises(NotVerifiedError, match=r"signed 1 of 20 commits .* 2 are asked for"):
        method.check(CHALLENGE, str(walls), eve.sign(CHALLENGE.statement))
    assert method.check(CHALLENGE, str(walls), ann.sign(CHALLENGE.statement))["signed"] == "2 of 20 commits at least"
    eve.commit(walls, "Fix another")
    with pytest.raises(NotVerifiedError, match=r"signed 2 of 21 commits .* 3 are asked for"):
        method.check(CHALLENGE, str(walls), eve.sign(CHALLENGE.statement))


@needs_ssh
def test_a_signed_commit(walls: Path, tmp_path: Path) -> None:
    method, ann, eve = METHODS["commit"], Ssh(tmp_path, "ann"), Ssh(tmp_path, "eve")
    with pytest.raises(NotVerifiedError, match="No branch has"):
        method.check(CHALLENGE, str(walls), NOTHING)
    ann.commit(walls, "Signed")
    ann.commit(walls, "Signed, too")
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
