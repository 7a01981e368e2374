"""Surrogates keep length and shape, and the same value has the same one within a file."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from drystone.detect.secrets.surrogates import surrogate

KEY = bytes(range(16))


def shape(value: bytes) -> bytes:
    return re.sub(rb"[0-9]", b"9", re.sub(rb"[A-Z]", b"A", re.sub(rb"[a-z]", b"a", value)))


@given(st.binary(max_size=80), st.binary(min_size=16, max_size=64))
def test_the_shape_stays(value: bytes, key: bytes) -> None:
    found = surrogate(value, key)
    assert shape(found) == shape(value)
    assert surrogate(value, key) == found


@given(st.from_regex(rb"\A[A-Za-z1-9]{20,40}\Z"))
def test_another_file_has_another_one(value: bytes) -> None:
    assert surrogate(value, KEY) != surrogate(value, KEY[::-1])


def test_a_leading_digit_becomes_no_zero_and_escapes_stay() -> None:
    for number in range(200):
        assert not surrogate(b"7" + str(number).encode(), KEY).startswith(b"0")
    assert surrogate(rb"\n\x41\u00e9\U0001F600", KEY) == rb"\n\x41\u00e9\U0001F600"
