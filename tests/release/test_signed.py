"""Signed documents: what is refused, and by which words."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drystone.errors import ReleaseError
from drystone.release.versions.signed import SignedKind, fingerprint, read_signed, sign

LETTER = SignedKind("drystone-letter", "letter", 1000)
NOTE = SignedKind("drystone-note", "note", 1000)


def test_a_document_is_read_as_it_was_signed_and_refused_as_anything_else(tmp_path: Path) -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    path = tmp_path / "letter.json"
    letter = sign(LETTER, {"said": "stones"}, key)
    path.write_bytes(orjson.dumps(letter))
    assert read_signed(path, key.public_key(), LETTER) == letter
    assert letter["key"] == fingerprint(key.public_key())
    for content, said in (
        ({**letter, "said": "bricks"}, "the letter was altered, or never signed"),
        ({**letter, "signature": "no base64"}, "altered, or never signed"),
        ({**letter, "signature": "é"}, "altered, or never signed"),
        ({key: value for key, value in letter.items() if key != "signature"}, "altered, or never signed"),
        ({**sign(NOTE, {"said": "stones"}, key), "format": LETTER.format}, "altered, or never signed"),
        (sign(NOTE, {"said": "stones"}, key), "is no letter"),
        ({**letter, "format_version": 2}, "Install a newer drystone"),
        (sign(LETTER, {"said": "stones"}, other), "was signed by key"),
        (sign(LETTER, {"said": "stones" * 200}, key), "no letter is that large"),
        ([], "is no letter"),
    ):
        path.write_bytes(orjson.dumps(content))
        with pytest.raises(ReleaseError, match=said):
            read_signed(path, key.public_key(), LETTER)
    path.write_bytes(b"{")
    with pytest.raises(ReleaseError, match="is not JSON"):
        read_signed(path, key.public_key(), LETTER)
    with pytest.raises(ReleaseError, match="cannot be read"):
        read_signed(tmp_path / "none.json", key.public_key(), LETTER)
