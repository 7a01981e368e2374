"""Stand-ins of the same shape as what they replace, the same for the same value within one file. Finds nothing."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Iterator
from typing import Final

_LOWER: Final = string.ascii_lowercase.encode()
_UPPER: Final = string.ascii_uppercase.encode()
_DIGITS: Final = string.digits.encode()


def _stream(key: bytes, value: bytes) -> Iterator[int]:
    """Yield bytes that depend on key and value only (BLAKE2b in counter mode)."""
    counter = 0
    while True:
        yield from hashlib.blake2b(counter.to_bytes(8, "little") + value, key=key).digest()
        counter += 1


def surrogate(value: bytes, key: bytes) -> bytes:
    """Return bytes of the same length and shape as `value`: letters for letters by case, digits for digits.

    Everything else stays, and so do escapes of string literals (a backslash and what follows it), so that what parsed
    before parses after. A leading digit becomes no 0, unless it was one. `key` (16 to 64 bytes) is the file's own.
    """
    drawn = _stream(key, value)
    out = bytearray(value)
    index = 0
    while index < len(out):
        byte = out[index]
        if byte == 0x5C and index + 1 < len(out):
            index += {0x78: 4, 0x75: 6, 0x55: 10}.get(out[index + 1], 2)
            continue
        if byte in _LOWER:
            out[index] = _LOWER[next(drawn) % 26]
        elif byte in _UPPER:
            out[index] = _UPPER[next(drawn) % 26]
        elif byte in _DIGITS and byte != 0x30:
            out[index] = _DIGITS[1 + next(drawn) % 9]
        elif byte == 0x30 and index and out[index - 1] in _DIGITS:
            out[index] = _DIGITS[next(drawn) % 10]
        index += 1
    return bytes(out)
