"""Challenges that are signed: by a key that signed commits of the repository before the challenge was given out.

Signatures are checked by `ssh-keygen` and `gpg` themselves. Knows nothing of who a key belongs to: what counts is that
the repository's own history was signed with it.
"""

from __future__ import annotations

import base64
import math
import os
import re
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from drystone.errors import SourceError, UsageError
from drystone.verification import _git
from drystone.verification.base import ANYWHERE, Challenge, NotVerifiedError, Proof, Reach

#: Namespace of SSH signatures of statements, so that one made for something else does not count here.
NAMESPACE: Final = "drystone-opt-out"

_MAX_SIGNATURE: Final = 1 << 16
_MAX_KEY: Final = 1 << 20
#: Commits signed by other keys that are tried before a key is given up.
_MAX_TRIED: Final = 2000
#: Share of all commits that a key must have signed, and how many are enough however many there are.
_SHARE: Final = 0.1
_ENOUGH: Final = 100


class CommitMethod:
    """A signed commit with the statement in its message."""

    name = "commit"

    def instructions(self, challenge: Challenge) -> str:
        """Return what to do."""
        return (
            "Push a commit with this line in its message to any branch, signed with a key (SSH or OpenPGP)\n"
            "that signed earlier commits of the repository:\n\n"
            f"    git commit --allow-empty -S -m '{challenge.statement}' && git push\n\n"
            "For OpenPGP, hand in the public key, too: gpg --export --armor YOU > key.asc"
        )

    def check(self, challenge: Challenge, place: str, proof: Proof, reach: Reach = ANYWHERE) -> dict[str, str]:
        """Look for the commit, and for older ones of its key."""
        with _git.history(place, reach) as commits:
            seen = list(commits)
        wanted = challenge.statement.encode()
        found = [c for c in seen if wanted in [line.strip() for line in c.message.splitlines()]]
        signed = [c for c in found if c.signature is not None]
        if not signed:
            raise NotVerifiedError(
                "The commit of this challenge is not signed."
                if found
                else f"No branch has a commit with this line in its message: {challenge.statement}"
            )
        failures = []
        for commit in signed:
            assert commit.signature is not None
            try:
                with _key(commit.signature, proof) as key:
                    if not key.made(commit.signature, commit.payload, "git"):
                        failures.append(f"The signature of commit {commit.id[:12]} is not valid.")
                        continue
                    earlier = _known(key, seen, challenge)
            except NotVerifiedError as error:
                failures.append(str(error))
                continue
            if earlier is not None:
                return {"commit": commit.id, "key": key.name, **earlier}
            failures.append(_unknown(key.name))
        raise NotVerifiedError(failures[0])


class SignatureMethod:
    """A signature of the statement, handed in."""

    name = "signature"

    def instructions(self, challenge: Challenge) -> str:
        """Return what to do."""
        return (
            "Sign this line with a key (SSH or OpenPGP) that signed commits of the repository before, and hand in\n"
            "the signature:\n\n"
            f"    printf '%s\\n' '{challenge.statement}' > statement\n"
            f"    ssh-keygen -Y sign -n {NAMESPACE} -f ~/.ssh/id_ed25519 statement      # gives statement.sig\n"
            "    gpg --armor --detach-sign statement && gpg --export --armor YOU > key.asc   # or this, with the key"
        )

    def check(self, challenge: Challenge, place: str, proof: Proof, reach: Reach = ANYWHERE) -> dict[str, str]:
        """Check the signature, and look for commits of its key."""
        if proof.signature is None:
            raise UsageError("A signature is needed: hand it in with --signature FILE")
        with _key(proof.signature, proof) as key:
            statement = challenge.statement.encode()
            if not any(key.made(proof.signature, statement + end, NAMESPACE) for end in (b"\n", b"")):
                raise NotVerifiedError(f"This is no valid signature of the line: {challenge.statement}")
            with _git.history(place, reach) as commits:
                earlier = _known(key, commits, challenge)
        if earlier is None:
            raise NotVerifiedError(_unknown(key.name))
        return {"key": key.name, **earlier}


