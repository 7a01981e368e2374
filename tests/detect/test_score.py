from __future__ import annotations

import time

import pytest

from drystone.detect.score import features, quality_score
from tests.release.sample import files_of

LESSON = (
    '"""Sorts numbers by merging.\n\nA list is cut into halves, each half is sorted, and the two are merged.\n"""\n\n'
    "from collections.abc import Sequence\n\n\ndef merge_sort(values: Sequence[int]) -> list[int]:\n"
    '    """Return the values in ascending order; the argument is left as it is."""\n'
    "    if len(values) < 2:\n        return list(values)\n    middle = len(values) // 2\n"
    "    left, right = merge_sort(values[:middle]), merge_sort(values[middle:])\n"
    "    merged: list[int] = []\n    while left and right:\n"
    "        # the smaller of the two heads comes next\n"
    "        merged.append(left.pop(0) if left[0] <= right[0] else right.pop(0))\n    return merged + left + right\n"
)


def test_what_teaches_is_above_what_does_not() -> None:
    words = "KEYWORDS = (\n" + "".join(f"    'word{n}',\n" for n in range(300)) + ")\n"
    lesson, listed = (
        quality_score("/src/sorting.py", "Python", LESSON),
        quality_score("/a/_builtins.py", "Python", words),
    )
    assert lesson > 2.5 > listed
    assert quality_score("/setup.py", "Python", "from setuptools import setup\n\nsetup(name='x')\n") < 2


@pytest.mark.parametrize("text", ["", "\n", "\0" * 50, "x", "\u202e\U0001f600", "a" * 3_000_000, "\n" * 3_000_000])
def test_any_text_has_a_score_and_a_long_one_costs_no_more(text: str) -> None:
    begun = time.process_time()
    assert 0 <= quality_score("/a", None, text) <= 5
    assert time.process_time() - begun < 1


def test_the_score_depends_on_the_text_the_path_and_the_language_alone() -> None:
    texts = [data.decode("utf-8", "replace") for _, data in files_of("click")[:20]]
    assert [quality_score("/a.py", "Python", t) for t in texts] == [quality_score("/a.py", "Python", t) for t in texts]
    one, other = features("/a.py", "Python", texts[0]), features("/b.rb", "Ruby", texts[0])
    assert (one.measures == other.measures).all()
    assert one.words.tolist() != other.words.tolist()
