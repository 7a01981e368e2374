from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import drystone
from drystone.errors import UsageError
from drystone.release.read import Release
from drystone.search import _kernel
from drystone.search.search import Searcher


@pytest.mark.parametrize(
    ("text", "fold"),
    [
        ("self", False), ("def ", False), ("e", False), ("\n\n", False), ("xx", False), ("get_queryset", False),
        ("return\n", False), ("KELVIN", True), ("k", True), ("zzqqy", False), ("import os\n\n\ndef", False),
    ],
)  # fmt: skip
def test_every_place_is_counted(release: Release, searcher: Searcher, text: str, fold: bool) -> None:
    counted = searcher.times(text, fold=fold, by="language")
    fold_of = _kernel.fold if fold else bytes
    pattern = re.compile(b"(?=" + re.escape(fold_of(text.encode())) + b")")
    times: Counter[str] = Counter()
    files = 0
    for row in release.files(columns=["content", "language"]):
        found = len(pattern.findall(fold_of(row["content"].encode())))
        files += bool(found)
        times[row["language"]] += found
    assert (counted.times, counted.files, counted.exact, counted.at_most) == (times.total(), files, True, 0)
    assert counted.by == {name: number for name, number in times.items() if number}


@settings(max_examples=300, deadline=None)
@given(st.text("ab\n", min_size=1, max_size=6), st.text("ab\n", max_size=80))
def test_places_may_overlap(string: str, text: str) -> None:
    needle, data = string.encode(), text.encode()
    expected = sum(data.startswith(needle, at) for at in range(len(data)))
    assert _kernel.Needle(needle).times(np.frombuffer(data, np.uint8), False) == expected


def test_a_query_chooses_files_and_releases_add_up(release: Release, searcher: Searcher) -> None:
    whole, python = searcher.times("return"), searcher.times("return", where="lang:python")
    assert 0 < python.times < whole.times
    twice = drystone.count_times([release, release], "return")
    assert (twice.times, twice.files) == (2 * whole.times, 2 * whole.files)


def test_no_time_is_told(searcher: Searcher) -> None:
    counted = searcher.times("e", seconds=0)
    assert (counted.exact, counted.times) == (False, 0)
    assert counted.at_most > 0


def test_a_hostile_string_is_counted_in_linear_time() -> None:
    text = np.full(20_000_000, ord("a"), np.uint8)
    assert _kernel.Needle(b"a" * 50_000).times(text, False) == 20_000_000 - 50_000 + 1
    assert _kernel.Needle(b"a" * 50_000 + b"b").times(text, False) == 0


@pytest.mark.parametrize(("text", "said"), [("", "no string"), ("x" * 200_000, "200,000 bytes"), ("\ud800", "no text")])
def test_what_cannot_be_counted_is_refused(searcher: Searcher, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        searcher.times(text)
