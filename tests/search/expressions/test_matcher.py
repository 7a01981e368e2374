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
from drystone.search.expressions.runs import packed
from tests.search.strategies import Pattern, patterns, quick_patterns, texts

NEVER = Deadline(None)


def run(*sets: bytes) -> bytes:
    return packed([sum(1 << byte for byte in set(one)) for one in sets])


def run_of(text: bytes) -> bytes:
    return run(*(bytes([byte]) for byte in text))


def laid(parts: list[bytes]) -> tuple[memoryview, np.ndarray, np.ndarray]:
    ends = np.cumsum([len(part) + 4 for part in parts], dtype=np.int64)
    starts = np.concatenate([[0], ends])[: len(ends)].astype(np.int64) + 4
    return memoryview(b"".join(b"\xff\x00\n\x01" + part for part in parts)), starts, ends


def matches(
    matcher: Matcher, pages: list[memoryview], borders: list[int], starts: np.ndarray, ends: np.ndarray,
    files: np.ndarray | None = None,
) -> list[int]:  # fmt: skip
    files = np.arange(len(starts)) if files is None else files
    return matcher.among(files, starts, ends, NEVER)(pages, borders)


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
    assert matches(matcher, [data], [0, len(several)], starts, ends) == expected
    assert matches(matcher, [data], [0, len(several)], starts, ends) == expected


@settings(max_examples=60, deadline=None)
@given(
    quick_patterns, st.lists(st.lists(st.lists(texts, min_size=1, max_size=3), max_size=3), max_size=3), st.booleans()
)
def test_a_file_matches_where_one_of_its_spans_does(
    pattern: Pattern, several: list[list[list[str]]], much: bool
) -> None:
    """Pages of files of spans."""
    pages = [laid([span.encode() for file in page for span in file]) for page in several if page]
    borders = np.cumsum([0, *(len(starts) for _, starts, _ in pages)]).tolist()
    files = [file for page in several for file in page]
    owners = np.repeat(np.arange(len(files)), [len(file) for file in files])
    expected = [
        at
        for at, file in enumerate(files)
        if any(Matcher(parse(pattern.ours)).found(memoryview(span.encode()), NEVER) for span in file)
    ]
    matcher = Matcher(parse(pattern.ours))
    if much:
        matcher.prefer_hyperscan()
    starts, ends = (np.concatenate([np.zeros(0, np.int64), *(page[at] for page in pages)]) for at in (1, 2))
    for _ in range(2):
        assert matches(matcher, [page for page, *_ in pages], borders, starts, ends, owners) == expected


@given(st.text("abN_ \u00e9", min_size=1, max_size=5), st.lists(st.binary(max_size=70), min_size=1, max_size=5))
def test_a_literal_is_found_wherever_it_stands(word: str, around: list[bytes]) -> None:
    parts = [*around, *(part + word.encode() + part[:3] for part in around)]
    data, starts, ends = laid(parts)
    assert _kernel.holding([data], [0, len(parts)], starts, ends, [run_of(word.encode())], False) == [
        at for at, part in enumerate(parts) if word.encode() in part
    ]
    assert matches(Matcher(literal(word)), [data], [0, len(parts)], starts, ends) == [
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
    found = _kernel.holding([data], [0, len(texts_)], starts, ends, [run_of(word.encode()) for word in words], in_line)
    assert found == [at for at, text in enumerate(texts_) if expected.search(text)]


def test_texts_outside_their_buffer_are_refused() -> None:
    for start, end in ((-1, 2), (0, 9), (3, 2)):
        with pytest.raises(ValueError, match="leaves its buffer"):
            _kernel.holding([memoryview(b"abcd")], [0, 1], np.array([start]), np.array([end]), [run_of(b"a")], False)
    with pytest.raises(ValueError, match="nothing is looked for"):
        _kernel.holding([memoryview(b"abcd")], [0, 1], np.array([0]), np.array([4]), [b""], False)
    for borders in ([0], [0, 2], [1, 0]):
        with pytest.raises(ValueError, match="divided by their pages"):
            _kernel.holding([memoryview(b"abcd")], borders, np.array([0]), np.array([4]), [run_of(b"a")], False)


def test_a_sieve_that_most_texts_pass_is_given_up_and_nothing_is_lost() -> None:
    matcher = Matcher(parse("[^a]b"))
    matcher.prefer_hyperscan()
    parts = [b"xb" if n % 3 else b"ab" for n in range(300)]
    for _ in range(2):
        data, starts, ends = laid(parts)
        assert matches(matcher, [data], [0, 300], starts, ends) == [n for n in range(300) if n % 3]


@pytest.mark.parametrize("pattern", ["needle", "ne+dle", "(?i)needle", "ne.{0,3}le$", r"(?s)x.*needle.*y"])
def test_a_deadline_interrupts_inside_a_line_of_a_hundred_megabytes(pattern: str) -> None:
    text = memoryview(b"x" * 100_000_000 + b" needle")
    matcher = Matcher(parse(pattern))
    start = time.monotonic()
    with pytest.raises(OutOfTimeError):
        matcher.found(text, Deadline(0.001))
    assert time.monotonic() - start < 10
    assert matcher.found(text, NEVER) == (pattern[:4] != "(?s)")
