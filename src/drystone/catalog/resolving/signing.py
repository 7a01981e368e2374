"""Signed passports: an artifact's passport with the Ed25519 signature of who publishes it (RFC 8032).

The key is the publisher's, as receipts are signed with. What is signed begins with words of its own, so that a
signature under a receipt is none under a passport.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from drystone.catalog.passports.passport import Passport
from drystone.catalog.passports.reading import LARGEST, read_passport
from drystone.errors import ReleaseError
from drystone.release.canonical import json_bytes
from drystone.release.layout import shown
from drystone.release.versions.receipts import fingerprint

FORMAT: Final = "drystone-signed-passport"
_CONTEXT: Final = b"drystone-signed-passport-1\0"


def sign_passport(passport: Passport, signed_at: str, key: Ed25519PrivateKey) -> dict[str, Any]:
    """Return a signed passport as JSON has it. `signed_at`: a time, ISO 8601 in UTC."""
    content = {
        "format": FORMAT,
        "format_version": 1,
        "passport": passport.model_dump(mode="json", exclude_defaults=True) | {"format": passport.format},
        "signed_at": signed_at,
        "key": fingerprint(key.public_key()),
    }
    signature = base64.b64encode(key.sign(_CONTEXT + json_bytes(content))).decode()
    return {**content, "signature": signature}


def signed_now(passport: Passport, key: Ed25519PrivateKey) -> bytes:
    """Return a passport signed now, as the text of a file."""
    signed_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return orjson.dumps(sign_passport(passport, signed_at, key), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def verify_signed(path: Path, key: Ed25519PublicKey) -> tuple[Passport, str]:
    """Return a passport and when it was signed. Raises `ReleaseError` where it was altered or signed by another key."""
    name = shown(str(path))
    try:
        with path.open("rb") as opened:
            data = opened.read(LARGEST + 1)
        content = orjson.loads(data)
    except OSError as error:
        raise ReleaseError(f"{name}: cannot be read: {error.strerror}") from None
    except orjson.JSONDecodeError as error:
        raise ReleaseError(f"{name}: is not JSON ({error})") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT or content.get("format_version") != 1:
        raise ReleaseError(f'{name}: is no signed passport: "format" is not "{FORMAT}", version 1')
    if content.get("key") != fingerprint(key):
        raise ReleaseError(f"{name}: was signed by key {shown(str(content.get('key')))[:64]}, not {fingerprint(key)}")
    signed = {field: value for field, value in content.items() if field != "signature"}
    try:
        signature = base64.b64decode(str(content.get("signature")), validate=True)
        key.verify(signature, _CONTEXT + json_bytes(signed))
    except (InvalidSignature, ValueError):
        raise ReleaseError(f"{name}: the signature does not hold: the passport was altered, or never signed") from None
    return read_passport(orjson.dumps(content.get("passport")), str(path)), str(content.get("signed_at"))