def _unknown(key: str) -> str:
    return f"The key {key} signed no commit of the repository from before the challenge."


def _known(key: _Key, commits: Iterable[_git.RawCommit], challenge: Challenge) -> dict[str, str] | None:
    """Return which commits from before the challenge the key signed; None where there is none.

    Raises `NotVerifiedError` where they are too few: one commit may be a stranger's that was taken over, so two at
    least and a tenth of all are asked for, or half of a history in which the key has one. Of a long history a hundred
    that were checked are enough.
    """
    before = [c for c in commits if c.time < challenge.created_at.timestamp()]
    wanted = min(_ENOUGH, max(2, math.ceil(len(before) * _SHARE)))
    signed: list[str] = []
    for tried, commit in enumerate(c for c in before if c.signature is not None and key.may_have_made(c.signature)):
        assert commit.signature is not None
        if key.made(commit.signature, commit.payload, "git"):
            signed.append(commit.id)
        if len(signed) >= wanted or tried >= _MAX_TRIED:
            break
    if not signed:
        return None
    share = f"{len(signed)} of {len(before)} commits" + (" at least" if len(signed) >= wanted else "")
    if len(signed) < wanted and not (len(signed) == 1 and 2 * len(signed) >= len(before)):
        raise NotVerifiedError(
            f"The key {key.name} signed {share} from before the challenge. That may be a stranger's whose work was "
            f"taken over: {wanted} are asked for. Use another way, or ask a moderator to look."
        )
    return {"known_by": signed[0], "signed": share}


class _Key:
    """A key that signatures are checked against: its name, and whether it made a signature."""

    name: str

    def may_have_made(self, signature: bytes) -> bool:
        """Return, cheaply, whether a signature can be of this key."""
        raise NotImplementedError

    def made(self, signature: bytes, payload: bytes, namespace: str) -> bool:
        """Return whether the key made a signature of a payload."""
        raise NotImplementedError


@contextmanager
def _key(signature: bytes, proof: Proof) -> Iterator[_Key]:
    """Give the key that a signature names. Raises `NotVerifiedError` where it cannot be had."""
    if len(signature) > _MAX_SIGNATURE:
        raise NotVerifiedError(f"A signature has at most {_MAX_SIGNATURE} bytes.")
    with tempfile.TemporaryDirectory(prefix="drystone-key-") as folder:
        if b"BEGIN SSH SIGNATURE" in signature:
            yield _SshKey(_ssh_public_key(signature), Path(folder))
        else:
            yield _OpenPgpKey(proof.public_key, Path(folder))


class _SshKey(_Key):
    def __init__(self, blob: bytes, folder: Path) -> None:
        self._blob = blob
        self._folder = folder
        (length,) = struct.unpack_from(">I", blob)
        kind = blob[4 : 4 + length].decode("ascii", "replace")
        if not re.fullmatch(r"[a-z0-9@.-]{1,64}", kind):
            raise NotVerifiedError("The signature's key is of no known kind.")
        text = base64.b64encode(blob).decode()
        digest = _run(["ssh-keygen", "-l", "-f", "-"], f"{kind} {text}\n".encode(), folder)
        match = re.search(rb"SHA256:\S+", digest.stdout)
        if match is None:
            raise NotVerifiedError("The signature's key cannot be read.")
        self.name = f"{kind} {match[0].decode()}"
        (folder / "allowed").write_text(f"signer {kind} {text}\n")

    def may_have_made(self, signature: bytes) -> bool:
        try:
            return b"BEGIN SSH SIGNATURE" in signature and _ssh_public_key(signature) == self._blob
        except NotVerifiedError:
            return False

    def made(self, signature: bytes, payload: bytes, namespace: str) -> bool:
        path = self._folder / "signature"
        path.write_bytes(signature.strip() + b"\n")
        command = ["ssh-keygen", "-Y", "verify", "-f", str(self._folder / "allowed"), "-I", "signer", "-n", namespace]
        return _run([*command, "-s", str(path)], payload, self._folder).returncode == 0


