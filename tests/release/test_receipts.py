from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from drystone.errors import ReleaseError, UsageError
from drystone.release.versions.falls import Fallen
from drystone.release.versions.receipts import (
    Searched,
    Version,
    load_private,
    load_public,
    make_receipt,
    new_key,
    says_the_same,
    verify_receipt,
)
from drystone.release.versions.signed import fingerprint

THEN = Version("walls", "1.0.0", "a" * 64, 100, 60)
NOW = Version("walls", "1.0.1", "b" * 64, 90, 55)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    new_key(tmp_path / "publisher.key")
    return tmp_path / "publisher.key"


def receipt(key: Path, path: Path) -> Path:
    searched = [Searched(THEN, NOW, Fallen(10, 5, 1234, 1)), Searched(NOW, NOW, Fallen())]
    path.write_bytes(make_receipt("REQ1", searched, "c" * 64, "2026-11-23T00:00:00Z", load_private(key)))
    return path


def test_the_public_key_is_enough(key: Path, tmp_path: Path) -> None:
    path = receipt(key, tmp_path / "receipt.json")
    public = load_public(key.with_name("publisher.key.pub"))
    key.unlink()
    said = verify_receipt(path, public)
    assert said["fell"] == {"occurrences": 10, "files": 5, "bytes": 1234, "repositories": 1}
    assert said["searched"][0]["root"] == "a" * 64
    assert said["searched"][0]["now"] == {"version": "1.0.1", "root": "b" * 64}
    assert said["key"] == fingerprint(public)
    assert says_the_same(path, public, [Searched(THEN, NOW, Fallen(10, 5, 1234, 1)), Searched(NOW, NOW, Fallen())])
    assert not says_the_same(path, public, [])


def test_every_change_of_a_receipt_is_found(key: Path, tmp_path: Path) -> None:
    path = receipt(key, tmp_path / "receipt.json")
    public = load_public(key.with_name("publisher.key.pub"))
    content = json.loads(path.read_text())
    for name in content:
        changed = dict(content)
        changed[name] = 7 if name == "format_version" else "x"
        path.write_text(json.dumps(changed))
        with pytest.raises(ReleaseError):
            verify_receipt(path, public)
        del changed[name]
        path.write_text(json.dumps(changed))
        with pytest.raises(ReleaseError):
            verify_receipt(path, public)
    path.write_text(json.dumps(content | {"more": 1}))
    with pytest.raises(ReleaseError, match="does not hold"):
        verify_receipt(path, public)
    path.write_text(json.dumps(content, indent=7))
    verify_receipt(path, public)


def test_another_key_and_what_is_no_receipt(key: Path, tmp_path: Path) -> None:
    path = receipt(key, tmp_path / "receipt.json")
    other = load_public(new_key(tmp_path / "other.key"))
    with pytest.raises(ReleaseError, match="was signed by key"):
        verify_receipt(path, other)
    for text in ("", "[]", "{}", "nonsense", '{"format": "drystone-tombstone"}'):
        path.write_text(text)
        with pytest.raises(ReleaseError):
            verify_receipt(path, other)
    with pytest.raises(ReleaseError, match="cannot be read"):
        verify_receipt(tmp_path / "nowhere.json", other)


def test_keys_are_private_and_never_overwritten(key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    with pytest.raises(UsageError, match="is there already"):
        new_key(key)
    monkeypatch.setenv("DRYSTONE_KEY_PASSWORD", "mortar")
    new_key(tmp_path / "sealed.key")
    assert b"ENCRYPTED" in (tmp_path / "sealed.key").read_bytes()
    load_private(tmp_path / "sealed.key")
    load_private(key)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
    (tmp_path / "of-ssh").write_bytes(load_private(key).private_bytes(*form))
    assert load_private(tmp_path / "of-ssh").private_bytes_raw() == load_private(key).private_bytes_raw()
    monkeypatch.setenv("DRYSTONE_KEY_PASSWORD", "wrong")
    with pytest.raises(UsageError, match="DRYSTONE_KEY_PASSWORD"):
        load_private(tmp_path / "sealed.key")
    with pytest.raises(UsageError, match="is no private key"):
        load_private(key.with_name("publisher.key.pub"))
    with pytest.raises(UsageError, match="is not a public key"):
        load_public(key)
