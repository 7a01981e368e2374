"""Tokens in the header of a request."""

from __future__ import annotations

import pytest

from drystone.web.tokens import bears


@pytest.mark.parametrize(
    ("header", "held"),
    [
        ("Bearer one", True), ("bearer two", True), ("Bearer three", False), ("Basic one", False), ("one", False),
        ("", False), ("Bearer ", False), ("Bearer one two", False), ("Bearer \ud800", False),
    ],
)  # fmt: skip
def test_a_header_bears_a_token_or_none(header: str, held: bool) -> None:
    assert bears({"one", "two"}, header) is held
