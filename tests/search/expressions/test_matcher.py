from __future__ import annotations

import re
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drystone.search import _kernel
from drystone.search.expressions.matcher import Deadline, Matcher, OutOfTimeError
from drystone.search.expressions.patterns import literal, parse
from tests.search.strategies import Pattern, patterns, texts

NEVER = Deadline(None)


def laid(parts: list[bytes]) -> tuple[memoryview, np.ndarray, np.ndarray]:
    ends = np.cumsum([len(part) + 4 for part in parts], dtype=np.int64)
    starts = np.concatenate([[0], ends])[: len(ends)].astype(np.int64) + 4
    return memoryview(b"".join(b"\xff\x00\n\x01" + part for part in parts)), starts, ends


@settings(max_examples=200, deadline=None)
@given(patterns, st.lists(texts, min_size=1, max_size=6), st.booleans())
def test_texts_of_a_page_match_as_each_alone(pattern: Pattern, several: list[str], much: bool) -> None:
    data, starts, ends = laid([text.encode() for text in several])
    matcher = Matcher(parse(pattern.ours))
    if much:
        matcher.prefer_hyperscan()
    expected = [
        at for at, text in enumerate(several) if Matcher(parse(pattern.ours)).found(memoryview(text.encode()), NEVER)
    ]
    assert list(matcher.among(starts, ends, NEVER)(data, 0, len(several))) == expected
    assert list(matcher.among(starts, ends, NEVER)(data, 0, len(several))) == expected


@given(st.text("abN_ \u00e9", min_size=1, max_size=5), st.lists(st.binary(max_size=70), min_size=1, max_size=5))
def test_a_literal_is_found_wherever_it_stands(word: str, around: list[bytes]) -> None:
    parts = [*around, *(part + word.encode() + part[:3] for part in around)]
    data, starts, ends = laid(parts)
    assert _kernel.holding(data, starts, ends, [word.encode()], False) == [
        at for at, part in enumerate(parts) if word.encode() in part
    ]
    assert Matcher(literal(word)).among(starts, ends, NEVER)(data, 0, len(parts)) == [
        at for at, part in enumerate(parts) if word.encode() in part
    ]


@given(
    st.lists(st.text("ab_", min_size=1, max_size=3), min_size=1, max_size=3),
    st.lists(st.text("ab_\n", max_size=40), min_size=1, max_size=5),
    st.booleans(),
)
def test_literals_are_found_in_their_order(words: list[str], texts_: list[str], in_line: bool) -> None:
    data, starts, ends = laid([text.encode() for text in texts_])
    expected = re.compile(".*".join(words), 0 if in_line else re.DOTALL)
    found = _kernel.holding(data, starts, ends, [word.encode() for word in words], in_line)
    assert found == [at for at, text in enumerate(texts_) if expected.search(text)]


@pytest.mark.parametrize(
    ("pattern", "asked"),
    [
        ("func[a-z]*_[a-z]+_index", [b"func", b"_", b"_index"]),
        (r"^from [a-z.]+ import$", [b"from ", b" import"]),
        (r"\bassert\b", [b"assert"]),
        ("(?i)assert", []),
        ("foo|bar", []),
        ("x.y", []),
        ("(abc)?d+efg", [b"efg"]),
    ],
)
def test_what_every_match_holds_is_looked_for_first(pattern: str, asked: list[bytes]) -> None:
    assert Matcher(parse(pattern)).literals == asked


def test_texts_outside_their_buffer_are_refused() -> None:
    for start, end in ((-1, 2), (0, 9), (3, 2)):
        with pytest.raises(ValueError, match="leaves its buffer"):
            _kernel.holding(memoryview(b"abcd"), np.array([start]), np.array([end]), [b"a"], False)
    with pytest.raises(ValueError, match="nothing is looked for"):
        _kernel.holding(memoryview(b"abcd"), np.array([0]), np.array([4]), [b""], False)


def test_a_sieve_that_most_texts_pass_is_given_up_and_nothing_is_lost() -> None:
    matcher = Matcher(parse("[^a]b"))
    matcher.prefer_hyperscan()
    parts = [b"xb" if n % 3 else b"ab" for n in range(300)]
    for _ in range(2):
        data, starts, ends = laid(parts)
        assert matcher.among(starts, ends, NEVER)(data, 0, 300) == [n for n in range(300) if n % 3]


@pytest.mark.parametrize("pattern", ["needle", "ne+dle", "(?i)needle", "ne.{0,3}le$", r"(?s)x.*needle.*y"])
def test_a_deadline_interrupts_inside_a_line_of_a_hundred_megabytes(pattern: str) -> None:
    text = memoryview(b"x" * 100_000_000 + b" needle")
    matcher = Matcher(parse(pattern))
    start = time.monotonic()
    if pattern != "needle":  # a literal of that much takes no longer than to notice the time
        with pytest.raises(OutOfTimeError):
            matcher.found(text, Deadline(0.001))
        assert time.monotonic() - start < 10
    assert matcher.found(text, NEVER) == (pattern[:4] != "(?s)")
