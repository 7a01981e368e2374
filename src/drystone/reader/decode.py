"""Turns start and end logits into scored spans; vectorised over windows.

It knows nothing of tokenizers or text: spans are token positions, and a function given by the caller maps them.

Scores. In one window P(i, j) = softmax(start)[i] * softmax(end)[j], over the context's tokens and the null position, as
in the Transformers pipeline. Over several windows the same masses are divided by one common sum: the masses of all
windows' spans, and the null's mass in the window that doubts least (Devlin et al. 2018 take the least over windows).
For one window both are the same number. `normalize="window"` keeps each window's own sum, as the pipeline did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from drystone.errors import ModelError

Normalize = Literal["question", "window"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A verbatim span of the context: `context[start:end] == text`.

    `score` is the probability mass of the span, between 0 and 1 within one question. `null_score` is that of "no
    answer here". `logit` is the sum of the span's raw start and end logits, which compares answers across contexts.
    """

    text: str
    start: int
    end: int
    score: float
    null_score: float
    logit: float

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as a plain dictionary."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Scores:
    """Logits of one question's windows: context stretches [windows, longest], padded with -inf, and the null's."""

    start: np.ndarray
    end: np.ndarray
    null_start: np.ndarray
    null_end: np.ndarray
    firsts: np.ndarray


def gather(logits: Sequence[np.ndarray], ats: Sequence[int], firsts: Sequence[int], counts: Sequence[int]) -> Scores:
    """Cut each window's logits [tokens, 2] to its context stretch and stack them.

    Raises ModelError where a logit is not finite: the model or its runtime is broken.
    """
    longest = max(counts)
    both = np.full((2, len(logits), longest), -np.inf)
    null = np.empty((2, len(logits)))
    for row, (values, at, count) in enumerate(zip(logits, ats, counts, strict=True)):
        both[:, row, :count] = values[at : at + count].T
        null[:, row] = values[0]
        if not np.isfinite(values).all():
            raise ModelError("the model gave logits that are not finite; try precision='fp32' or another runtime.")
    return Scores(both[0], both[1], null[0], null[1], np.array(firsts))


def decode(
    scores: Scores,
    span: Callable[[int, int], tuple[int, int]],
    context: str,
    *,
    top_k: int,
    max_answer_len: int,
    handle_impossible: bool,
    align_to_words: bool,
    normalize: Normalize = "question",
) -> list[Answer]:
    """Return the best `top_k` distinct spans (fewer only where fewer exist), best first; ties go to the earlier span.

    `span(first, last)` maps context tokens to string offsets. Token spans that map to one string span, within a
    window's words or in overlapping windows, are one answer that has the sum of their scores. With
    `handle_impossible` the empty answer competes with score `null_score`.
    """
    masses, weights, null_score = _masses(scores, normalize)
    # The pipeline's number of candidates, so that sums over merged spans equal its own; more where they do not suffice.
    wanted = top_k * 2 + 10 if align_to_words else top_k
    while True:
        merged, more = _merge(scores, masses, weights, span, wanted, max_answer_len)
        if len(merged) >= top_k or not more:
            break
        wanted *= 4
    answers = [Answer(context[a:b], a, b, score, null_score, logit) for (a, b), (score, logit) in merged.items()]
    if handle_impossible:
        null = float((scores.null_start + scores.null_end).min())
        answers.append(Answer("", 0, 0, null_score, null_score, null))
    answers.sort(key=lambda answer: (-answer.score, answer.start, answer.end))
    return answers[:top_k]


def probabilities(scores: Scores) -> tuple[np.ndarray, np.ndarray]:
    """Return each window's start and end distributions over its context stretch, float64 [windows, longest]."""
    (start, end), _, _ = _masses(scores, "window")
    return start, end


def _masses(scores: Scores, normalize: Normalize) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray, float]:
    """Return start and end probabilities per window, each window's weight, and the null score."""
    parts, context_log, total_log = [], 0.0, 0.0
    nulls = []
    for logits, null in ((scores.start, scores.null_start), (scores.end, scores.null_end)):
        top = np.maximum(logits.max(1), null)
        mass = np.exp(logits - top[:, None])
        inside, outside = mass.sum(1), np.exp(null - top)
        total = inside + outside
        parts.append(mass / total[:, None])
        nulls.append(outside / total)
        with np.errstate(divide="ignore"):
            context_log = context_log + np.log(inside) + top
        total_log = total_log + np.log(total) + top
    null_each = nulls[0] * nulls[1]
    if normalize == "window" or len(null_each) == 1:
        return (parts[0], parts[1]), np.ones(len(null_each)), float(null_each.min())
    least = int(np.argmin(scores.null_start + scores.null_end))
    base = np.max(total_log)
    spans, totals = np.exp(context_log - base), np.exp(total_log - base)
    common = spans.sum() + totals[least] - spans[least]
    if common <= 0:  # every span of every window underflows beside a null: nothing is left to tell them apart
        common = float(totals.max())
    weights = totals / common
    return (parts[0], parts[1]), weights, float(null_each[least] * weights[least])


def _merge(
    scores: Scores,
    masses: tuple[np.ndarray, np.ndarray],
    weights: np.ndarray,
    span: Callable[[int, int], tuple[int, int]],
    wanted: int,
    max_answer_len: int,
) -> tuple[dict[tuple[int, int], tuple[float, float]], bool]:
    """Return {string span: (score, logit)} of the best `wanted` token spans a window, and whether there are more."""
    start, end = masses
    windows, length = start.shape
    band = min(max_answer_len, length)
    # [window, start token, length - 1]: the probability of every span that is not too long.
    ends = np.concatenate([end, np.zeros((windows, band - 1))], axis=1)
    table = (start[:, :, None] * np.lib.stride_tricks.sliding_window_view(ends, band, axis=1)).reshape(windows, -1)
    take = min(wanted, table.shape[1])
    if take < table.shape[1]:
        best = np.argpartition(-table, take - 1, axis=1)[:, :take]
    else:
        best = np.broadcast_to(np.arange(take), (windows, take))
    firsts, lasts = best // band, best // band + best % band
    # Positions beyond a window's own stretch are padding: -inf logits.
    real = (lasts < length) & np.isfinite(np.take_along_axis(scores.end, np.minimum(lasts, length - 1), 1))
    real &= np.isfinite(np.take_along_axis(scores.start, firsts, 1))
    values = np.take_along_axis(table, best, 1) * weights[:, None]
    merged: dict[tuple[int, int], tuple[float, float]] = {}
    for window in range(windows):
        offset = int(scores.firsts[window])
        chosen = np.flatnonzero(real[window])
        # A fixed order of summation: equal scores by position, so that no sort's whim shows in the last digit.
        order = chosen[np.lexsort((best[window, chosen], -values[window, chosen]))]
        for i in order.tolist():
            first, last = int(firsts[window, i]), int(lasts[window, i])
            at = span(offset + first, offset + last)
            if at[1] <= at[0]:
                continue
            score, logit = merged.get(at, (0.0, -np.inf))
            here = float(scores.start[window, first] + scores.end[window, last])
            merged[at] = (score + float(values[window, i]), max(logit, here))
    return merged, take < table.shape[1]