class _OpenPgpKey(_Key):
    def __init__(self, public_key: bytes | None, folder: Path) -> None:
        if public_key is None:
            raise NotVerifiedError(
                "An OpenPGP signature holds no key: hand in the public key, too (gpg --export --armor)."
            )
        if len(public_key) > _MAX_KEY:
            raise NotVerifiedError(f"A public key has at most {_MAX_KEY} bytes.")
        self._folder = folder
        folder.chmod(0o700)
        self._gpg(["--import"], public_key)
        listed = self._gpg(["--list-keys", "--with-colons", "--fingerprint"], b"")
        found = re.findall(rb"^pub:.*\n(?:.*\n)*?fpr:+([0-9A-F]{40}):", listed.stdout, re.M)
        if len(found) != 1:
            raise NotVerifiedError(f"The key file holds {len(found)} OpenPGP keys; hand in exactly one.")
        self._fingerprint = found[0].decode()
        self.name = f"OpenPGP {self._fingerprint}"

    def may_have_made(self, signature: bytes) -> bool:
        return b"BEGIN PGP" in signature

    def made(self, signature: bytes, payload: bytes, namespace: str) -> bool:
        path, signed = self._folder / "signature", self._folder / "payload"
        path.write_bytes(signature)
        signed.write_bytes(payload)
        done = self._gpg(["--status-fd", "1", "--verify", str(path), str(signed)], b"")
        # The last field of VALIDSIG is the fingerprint of the primary key (gnupg: doc/DETAILS).
        primary = re.search(rb"^\[GNUPG:\] VALIDSIG .* ([0-9A-F]{40})\s*$", done.stdout, re.M)
        return done.returncode == 0 and primary is not None and primary[1].decode() == self._fingerprint

    def _gpg(self, arguments: list[str], data: bytes) -> subprocess.CompletedProcess[bytes]:
        options = [
            "--batch",
            "--no-tty",
            "--quiet",
            "--no-autostart",
            "--trust-model",
            "always",
            "--no-auto-key-retrieve",
        ]
        return _run(["gpg", "--homedir", str(self._folder), *options, *arguments], data, self._folder)


def _ssh_public_key(signature: bytes) -> bytes:
    """Return the public key in an SSH signature (openssh: PROTOCOL.sshsig)."""
    match = re.search(rb"-----BEGIN SSH SIGNATURE-----\s(.*?)-----END SSH SIGNATURE-----", signature, re.S)
    try:
        data = base64.b64decode(b"".join(match[1].split()), validate=True) if match else b""
        if not data.startswith(b"SSHSIG\0\0\0\1"):
            raise NotVerifiedError("This is no SSH signature.")
        (length,) = struct.unpack_from(">I", data, 10)
        key = data[14 : 14 + length]
        if len(key) != length or length < 8:
            raise NotVerifiedError("The SSH signature is cut short.")
    except (ValueError, struct.error):
        raise NotVerifiedError("The SSH signature is damaged.") from None
    return key


def _run(command: list[str], data: bytes, folder: Path) -> subprocess.CompletedProcess[bytes]:
    if shutil.which(command[0]) is None:
        package = {"ssh-keygen": "openssh-client", "gpg": "gnupg"}[command[0]]
        raise SourceError(f"{command[0]} is not installed; it checks signatures (Debian: {package})")
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "LC_ALL": "C"}
    try:
        return subprocess.run(
            command, input=data, env=environment, capture_output=True, check=False, timeout=60, cwd=folder
        )
    except subprocess.TimeoutExpired:
        raise NotVerifiedError(f"{command[0]} took too long over this signature.") from None
