"""What the rows of asked questions come to: shares, thresholds, latency. Knows no release and no reader."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, Literal, TypedDict, get_args

from drystone.reader.evaluation.metrics import exact_match, f1, normalize

#: Where the right answer was lost, in the order of the way that it goes; "right" where it was not.
Stage = Literal["not released", "not retrieved", "not read", "no span", "ranked below", "span differs", "right"]
#: Depths at which hits are counted.
DEPTHS: Final = (1, 5, 10)
#: The share of answerable questions that get an answer where "not found" is judged.
RECALL: Final = 0.8


class AnswerRow(TypedDict):
    """One question and what came of it, the answer being the surest one, however sure it is.

    `passage_rank`, `piece_rank` and `answer_rank` (from 1) say where the first passage, piece and answer with a right
    place stood; null where none did. `citations` of the answer: how many, how many meet a right place, how many stand
    in the release when read again. Times are milliseconds, from the question to its citations.
    """

    id: str
    kind: str
    question: str
    answerable: bool
    golds: list[str]
    answer: str
    score: float
    exact_match: int
    f1: float
    stage: Stage | None
    passage_rank: int | None
    piece_rank: int | None
    answer_rank: int | None
    places: list[str]
    citations: int
    citations_right: int
    citations_valid: int
    milliseconds: float
    cpu_milliseconds: float


class AnsweredScore(TypedDict):
    """Measures of answerable questions, each a share of 0 to 1: of their surest answers, and of what was found."""

    questions: int
    exact_match: float
    f1: float
    hit: dict[str, float]
    read: float


class CitationScore(TypedDict):
    """Of the citations shown at `least`: the share that meets a right place, and that stands when read again.

    `recall`: the share of answerable questions an answer of which is shown and meets a right place. Null where nothing
    was shown or asked. Places that a set does not list count as wrong, so precision is a lower bound.
    """

    least: float
    shown: int
    precision: float | None
    recall: float | None
    valid: float | None


class NotFoundScore(TypedDict):
    """How well "not found" tells unanswerable questions, where `answered` of the answerable get an answer.

    `refused`: the share of the unanswerable that is not found; `precision`: the share of what is not found that is
    unanswerable; `precision_at_most`: what it would be if all unanswerable were not found.
    """

    threshold: float
    answered: float
    refused: float
    precision: float
    precision_at_most: float


class AnswerReport(TypedDict):
    """What `drystone answer evaluate` measured; shares are 0 to 1.

    `left_out`: questions whose `source` the releases do not have. `not_found`: at 80 % of answerable questions answered
    and at `least`; null without both kinds of questions. `stages`: answerable questions by where they were lost.
    `milliseconds` and `cpu_milliseconds` (of all threads) are for one question.
    """

    format: int
    set: str
    model: str
    releases: list[str]
    questions: int
    unanswerable: int
    left_out: int
    answerable: AnsweredScore | None
    by_kind: dict[str, AnsweredScore]
    citations: CitationScore
    not_found: NotFoundScore | None
    not_found_at_least: NotFoundScore | None
    stages: dict[Stage, int]
    milliseconds: dict[str, float]
    cpu_milliseconds: dict[str, float]


def best(answer: str, golds: Sequence[str]) -> tuple[int, float]:
    """Return exact match and F1 of an answer, the best over right answers, by SQuAD's rules.

    These drop punctuation; right answers that are nothing else (`*`) are compared as they are.
    """
    if not answer:
        return 0, 0.0
    exact, overlap = 0, 0.0
    for gold in golds:
        if normalize(gold):
            exact, overlap = max(exact, exact_match(answer, gold)), max(overlap, f1(answer, gold))
        elif answer.strip() == gold.strip():
            exact, overlap = 1, 1.0
    return exact, overlap


def answered(rows: Sequence[AnswerRow]) -> AnsweredScore | None:
    """Return the measures of the answerable questions among rows; None where there are none."""
    asked = [row for row in rows if row["answerable"]]
    if not asked:
        return None
    hits = {
        str(depth): _share(asked, lambda row, depth=depth: (row["passage_rank"] or depth + 1) <= depth)  # type: ignore[misc]
        for depth in DEPTHS
    }
    return {
        "questions": len(asked),
        "exact_match": _mean([row["exact_match"] for row in asked]),
        "f1": _mean([row["f1"] for row in asked]),
        "hit": hits,
        "read": _share(asked, lambda row: row["piece_rank"] is not None and row["stage"] != "not read"),
    }


def citation_score(rows: Sequence[AnswerRow], least: float) -> CitationScore:
    """Return the measures of the citations that are shown where answers must be `least` sure."""
    seen = [row for row in rows if row["answer"] and row["score"] >= least]
    count = sum(row["citations"] for row in seen)
    asked = sum(row["answerable"] for row in rows)
    return {
        "least": least,
        "shown": count,
        "precision": sum(row["citations_right"] for row in seen) / count if count else None,
        "recall": sum(row["citations_right"] > 0 for row in seen) / asked if asked else None,
        "valid": sum(row["citations_valid"] for row in seen) / count if count else None,
    }


def at_recall(rows: Sequence[AnswerRow]) -> NotFoundScore | None:
    """Return how "not found" does at the highest threshold where enough answerable questions get an answer."""
    scores = sorted((row["score"] for row in rows if row["answerable"]), reverse=True)
    return not_found(rows, scores[math.ceil(RECALL * len(scores)) - 1]) if scores else None


def not_found(rows: Sequence[AnswerRow], threshold: float) -> NotFoundScore | None:
    """Return how "not found" does where answers below `threshold` are not given; None without both kinds."""
    inside = [row["score"] for row in rows if row["answerable"]]
    outside = [row["score"] for row in rows if not row["answerable"]]
    if not (inside and outside):
        return None
    lost = sum(score < threshold for score in inside)
    refused = sum(score < threshold for score in outside)
    return {
        "threshold": threshold,
        "answered": 1 - lost / len(inside),
        "refused": refused / len(outside),
        "precision": refused / (refused + lost) if refused + lost else 0.0,
        "precision_at_most": len(outside) / (len(outside) + lost),
    }


def stages(rows: Sequence[AnswerRow]) -> dict[Stage, int]:
    """Return how many answerable questions were lost at each stage, and how many were not."""
    counts = Counter(row["stage"] for row in rows)
    return {stage: counts[stage] for stage in get_args(Stage)}


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return mean, median and 95th percentile (the smallest value that is not below 95 % of them)."""
    ordered = sorted(values)
    at = {name: ordered[max(0, math.ceil(share * len(ordered)) - 1)] for name, share in (("p50", 0.5), ("p95", 0.95))}
    return {"mean": _mean(ordered), **at}


def _share(rows: Sequence[AnswerRow], holds: Callable[[AnswerRow], bool]) -> float:
    return sum(map(holds, rows)) / len(rows)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
