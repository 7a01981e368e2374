"""Where sentences begin, and ranges by an offset in them."""

from __future__ import annotations

from drystone.detect._kernel import ComparableWords

from drystone.detect.licenses.matching.places import range_at, sentences


def test_sentences_begin_behind_stops_and_empty_lines() -> None:
    words = ComparableWords(b"One two. Three?\n\nFour five, six")
    assert [words.word_at(words.start(i)) for i in sentences(words)] == [0, 2, 3]


def test_the_range_that_holds_an_offset() -> None:
    ranges = ((2, 5), (5, 6), (9, 12))
    found = [range_at(ranges, offset) for offset in range(13)]
    assert found == [None, None, *[(2, 5)] * 3, (5, 6), None, None, None, *[(9, 12)] * 3, None]
    assert range_at((), 3) is None
