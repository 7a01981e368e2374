"""Decoding against a plain double loop, and the laws of scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drystone.errors import ModelError
from drystone.reader.spans.decode import Answer, Scores, decode, gather

CONTEXT = "".join(chr(ord("a") + i % 26) for i in range(400))


def scores(seed: int, windows: int, length: int, step: int = 5) -> Scores:
    random = np.random.default_rng(seed)
    logits = [random.normal(0, 3, (length + 2, 2)).astype(np.float32) for _ in range(windows)]
    counts = [length] * (windows - 1) + [max(1, length - 2)]
    return gather(logits, [1] * windows, [i * step for i in range(windows)], counts)


def run(s: Scores, **options: object) -> list[Answer]:
    given = {"top_k": 1, "max_answer_len": 15, "handle_impossible": False, "align_to_words": False} | options
    return decode(s, lambda a, b: (a, b + 1), CONTEXT, **given)  # type: ignore[arg-type]


def slowly(s: Scores, max_answer_len: int) -> dict[tuple[int, int], float]:
    """Scores of all spans by the definition: one sum over all windows' spans and the least doubtful null."""
    spans: dict[tuple[int, int], float] = {}
    total, nulls = 0.0, []
    for w in range(len(s.firsts)):
        starts, ends = np.exp(s.both[0, w]), np.exp(s.both[1, w])
        total += starts.sum() * ends.sum()
        whole = (starts.sum() + np.exp(s.null[0, w])) * (ends.sum() + np.exp(s.null[1, w]))
        nulls.append((s.null[0, w] + s.null[1, w], whole - starts.sum() * ends.sum()))
        for i in range(len(starts)):
            for j in range(i, min(i + max_answer_len, len(starts))):
                if starts[i] * ends[j] > 0:
                    at = (int(s.firsts[w]) + i, int(s.firsts[w]) + j + 1)
                    spans[at] = spans.get(at, 0) + starts[i] * ends[j]
    total += min(nulls)[1]
    return {at: value / total for at, value in spans.items()}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 30), st.integers(1, 40), st.integers(1, 30))
def test_spans_and_scores_are_those_of_the_definition(
    seed: int, windows: int, length: int, longest: int, k: int
) -> None:
    s = scores(seed, windows, length)
    expected = slowly(s, longest)
    found = run(s, top_k=1000, max_answer_len=longest)
    assert {(a.start, a.end) for a in found} == set(expected)
    for answer in found:
        assert answer.score == pytest.approx(expected[answer.start, answer.end], rel=1e-9)
        assert answer.text == CONTEXT[answer.start : answer.end]
    assert len(run(s, top_k=k, max_answer_len=longest)) == min(k, len(expected))


def test_exactly_top_k_distinct_spans_although_many_token_spans_merge() -> None:
    s = scores(1, 2, 60)
    words = lambda a, b: (a // 10 * 10, b // 10 * 10 + 10)  # noqa: E731
    for k in (1, 3, 7):
        found = decode(s, words, CONTEXT, top_k=k, max_answer_len=15, handle_impossible=False, align_to_words=True)
        assert len({(a.start, a.end) for a in found}) == len(found) == k
        assert [a.score for a in found] == sorted((a.score for a in found), reverse=True)


def test_one_window_gives_the_same_score_either_way() -> None:
    s = scores(2, 1, 40)
    assert [a.as_dict() for a in run(s, top_k=5)] == [a.as_dict() for a in run(s, top_k=5, normalize="window")]


def test_a_confident_null_in_another_window_takes_nothing_from_the_answer() -> None:
    sure = np.zeros((12, 2), np.float32)
    sure[4] = 12
    doubting = np.zeros((12, 2), np.float32)
    doubting[0] = 20
    s = gather([sure, doubting], [1, 1], [0, 10], [10, 10])
    (best,) = run(s)
    assert (best.start, best.end) == (3, 4)
    assert best.score > 0.99
    assert best.null_score < 0.01


def test_the_empty_answer_competes_only_where_asked() -> None:
    doubting = np.zeros((12, 2), np.float32)
    doubting[0] = 9
    s = gather([doubting], [1], [0], [10])
    assert run(s)[0].text != ""
    empty = run(s, handle_impossible=True, top_k=2)[0]
    assert (empty.text, empty.start, empty.end) == ("", 0, 0)
    assert empty.score == empty.null_score > 0.99


def test_ties_go_to_the_earlier_and_shorter_span() -> None:
    s = gather([np.zeros((22, 2), np.float32)], [1], [0], [20])
    assert [(a.start, a.end) for a in run(s, top_k=3, max_answer_len=2)] == [(0, 1), (0, 2), (1, 2)]


def test_extreme_logits_stay_numbers() -> None:
    for value in (1e4, -1e4, 3e38):
        logits = np.zeros((12, 2), np.float32)
        logits[3] = value
        logits[0] = -value
        for answer in run(gather([logits, logits[::-1]], [1, 1], [0, 9], [10, 10]), top_k=4, handle_impossible=True):
            assert 0 <= answer.score <= 1 + 1e-9


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_logits_that_are_not_finite_are_refused(value: float) -> None:
    logits = np.zeros((12, 2), np.float32)
    logits[3, 1] = value
    with pytest.raises(ModelError, match="not finite"):
        gather([logits], [1], [0], [10])
