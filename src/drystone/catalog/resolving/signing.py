"""Signed passports: an artifact's passport with the Ed25519 signature of who publishes it (RFC 8032).

The key is the publisher's, as receipts are signed with.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from drystone.catalog.passports.passport import Passport
from drystone.catalog.passports.reading import LARGEST, read_passport
from drystone.release.versions.signed import SignedKind, read_signed, sign

_KIND: Final = SignedKind("drystone-signed-passport", "signed passport", LARGEST)


def sign_passport(passport: Passport, signed_at: str, key: Ed25519PrivateKey) -> dict[str, Any]:
    """Return a signed passport as JSON has it. `signed_at`: a time, ISO 8601 in UTC."""
    told = passport.model_dump(mode="json", exclude_defaults=True) | {"format": passport.format}
    return sign(_KIND, {"passport": told, "signed_at": signed_at}, key)


def signed_now(passport: Passport, key: Ed25519PrivateKey) -> bytes:
    """Return a passport signed now, as the text of a file."""
    signed_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return orjson.dumps(sign_passport(passport, signed_at, key), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def verify_signed(path: Path, key: Ed25519PublicKey) -> tuple[Passport, str]:
    """Return a passport and when it was signed. Raises `ReleaseError` where it was altered or signed by another key."""
    content = read_signed(path, key, _KIND)
    return read_passport(orjson.dumps(content.get("passport")), str(path)), str(content.get("signed_at"))
