"""People as an export names them."""

from __future__ import annotations

import hashlib

import pytest

from drystone.sources.software_heritage.origins import person

HASHED = hashlib.sha256(b"Ada <ada@example.org>").digest()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (None, None),
        (b"Ada <ada@example.org>", "Ada <ada@example.org>"),
        (b"Ada \xff <ada@example.org>", "Ada \\xff <ada@example.org>"),
        (HASHED, HASHED.hex()),
        (b"exactly thirty-two letters long!", "exactly thirty-two letters long!"),
        (b"\xff" * 31, "\\xff" * 31),
    ],
)
def test_a_person_is_a_hash_or_a_name(raw: bytes | None, said: str | None) -> None:
    assert person(raw) == said
