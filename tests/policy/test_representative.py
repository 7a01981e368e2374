"""Which copy stands for the others: a total order, in the order of preference that the documentation gives."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from drystone.policy.representative import rank

BASE: dict[str, Any] = {
    "license_type": "permissive",
    "stars": 5,
    "forks": 5,
    "revision_date": datetime(2024, 1, 1),
    "origin": "https://example.org/a",
    "path": b"a.py",
    "entry": 0,
}


def key(**changed: Any) -> bytes:
    return rank(**(BASE | changed))


def test_the_order_of_preference() -> None:
    """Each line is better than the next, though the next is better in everything that counts less."""
    ladder = [
        key(),
        key(entry=1),
        key(path=b"b.py"),
        key(origin="https://example.org/b", path=b"a"),
        key(revision_date=datetime(2023, 1, 1), origin="https://a.example"),
        key(revision_date=None, origin="https://a.example"),
        key(forks=4, revision_date=datetime(2025, 1, 1)),
        key(forks=None),
        key(stars=4, forks=9),
        key(stars=None, forks=9),
        key(license_type="no_license", stars=999),
        key(license_type="non_permissive", stars=9999),
    ]
    assert all(better < worse for better, worse in pairwise(ladder))


def test_unknown_counts_are_zero_and_an_unknown_date_the_oldest() -> None:
    assert key(stars=None, forks=None) == key(stars=0, forks=0)
    assert key(revision_date=datetime(1, 1, 1)) < key(revision_date=None)


copies = st.fixed_dictionaries(
    {
        "license_type": st.sampled_from(["permissive", "no_license", "non_permissive"]),
        "stars": st.none() | st.integers(0, 2**40),
        "forks": st.none() | st.integers(0, 2**40),
        "revision_date": st.none() | st.datetimes(),
        "origin": st.text(max_size=12).filter(lambda text: "\0" not in text),
        "path": st.binary(max_size=12).filter(lambda path: b"\0" not in path),
        "entry": st.integers(0, 2**20),
    }
)


@given(st.lists(copies, min_size=1, max_size=8), st.randoms())
def test_the_choice_does_not_depend_on_the_order_in_which_copies_come(found: list[dict[str, Any]], random: Any) -> None:
    best = min(rank(**copy) for copy in found)
    random.shuffle(found)
    assert min(rank(**copy) for copy in found) == best


@given(copies, copies)
def test_only_the_same_place_has_the_same_rank(one: dict[str, Any], other: dict[str, Any]) -> None:
    if rank(**one) == rank(**other):
        assert [one[name] for name in ("origin", "path", "entry")] == [
            other[name] for name in ("origin", "path", "entry")
        ]
