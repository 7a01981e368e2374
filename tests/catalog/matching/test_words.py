from __future__ import annotations

import math

import numpy as np
import pytest

from drystone.catalog.matching.words import WordIndex

TEXTS = [
    [(1.0, "reads spreadsheets and writes them")],
    [(1.0, "sends letters over the network")],
    [(1.0, "reads letters aloud"), (1.5, "speech")],
]


def test_the_score_is_bm25_by_its_formula_over_the_greatest_that_the_words_allow() -> None:
    found = WordIndex(TEXTS).scores("reads speech")
    lengths = np.array([5, 5, 3 + 1.5])
    norm = 1.2 * (0.5 + 0.5 * lengths / lengths.mean())
    idf = {count: math.log1p((3 - count + 0.5) / (count + 0.5)) for count in (1, 2)}
    total = idf[1] + idf[2]
    first = idf[2] * 1 / (1 + norm[0]) / total
    third = (idf[2] * 1 / (1 + norm[2]) + idf[1] * 1.5 / (1.5 + norm[2])) / total
    assert found == pytest.approx([first, 0, third], abs=1e-6)


def test_words_are_found_in_their_other_forms_and_words_that_only_ask_do_not_count() -> None:
    index = WordIndex(TEXTS)
    assert index.scores("how do I read a spreadsheet").argmax() == 0
    assert index.shared(index.asked("how do I read a spreadsheet"), 0) == ["read", "spreadsheet"]
    assert index.scores("the").tolist() == [0, pytest.approx(index.scores("the")[1]), 0]  # asked alone, it counts
    assert not index.scores("xyzzy").any()
    assert not index.scores("!?").any()
    assert index.scores("spreadsheets xyzzy").max() < index.scores("spreadsheets").max()


def test_no_texts() -> None:
    assert len(WordIndex([]).scores("anything")) == 0
