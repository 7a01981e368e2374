from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from drystone.search.expressions.matcher import Deadline, Matcher, OutOfTimeError
from drystone.search.expressions.patterns import PatternError, by_line, literal, parse
from tests.search.strategies import ALPHABET, Pattern, as_python_finds, patterns, texts

_NEVER = Deadline(None)


@settings(max_examples=500, deadline=None)
@given(patterns, texts)
@example(Pattern("(?i:k)", "(?i:k)"), "\u212a")
@example(Pattern("[^a]b", r"[^a\n]b"), "\nb")
@example(Pattern("a$", "a$"), "a\nb")
def test_both_engines_find_what_python_finds(pattern: Pattern, text: str) -> None:
    expected = as_python_finds(lambda found: found.search(text) is not None, pattern)
    data = memoryview(text.encode())
    matcher = Matcher(parse(pattern.ours))
    assert matcher.found(data, _NEVER) is expected
    assert (next(matcher.spans(data), None) is not None) is expected
    matcher = Matcher(parse(pattern.ours))
    matcher.prefer_hyperscan()
    assert matcher.found(data, _NEVER) is expected


@settings(max_examples=200, deadline=None)
@given(st.text(ALPHABET + r"\[]{}|*+?^$", max_size=8), texts)
def test_a_literal_stands_for_itself(wanted: str, text: str) -> None:
    assert Matcher(literal(wanted)).found(memoryview(text.encode()), _NEVER) is (wanted in text)


@pytest.mark.parametrize(
    ("pattern", "column", "message"),
    [
        ("a(b", 2, "there is no ')'"),
        ("ab)", 3, "there is no '('"),
        ("x[ab", 2, "there is no ']'"),
        ("*a", 1, "nothing before '*'"),
        ("a**b***", 5, "too many repetitions"),
        (r"(a)\1", 4, "backreferences"),
        ("(?=a)", 1, "looking around"),
        ("(?<!a)", 1, "looking around"),
        ("a++", 3, "possessive"),
        ("a{3,2}", 2, "wrong way round"),
        ("a{1001}", 2, "over 1,000"),
        ("(a{100}){100}", 9, "over 1,000"),
        ("[b-a]", 2, "wrong way round"),
        (r"\pZq\p{Nothing}", 5, "Unicode category"),
        (r"\q", 1, "means nothing"),
        (r"\x{110000}", 1, "no such character"),
        (r"\x{d800}", 1, "no such character"),
        ("(?z)a", 3, "expected flags"),
        ("(?P<1>a)", 5, "name of a group"),
        ("[[:none:]]", 2, "expected one of"),
        ("a\\", 2, "after '\\'"),
        ("(" * 60 + ")" * 60, 51, "more than 50 deep"),
        ("a" * 100_001, 1, "100,001 characters"),
    ],
)
def test_errors_say_where_and_what(pattern: str, column: int, message: str) -> None:
    with pytest.raises(PatternError, match=re.escape(message)) as caught:
        parse(pattern)
    assert caught.value.column == column


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        ("a.b", True),
        ("[^)]*", True),
        (r"\s", True),
        (r"a\nb", False),
        ("(?s)a.b", False),
        (r"[\n]", False),
        (r"\Aa", False),
    ],
)
def test_only_what_says_so_goes_over_a_line_end(pattern: str, line: bool) -> None:
    assert by_line(parse(pattern)) is line


def test_patterns_that_blow_up_elsewhere_take_linear_time() -> None:
    matcher = Matcher(parse("(a*)*b|(a|aa)+$x|((a{0,30}){0,30})c"))
    start = time.process_time()
    assert not matcher.found(memoryview(b"a" * (1 << 20)), _NEVER)
    assert time.process_time() - start < 5


def test_a_deadline_holds_inside_a_text() -> None:
    matcher = Matcher(parse("zq[0-9]"))
    with pytest.raises(OutOfTimeError):
        matcher.found(memoryview(b"x" * (9 << 20)), Deadline(-1))


def test_a_match_over_the_border_of_two_pieces_is_found() -> None:
    text = b"x" * ((4 << 20) - 2) + b"needle" + b"x" * (5 << 20)
    assert Matcher(parse("ne+dle")).found(memoryview(text), _NEVER)
    assert not Matcher(parse("ne+dle$")).found(memoryview(text), _NEVER)
