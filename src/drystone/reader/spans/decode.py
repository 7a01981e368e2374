"""Turns start and end logits into scored spans; vectorised over windows.

It knows nothing of tokenizers or text: spans are token positions, and a function given by the caller maps them.

Scores. In one window P(i, j) = softmax(start)[i] * softmax(end)[j], over the context's tokens and the null position, as
in the Transformers pipeline. Over several windows the same masses are divided by one common sum: the masses of all
windows' spans, and the null's mass in the window that doubts least (Devlin et al. 2018 take the least over windows).
For one window both are the same number. `normalize="window"` keeps each window's own sum, as the pipeline did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from math import inf, isfinite
from typing import TypedDict

import numpy as np

from drystone.errors import ModelError
from drystone.reader.options import Normalize

#: Spans whose probabilities are in memory at a time, in float64: a book has more windows than memory has room.
_SPANS_AT_ONCE = 1 << 20


class AnswerFields(TypedDict):
    """The fields of an `Answer` by name."""

    text: str
    start: int
    end: int
    score: float
    null_score: float
    logit: float


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

    def __getitem__(self, name: str) -> str | int | float | None:
        """Return a field by name, so that an answer serves as a mapping; `answer` is the pipeline's name of `text`."""
        if name == "answer":
            return self.text
        if name not in self.keys():
            raise KeyError(name)
        found: str | int | float | None = getattr(self, name)
        return found

    def keys(self) -> tuple[str, ...]:
        """Return the names of the fields: `dict(answer)` has them all."""
        return tuple(field.name for field in fields(self))

    def as_dict(self) -> AnswerFields:
        """Return the fields as a plain dictionary."""
        return {
            "text": self.text,
            "start": self.start,
            "end": self.end,
            "score": self.score,
            "null_score": self.null_score,
            "logit": self.logit,
        }


@dataclass(frozen=True, slots=True)
class Scores:
    """Logits of one question's windows, float64: context stretches [start and end, windows, longest], padded with -inf,
    and the null's [start and end, windows]; the first context token and the number of them in each window.
    """

    both: np.ndarray
    null: np.ndarray
    firsts: tuple[int, ...]
    counts: tuple[int, ...]


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
        # One value that is not finite makes the sum so; finite float32 cannot overflow float64.
        if not isfinite(values.sum(dtype=np.float64)):
            raise ModelError("the model gave logits that are not finite; try precision='fp32' or another runtime.")
    return Scores(both, null, tuple(firsts), tuple(counts))


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
    found = [(-score, at, logit) for at, (score, logit) in merged.items()]
    if handle_impossible:
        found.append((-null_score, (0, 0), float(scores.null.sum(0).min())))
    found.sort()
    return [Answer(context[a:b], a, b, -score, null_score, logit) for score, (a, b), logit in found[:top_k]]


def probabilities(scores: Scores) -> tuple[np.ndarray, np.ndarray]:
    """Return each window's start and end distributions over its context stretch, float64 [windows, longest]."""
    masses, _, _ = _masses(scores, "window")
    return masses[0], masses[1]


def _masses(scores: Scores, normalize: Normalize) -> tuple[np.ndarray, np.ndarray | None, float]:
    """Return start and end probabilities [2, windows, longest], each window's weight (None: 1), and the null score."""
    both, null = scores.both, scores.null
    top = np.maximum(both.max(2), null)
    mass = np.exp(both - top[:, :, None])
    inside, outside = mass.sum(2), np.exp(null - top)
    total = inside + outside
    mass /= total[:, :, None]
    null_each = (outside / total).prod(0)
    if normalize == "window" or len(null_each) == 1:
        return mass, None, float(null_each.min())
    with np.errstate(divide="ignore"):
        context_log = (np.log(inside) + top).sum(0)
    total_log = (np.log(total) + top).sum(0)
    least = int(null.sum(0).argmin())
    base = total_log.max()
    spans, totals = np.exp(context_log - base), np.exp(total_log - base)
    common = spans.sum() + totals[least] - spans[least]
    if common <= 0:  # every span of every window underflows beside a null: nothing is left to tell them apart
        common = float(totals.max())
    weights = totals / common
    return mass, weights, float(null_each[least] * weights[least])


def _merge(
    scores: Scores,
    masses: np.ndarray,
    weights: np.ndarray | None,
    span: Callable[[int, int], tuple[int, int]],
    wanted: int,
    max_answer_len: int,
) -> tuple[dict[tuple[int, int], tuple[float, float]], bool]:
    """Return {string span: (score, logit)} of the best `wanted` token spans a window, and whether there are more."""
    start, end = masses
    length = start.shape[1]
    band = min(max_answer_len, length)
    take = min(wanted, length * band)
    merged: dict[tuple[int, int], tuple[float, float]] = {}
    together = max(1, _SPANS_AT_ONCE // (length * band))
    for window, (offset, count) in enumerate(zip(scores.firsts, scores.counts, strict=True)):
        if window % together == 0:
            table, best = _best_spans(start[window : window + together], end[window : window + together], band, take)
        chosen = best[window % together]
        values = table[window % together, chosen]
        if weights is not None:
            values = values * weights[window]
        begins, finals = scores.both[0, window], scores.both[1, window]
        # A fixed order of summation: equal scores by position, so that no sort's whim shows in the last digit.
        for value, place in sorted(zip(values.tolist(), chosen.tolist(), strict=True)):
            first, ahead_by = divmod(place, band)
            last = first + ahead_by
            if last >= count:  # beyond the window's own stretch
                continue
            at = span(offset + first, offset + last)
            if at[1] <= at[0]:
                continue
            score, logit = merged.get(at, (0.0, -inf))
            merged[at] = (score - value, max(logit, float(begins[first] + finals[last])))
    return merged, take < length * band


def _best_spans(start: np.ndarray, end: np.ndarray, band: int, take: int) -> tuple[np.ndarray, np.ndarray]:
    """Return for some windows the probability of every span of up to `band` tokens, below zero for sorting
    ([windows, start token x (tokens - 1)]), and where the best `take` of each window stand."""
    windows, length = start.shape
    ends = np.zeros((windows, length + band - 1))
    ends[:, :length] = end
    row, step = ends.strides
    ahead = np.ndarray((windows, length, band), ends.dtype, ends, strides=(row, step, step))
    table = (-start[:, :, None] * ahead).reshape(windows, -1)
    if take < table.shape[1]:
        return table, table.argpartition(take - 1, axis=1)[:, :take]
    return table, np.broadcast_to(np.arange(take), (windows, take))
