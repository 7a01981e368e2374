from __future__ import annotations

import pytest

import drystone
from drystone.search.query import parse


@pytest.mark.parametrize(
    ("begun", "offered"),
    [
        ("li", ["license:"]),
        ("foo -la", ["-lang:"]),
        ("lang:pyt", ["lang:python", 'lang:"python console"', 'lang:"python traceback"']),
        ("(license:perm", ["(license:permissive"]),
        ("license:mit-", None),
        ("is:ve", ["is:vendor"]),
        ("case:", ["case:auto", "case:no", "case:yes"]),
        ("count:", ["count:all"]),
        ("kept:n", ["kept:no"]),
        ("file:x", []),
        ("nothing", []),
    ],
)
def test_fields_and_their_values_are_offered(begun: str, offered: list[str] | None) -> None:
    found = drystone.complete_query(begun)
    if offered is None:
        assert "license:MIT-0" in found
    else:
        assert found == offered


@pytest.mark.parametrize("begun", ["lang:", "license:", "is:", "type:", "case:", "kept:"])
def test_what_is_offered_is_understood(begun: str) -> None:
    words = drystone.complete_query(begun)
    assert words
    for word in words:
        assert parse(word)
