"""Spans that overlap are resolved."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from drystone.detect.secrets import KINDS, Span
from drystone.detect.secrets.spans import resolve

spans = st.builds(
    lambda kind, start, size, sure: Span(kind, "r", start, start + size, sure),
    st.sampled_from(KINDS),
    st.integers(0, 50),
    st.integers(1, 20),
    st.sampled_from([0.3, 0.6, 0.9]),
)


@given(st.lists(spans, max_size=20), st.randoms())
def test_resolved_spans_are_sorted_apart_and_independent_of_order(found: list[Span], draw) -> None:
    kept = resolve(found)
    assert all(one.end <= other.start for one, other in pairwise(kept))
    assert all(any(f.start < k.end and k.start < f.end for k in kept) for f in found)
    shuffled = list(found)
    draw.shuffle(shuffled)
    assert resolve(shuffled) == kept
