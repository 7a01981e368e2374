from __future__ import annotations

import hyperscan
import pytest
from hypothesis import given, settings

from drystone.search.expressions.matcher import Deadline, Matcher
from drystone.search.expressions.patterns import parse
from drystone.search.expressions.sieve import sieve
from tests.search.strategies import Pattern, patterns, texts


@settings(max_examples=300, deadline=None)
@given(patterns, texts)
def test_no_text_in_which_a_pattern_matches_is_held_back(pattern: Pattern, text: str) -> None:
    expression, data = sieve(parse(pattern.ours)), memoryview(text.encode())
    if expression is None or not Matcher(parse(pattern.ours)).found(data, Deadline(None)):
        return
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    flags = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_ALLOWEMPTY
    try:
        database.compile(expressions=[expression.encode()], ids=[0], elements=1, flags=flags)
    except hyperscan.HyperscanError:
        return  # then there is no sieve
    passed: list[object] = []
    if data:
        database.scan(data, lambda *_: passed.append(1))
        assert passed


@pytest.mark.parametrize(
    ("pattern", "length"),
    [("abc", None), ("[a-z]+", None), (r"\A", None), (".*", None), ("^x*.{200,}$", 200), (".+y?", 1)],
)
def test_what_only_names_ascii_or_nothing_has_no_sieve(pattern: str, length: int | None) -> None:
    found = sieve(parse(pattern))
    assert (found is None) == (length is None)
    if length == 200:
        assert found is not None
        assert found.endswith("]{200}")
