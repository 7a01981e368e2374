"""Where sentences begin, and ranges by an offset in them."""

from __future__ import annotations

import pytest
from drystone.detect._kernel import ComparableWords, sentences_with

from drystone.detect.licenses.matching.places import range_at, sentences


def test_sentences_begin_behind_stops_and_empty_lines() -> None:
    words = ComparableWords(b"One two. Three?\n\nFour five, six")
    assert [words.word_at(words.start(i)) for i in sentences(words)] == [0, 2, 3]


def test_the_range_that_holds_an_offset() -> None:
    ranges = ((2, 5), (5, 6), (9, 12))
    found = [range_at(ranges, offset) for offset in range(13)]
    assert found == [None, None, *[(2, 5)] * 3, (5, 6), None, None, None, *[(9, 12)] * 3, None]
    assert range_at((), 3) is None


def test_sentences_that_hold_a_range_and_a_mark() -> None:
    words = ComparableWords(b"One two. Three four five six. Seven eight")
    text = words.text.decode()
    mark = text.index("four") + 4

    def found(ranges: list[tuple[int, int]], marks: list[int], most: int = 90) -> list[str]:
        return [text[start:end] for _, _, start, end in sentences_with(words, ranges, marks, most, 1)]

    everything = [(0, words.count)]
    assert found(everything, list(range(len(text) + 1))) == ["one two", "three four five six", "seven eight"]
    assert found(everything, [mark]) == ["three four five six"]
    assert found([(0, 2)], [mark]) == []
    assert found([(5, 6)], [mark]) == ["three four five six"]
    assert found(everything, []) == []
    # Long ones in pieces that share a word.
    assert found(everything, [mark], 2) == ["three four five"]
    assert found([(2, 6)], list(range(len(text) + 1)), 2) == ["three four five", "five six"]
    with pytest.raises(ValueError, match="a piece has words"):
        found(everything, [mark], 0)
