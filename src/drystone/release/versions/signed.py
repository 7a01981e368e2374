"""Signed JSON: a document with the Ed25519 signature of its publisher (RFC 8032), as receipts and passports are.

What is signed begins with the name of the document's format, so that a signature under one kind is none under another.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from drystone.errors import ReleaseError
from drystone.release.canonical import json_bytes
from drystone.release.layout import shown


class SignedKind(NamedTuple):
    """A kind of signed documents: its `format`, what a person calls it, and the bytes of the largest one."""

    format: str
    called: str
    largest: int


def fingerprint(key: Ed25519PublicKey) -> str:
    """Return the SHA-256 of the 32 bytes of a public key, hex."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


def sign(kind: SignedKind, content: Mapping[str, Any], key: Ed25519PrivateKey) -> dict[str, Any]:
    """Return `content` as version 1 of its format, with the fingerprint of the key and the signature of all of it."""
    signed = {"format": kind.format, "format_version": 1, **content, "key": fingerprint(key.public_key())}
    return {**signed, "signature": base64.b64encode(key.sign(_bytes(kind, signed))).decode()}


def read_signed(path: Path, key: Ed25519PublicKey, kind: SignedKind) -> dict[str, Any]:
    """Return a document. Raises `ReleaseError` where it is none, damaged, altered, or signed by another key."""
    name = shown(str(path))
    try:
        with path.open("rb") as opened:
            data = opened.read(kind.largest + 1)
        if len(data) > kind.largest:
            raise ReleaseError(f"{name}: no {kind.called} is that large (limit {kind.largest:,} bytes)")
        content = orjson.loads(data)
    except OSError as error:
        raise ReleaseError(f"{name}: cannot be read: {error.strerror}") from None
    except orjson.JSONDecodeError as error:
        raise ReleaseError(f"{name}: is not JSON ({error})") from None
    if not isinstance(content, dict) or content.get("format") != kind.format:
        raise ReleaseError(f'{name}: is no {kind.called}: "format" is not "{kind.format}"')
    if content.get("format_version") != 1:
        raise ReleaseError(
            f"{name}: is a {kind.called} of a format that this program does not know. Install a newer drystone"
        )
    if content.get("key") != fingerprint(key):
        raise ReleaseError(f"{name}: was signed by key {shown(str(content.get('key')))[:64]}, not {fingerprint(key)}")
    signed = {field: value for field, value in content.items() if field != "signature"}
    try:
        signature = base64.b64decode(str(content.get("signature")), validate=True)
        key.verify(signature, _bytes(kind, signed))
    except (InvalidSignature, ValueError):
        raise ReleaseError(
            f"{name}: the signature does not hold: the {kind.called} was altered, or never signed"
        ) from None
    return content


def _bytes(kind: SignedKind, content: Mapping[str, Any]) -> bytes:
    return f"{kind.format}-1\0".encode() + json_bytes(content)
