"""Judgements on a candidate's own characters: checksums, entropy, placeholders. Knows nothing of where it stood."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import zlib
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Final

_BASE62 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def entropy(value: bytes) -> float:
    """Return Shannon's entropy of the bytes, in bits a byte."""
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values()) if size else 0.0


def digits(value: bytes) -> int:
    """Return how many of the bytes are ASCII digits."""
    return sum(48 <= byte <= 57 for byte in value)


def luhn(number: str) -> bool:
    """Return whether the digits satisfy ISO/IEC 7812-1's check digit."""
    total = 0
    for index, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if index % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def mod97(iban: str) -> bool:
    """Return whether an IBAN (no spaces) satisfies ISO 13616's check: ISO 7064 MOD 97-10."""
    turned = iban[4:] + iban[:4]
    return int("".join(str(int(c, 36)) for c in turned)) % 97 == 1


def _crc_base62(body: bytes) -> bytes:
    crc, out = zlib.crc32(body), bytearray()
    while crc:
        crc, rest = divmod(crc, 62)
        out.append(_BASE62[rest])
    return bytes(reversed(out)).rjust(6, b"0")


def github(value: bytes) -> float:
    """Judge a GitHub or npm token: 30 random characters, then their CRC-32 in base 62 (six characters).

    Source: GitHub's blog, "Behind GitHub's new authentication token formats" (2021). A wrong checksum leaves doubt,
    since documentation often shows altered tokens, but a leaked token is worse than a redacted example.
    """
    body = value.split(b"_", 1)[1]
    return 1.0 if _crc_base62(body[:30]) == body[30:36] else 0.8


#: The registered claims of RFC 7519, section 4.1.
_REGISTERED: Final = frozenset(("iss", "sub", "aud", "exp", "nbf", "iat", "jti"))


def _decoded(part: bytes) -> object:
    try:
        return json.loads(base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None


def _text(part: bytes) -> bool:
    try:
        return base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)).decode().isprintable()
    except (binascii.Error, ValueError):
        return False


def _shows_the_format(claims: object) -> bool:
    """Return whether claims are a word or two that no issuer set: `{"some": "payload"}`."""
    if not isinstance(claims, dict):
        return False
    plain = all(isinstance(claim, str) and re.fullmatch(r"[A-Za-z]{1,12}", claim) for claim in claims.values())
    return 0 < len(claims) <= 2 and plain and not _REGISTERED & set(claims)


def jwt(value: bytes) -> float:
    """Judge a JSON Web Token (RFC 7519): its header is a JSON object that names an algorithm."""
    header = _decoded(value.split(b".")[0])
    if isinstance(header, dict):
        if _shows_the_format(_decoded(value.split(b".")[1])):
            return 0.4
        return 0.9 if "alg" in header or "typ" in header or "enc" in header else 0.5
    # A header with a typo does not decode, yet the rest may be whole.
    return 0.5 if value.count(b".") == 2 and len(value) > 100 else 0.0


_HALF_TOKEN = re.compile(rb"eyJ[\w-]{8,60}\.?(?:eyJ[\w-]{0,16})?")


def half_token(value: bytes) -> bool:
    """Return whether a value is a JSON Web Token's header and the beginning of its claims, without a signature."""
    return _HALF_TOKEN.fullmatch(value) is not None


def of_jwt(value: bytes) -> bool:
    """Return whether a value is in the form of a signed token and none: it signs a text, or shows only the form."""
    parts = value.split(b".")
    if not 2 <= len(parts) <= 3:
        return False
    header, claims = _decoded(parts[0]), _decoded(parts[1])
    if isinstance(claims, dict):
        return _shows_the_format(claims)
    return isinstance(header, dict) and "alg" in header and _text(parts[1])


