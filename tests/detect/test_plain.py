"""The plain form of a text: the same however it is written, another for every other text."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.detect.plain import other_forms, plain_form, plain_id, plain_ids
from drystone.identity.hashes import blob_hash

TEXT = "wall = 'stones of the häuser'\n" * 20


@pytest.mark.parametrize(
    "data",
    [
        codecs.BOM_UTF8 + TEXT.encode(),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.replace("\n", "\r\n").encode("utf-16-be"),
        codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"),
        TEXT.replace("\n", "\r").encode(),
        TEXT.replace("\n", "\r\n", 3).encode(),
        TEXT.rstrip("\n").encode(),
        TEXT.encode() + b"\n\n",
    ],
)
def test_every_form_of_a_text_has_the_plain_one(data: bytes) -> None:
    assert plain_id(data) == blob_hash(TEXT.encode())


def test_what_is_plain_has_no_other_and_what_is_no_text_has_none() -> None:
    assert plain_id(TEXT.encode()) is None
    for data in (b"", b"\n", b"\r\n\r\n", bytes(range(256)) * 8):
        assert plain_id(data) is None, data
        assert plain_ids(data) == {blob_hash(data)}
    assert plain_ids(TEXT.encode()) == {blob_hash(TEXT.encode()), blob_hash(TEXT.rstrip("\n").encode())}


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n"), min_size=1))
def test_forms_of_a_text_are_told_and_other_texts_are_not(text: str) -> None:
    form = plain_form(text.encode())
    assert plain_form(form) == form
    assert plain_form((text + "x").encode()) != form
    ids = set(other_forms(text.encode()))
    assert {blob_hash(form), blob_hash(codecs.BOM_UTF8 + form)} <= ids
    assert blob_hash(codecs.BOM_UTF16_LE + form.decode().replace("\n", "\r\n").encode("utf-16-le")) in ids
