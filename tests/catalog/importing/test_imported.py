from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.catalog.importing.imported import QuotedText, known, slug, unknown, with_always
from drystone.catalog.passports.passport import Identity


def test_only_what_stands_in_a_text_is_quoted() -> None:
    kept = QuotedText("it has 3 files", "here", "2026-11-30")
    assert kept.quote("3 files").sha256 == kept.sha256
    with pytest.raises(ValueError, match="not in here: 4 files"):
        kept.quote("4 files")


def test_a_number_has_the_unit_of_its_name() -> None:
    quote = QuotedText("it has 3 files", "here", "2026-11-30").quote("3 files")
    assert known("size.files", 3, [quote], "declared").text == "3 files"
    assert known("provenance.verifiable", True, [quote], "declared").text == "yes"


def test_what_every_passport_has_is_there() -> None:
    facts = with_always([unknown("price", "asking")], "reading on")
    assert [(one.name, one.settled_by) for one in facts] == [
        ("license", "reading on"), ("maintainer", "reading on"), ("price", "asking"),
    ]  # fmt: skip


@given(st.text(max_size=200))
def test_any_text_gives_a_name(text: str) -> None:
    Identity(kind="reader", name=slug(text), title="x", description="x")
