"""Checksums against values that their standards print; entropy and stand-ins by what they must say."""

from __future__ import annotations

import base64
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.detect.secrets import checks


@pytest.mark.parametrize("number", ["4111111111111111", "5500005555555559", "378282246310005", "79927398713"])
def test_luhn_knows_published_numbers_and_no_neighbour(number: str) -> None:
    assert checks.luhn(number)
    assert not any(checks.luhn(number[:-1] + str(d)) for d in range(10) if str(d) != number[-1])


@pytest.mark.parametrize("iban", ["GB82WEST12345698765432", "DE89370400440532013000", "FR1420041010050500013M02606"])
def test_mod97_knows_the_ibans_of_the_registry(iban: str) -> None:
    assert checks.mod97(iban)
    assert not checks.mod97(iban[:4] + iban[5] + iban[4] + iban[6:]) or iban[4] == iban[5]


def test_a_github_token_carries_its_own_checksum() -> None:
    body = b"R4nd0mLettersOfATokenABCDEFGHJ"
    assert len(body) == 30
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    crc, digits = zlib.crc32(body), ""
    while crc:
        crc, rest = divmod(crc, 62)
        digits = alphabet[rest] + digits
    token = b"ghp_" + body + digits.rjust(6, "0").encode()
    assert checks.github(token) == 1.0
    assert checks.github(token[:-1] + (b"0" if token[-1:] != b"0" else b"1")) == 0.8


def test_a_jwt_names_an_algorithm_in_its_header() -> None:
    def part(value: object) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    whole = part({"alg": "HS256", "typ": "JWT"}) + b"." + part({"sub": "1"}) + b"." + b"x" * 43
    assert checks.jwt(whole) == 0.9
    assert checks.jwt(part({"kid": "1"}) + b".e30.x") == 0.5
    assert checks.jwt(b"not.a.token") == 0.0
    assert checks.jwt_base64(base64.b64encode(whole)) == 0.9


def test_basic_auth_is_a_user_and_a_password() -> None:
    assert checks.basic_auth(base64.b64encode(b"mason:w4ll5")) == 0.9
    assert checks.basic_auth(base64.b64encode(b"mason:")) == 0.0
    assert checks.basic_auth(b"bWFzb246dzRsbDU") == 0.0  # no padding


@given(st.binary(min_size=1, max_size=64))
def test_entropy_lies_between_nothing_and_the_bits_of_its_alphabet(value: bytes) -> None:
    found = checks.entropy(value)
    assert -1e-9 <= found <= 8
    assert (abs(found) < 1e-9) == (len(set(value)) == 1)
    assert abs(checks.entropy(value * 3) - found) < 1e-9


def test_entropy_of_an_even_alphabet_is_its_bits() -> None:
    assert checks.entropy(bytes(range(256))) == 8
    assert checks.entropy(b"01" * 9) == 1
    assert checks.entropy(b"") == 0


@pytest.mark.parametrize(
    "value", [b"your-token-here", b"aaaaaaaabbbb", b"0123456789abcdef", b"${SECRET_TOKEN}", b"changeme"]
)
def test_stand_ins_are_none(value: bytes) -> None:
    assert checks.stand_in(value)


def test_a_random_value_is_no_stand_in() -> None:
    value = b"kQ9vT2xLmZ7pR4wYbN8s"
    assert not checks.stand_in(value)
    assert not checks.masked(value)
    assert not checks.counting(value)