def jwt_base64(value: bytes) -> float:
    """Judge a JSON Web Token that was encoded as base64 once more."""
    try:
        inner = base64.b64decode(value[: len(value) // 4 * 4])
    except binascii.Error:
        return 0.0
    return jwt(inner) if inner.count(b".") >= 1 else 0.0


def basic_auth(value: bytes) -> float:
    """Judge base64 of `user:password`, as Docker's config.json and HTTP's Basic scheme have it."""
    try:
        inner = base64.b64decode(value, validate=True)
    except binascii.Error:
        return 0.0
    user, colon, password = inner.partition(b":")
    return 0.9 if colon and user and password and user.isascii() and user.decode().isprintable() else 0.0


def of_three_alphabets(value: bytes) -> float:
    """Judge a long value drawn from base64's alphabet, which has letters of both cases and digits."""
    return float(all(re.search(kind, value) for kind in (rb"[a-z]", rb"[A-Z]", rb"\d")))


_CLASS = re.compile(rb"(?:[A-Z]?[a-z]{2,}[A-Z0-9][A-Za-z0-9]*)?[A-Z][a-z]{4,}$")


def no_class(value: bytes) -> float:
    """Return 0 for the name of a class behind the name of a module: `s.Eip1559NotSupportedError`."""
    return 0.0 if _CLASS.search(value) else 1.0


_HYPHENED = re.compile(rb"[a-z]+(?:-[a-z]+)+\d*")


def no_words(value: bytes) -> float:
    """Return 0 for words that hyphens join, as names in style sheets are: `md-ref-palette-primary100`."""
    return 0.0 if _HYPHENED.fullmatch(value) else 1.0


CHECKS: Final[dict[str, Callable[[bytes], float]]] = {
    "github": github,
    "npm": github,
    "no_class": no_class,
    "no_words": no_words,
    "basic_auth": basic_auth,
    "jwt": jwt,
    "of_three_alphabets": of_three_alphabets,
    "jwt_base64": jwt_base64,
}

# Words that writers of documentation and tests put in a secret's place. Short ones occur by chance in long values.
_STOP_WORDS = re.compile(
    rb"example|sample|dummy|placeholder|change_?me|redacted|your[_-]|<|>|\$\{|\{\{|%\(|\*{3}|\.{3}|x{5}|foobar|"
    rb"replace|deadbeef|abcdefgh|xyz123|123abc$|qwerty|undefined",
    re.IGNORECASE,
)
_SHORT_STOP_WORDS = re.compile(rb"fake|insert|lorem|todo|null|none|test|your|demo|dev|prod", re.IGNORECASE)
_SEQUENCES = re.compile(
    rb"0123456|1234567|abcdefg|9876543|7654321|fedcba|zyxwv|([0-9a-f])\1{5}|(..)\2{4}|(....)\3{2}", re.IGNORECASE
)
_COUNTING = re.compile(rb"0123456789abcdef|1234567890abcdef|00112233|abcdef0123456789|(.{4})\1{3}", re.IGNORECASE)
_MASK = re.compile(rb"([Xx*.#0])\1{5,}|EXAMPLE|1234567890[\d-]*AbCdEfGh|(?i:x{5}|redacted|placeholder|your[_-])")


def masked(value: bytes) -> bool:
    """Return whether a value in a provider's own format is only the format's picture (`xxxxxxxx`, EXAMPLE)."""
    return _MASK.search(value) is not None


def counting(value: bytes) -> bool:
    """Return whether a value only counts through its alphabet, as keys in tests do."""
    return _COUNTING.search(value) is not None


_HEXADECIMAL = re.compile(rb"(?i)[0-9a-f-]{12,}")
_DIGIT = re.compile(rb"\d")


def counts_up(value: bytes) -> bool:
    """Return whether the digits of a hexadecimal value count, whatever stands between: `a1b2c3d4-5e6f-7890`."""
    if not _HEXADECIMAL.fullmatch(value):
        return False
    shown = [int(digit) for digit in _DIGIT.findall(value)]
    steps = sum((b - a) % 10 == 1 for a, b in pairwise(shown))
    return len(shown) >= 8 and steps >= 0.8 * (len(shown) - 1)


def stand_in(value: bytes) -> bool:
    """Return whether a value looks like a stand-in for a secret: a stop word, a sequence, a repetition."""
    return (
        len(set(value)) < 5
        or _STOP_WORDS.search(value) is not None
        or _SEQUENCES.search(value) is not None
        or (len(value) < 24 and _SHORT_STOP_WORDS.search(value) is not None)
    )
