"""Signed releases: what the folder alone shows, what only the signature does, and that ssh-keygen agrees."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drystone.errors import ReleaseError, UsageError
from drystone.release import verbs
from drystone.release.checking.verify import Report, verify
from drystone.release.location import Folder
from drystone.release.versions.receipts import load_private, load_public, new_key
from drystone.release.versions.signatures import NAMESPACE, check_signature, key_name, make_signature, ssh_line, unsign
from tests.release.tamperings import REASONS

KEY = Ed25519PrivateKey.generate()


def checked(folder: Path, key: Path | None = None) -> Report:
    return verify(folder, key=load_public(key) if key is not None else None, reasons=REASONS)


def test_a_signed_release_holds(signed_release: tuple[Path, Path]) -> None:
    folder, key = signed_release
    public = key.with_name("publisher.key.pub")
    for report in (checked(folder), checked(folder, public)):
        assert report.examples == []
        assert report.notes == []
        assert report.signed_by == key_name(load_public(public))


def ssh_verify(folder: Path, name: str, line: str, home: Path) -> bool:
    (home / "signers").write_text(f"publisher {line}\n")
    command = ["ssh-keygen", "-Y", "verify", "-f", str(home / "signers"), "-I", "publisher", "-n", NAMESPACE]
    with (folder / name).open("rb") as file:
        done = subprocess.run(
            [*command, "-s", str(folder / f"{name}.sig")], stdin=file, capture_output=True, check=False
        )
    return done.returncode == 0


def test_ssh_keygen_checks_the_signatures(signed_release: tuple[Path, Path], tmp_path: Path) -> None:
    folder, key = signed_release
    line = ssh_line(load_public(key.with_name("publisher.key.pub")))
    for name in ("manifest.json", "tombstones/1.0.0.json"):
        assert ssh_verify(folder, name, line, tmp_path)
    other = Path(shutil.copytree(folder, tmp_path / "copy"))
    (other / "manifest.json").write_bytes((folder / "manifest.json").read_bytes() + b"\n")
    assert not ssh_verify(other, "manifest.json", line, tmp_path)
    assert not ssh_verify(folder, "manifest.json", ssh_line(KEY.public_key()), tmp_path)


def test_a_signature_of_ssh_keygen_is_checked_here(tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True)
    (tmp_path / "text").write_text("stones\n")
    command = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(tmp_path / "key"), "-n"]
    subprocess.run([*command, NAMESPACE, str(tmp_path / "text")], check=True, capture_output=True)
    signature = (tmp_path / "text.sig").read_bytes()
    public = load_public(tmp_path / "key.pub")
    told = subprocess.run(["ssh-keygen", "-l", "-f", str(tmp_path / "key.pub")], check=True, capture_output=True)
    assert check_signature(b"stones\n", signature, public) == told.stdout.split()[1].decode()
    # Ed25519 leaves nothing to chance: both write the same.
    assert make_signature(b"stones\n", load_private(tmp_path / "key")).encode() == signature
    (tmp_path / "text.sig").unlink()
    subprocess.run([*command, "file", str(tmp_path / "text")], check=True, capture_output=True)
    with pytest.raises(ReleaseError, match="is a signature for file, not drystone-release"):
        check_signature(b"stones\n", (tmp_path / "text.sig").read_bytes(), public)


def test_a_damaged_signature_is_refused_in_words() -> None:
    good = make_signature(b"x", KEY)
    body = good.splitlines()
    for text in ("", "x", good[:-30], "\n".join([body[0], body[1], body[-1]]), good.replace(body[1], "A" * 70), "é"):
        with pytest.raises(ReleaseError, match="is no SSH signature of an Ed25519 key"):
            check_signature(b"x", text.encode())
    with pytest.raises(ReleaseError, match="altered since"):
        check_signature(b"y", good.encode())
    with pytest.raises(ReleaseError, match=re.escape(f"not {key_name(KEY.public_key())}")):
        check_signature(b"x", make_signature(b"x", Ed25519PrivateKey.generate()).encode(), KEY.public_key())


def test_only_releases_are_signed_and_only_by_ed25519(tmp_path: Path) -> None:
    new_key(tmp_path / "key")
    with pytest.raises(ReleaseError, match="is not a release"):
        verbs.sign([tmp_path], tmp_path / "key")
    encoding = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    from cryptography.hazmat.primitives.asymmetric import ec

    (tmp_path / "other").write_bytes(ec.generate_private_key(ec.SECP256R1()).private_bytes(*encoding))
    with pytest.raises(UsageError, match="is not an Ed25519 key"):
        verbs.sign([tmp_path], tmp_path / "other")


def test_what_changes_a_manifest_takes_its_signature_away(signed_release: tuple[Path, Path], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(signed_release[0], tmp_path / "release"))
    assert unsign(Folder(folder))
    assert not unsign(Folder(folder))
    found = checked(folder, signed_release[1].with_name("publisher.key.pub"))
    assert [(each.check, each.path, each.what) for each in found.examples] == [
        ("signatures", "manifest.json", "is not signed")
    ]
    assert checked(folder).holds
