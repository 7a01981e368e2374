from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings

from drystone.search import _kernel
from drystone.search.expressions.formula import ALL, Formula, formula_of
from drystone.search.expressions.matcher import Deadline, Matcher
from drystone.search.expressions.patterns import parse
from tests.search.strategies import Pattern, patterns, texts


def holds(formula: Formula, trigrams: set[int]) -> bool:
    if formula == ALL:
        return True
    parts = [t in trigrams for t in formula.trigrams] + [holds(part, trigrams) for part in formula.parts]
    parts += [any(all(s >> b & 1 for s, b in zip(w, t.to_bytes(3, "big"), strict=True)) for t in trigrams)
              for w in formula.windows]  # fmt: skip
    return all(parts) if formula.sign == "and" else any(parts)


@settings(max_examples=600, deadline=None)
@given(patterns, texts)
@example(Pattern("(?i:kas)", ""), "\u212aa\u017f")
@example(Pattern("(?:ab|b)a*B_1", ""), "abB_1")
def test_no_text_in_which_a_pattern_matches_is_missed(pattern: Pattern, text: str) -> None:
    data = text.encode()
    if Matcher(parse(pattern.ours)).found(memoryview(data), Deadline(None)):
        assert holds(formula_of(parse(pattern.ours)), set(_kernel.trigrams(data).tolist()))


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [
        ("abc", "abc"),
        ("(?i)ABCD", "abc bcd"),
        ("abc|def", "abc | def"),
        ("abc.def", "abc def"),
        ("ab", "everything"),
        ("x*", "everything"),
        ("a[bc]d", "abd | acd"),
        ("abc+", "abc"),
        ("(abc)?def", "def"),
        (r"ab\ncd", "everything"),
        ("(?:foo|bar)_x", "(ar_ bar r_x) | (foo o_x oo_)"),
        ("[a-z]+[0-9]+[a-z]", "[a-z][0-9][0-9a-z] [0-9a-z][0-9][a-z]"),
        ("[A-Z]_+[A-Z]", "[a-z]_[_a-z] [_a-z]_[a-z]"),
        ("x[a-z]?[0-9]*", "everything"),
        ("(?:x[0-9][0-9])?", "everything"),
    ],
)
def test_what_a_pattern_asks_for(pattern: str, shown: str) -> None:
    assert str(formula_of(parse(pattern))) == shown


def test_a_long_text_asks_for_no_more_than_is_useful() -> None:
    words = formula_of(parse("".join(f"{n:05}" for n in range(10_000)))).words()
    assert 100 < len(words) < 2000
    assert words.dtype == np.uint32
