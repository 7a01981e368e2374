from __future__ import annotations

import pytest

from drystone.answer.evaluation import measures
from drystone.answer.evaluation.measures import AnswerRow


def row(score: float, *, answerable: bool = True, exact: int = 0, **more: object) -> AnswerRow:
    made: AnswerRow = {
        "id": "", "kind": "", "question": "", "answerable": answerable, "golds": [], "answer": "x", "score": score,
        "exact_match": exact, "f1": float(exact), "stage": "right" if exact else "ranked below", "passage_rank": None,
        "piece_rank": None, "answer_rank": None, "places": [], "citations": 1, "citations_right": exact,
        "citations_valid": 1, "milliseconds": 0.0, "cpu_milliseconds": 0.0,
    }  # fmt: skip
    made.update(more)  # type: ignore[typeddict-item]
    return made


def test_the_best_of_several_right_answers_counts() -> None:
    assert measures.best("The 600 seconds", ["0o600", "600 seconds"]) == (1, 1.0)
    exact, overlap = measures.best("600 seconds or so", ["600 seconds", "600"])
    assert (exact, round(overlap, 4)) == (0, round(2 * (2 / 4) / (2 / 4 + 1), 4))
    assert measures.best("", ["600"]) == (0, 0.0)
    assert measures.best("anything", []) == (0, 0.0)


def test_signs_alone_are_compared_as_they_are() -> None:
    assert measures.best("*", ["*"]) == (1, 1.0)
    assert measures.best("+", ["*"]) == (0, 0.0)
    assert measures.best("600", ["*", "600"]) == (1, 1.0)


def test_hits_are_counted_to_their_depth_and_of_answerable_questions_alone() -> None:
    rows = [
        row(0.9, exact=1, passage_rank=1, piece_rank=1),
        row(0.8, passage_rank=5, piece_rank=30, stage="not read"),
        row(0.7, passage_rank=6, piece_rank=2),
        row(0.6),
        row(0.5, answerable=False),
    ]
    score = measures.answered(rows)
    assert score is not None
    assert score == {
        "questions": 4, "exact_match": 0.25, "f1": 0.25, "hit": {"1": 0.25, "5": 0.5, "10": 0.75}, "read": 0.5,
    }  # fmt: skip
    assert measures.answered(rows[-1:]) is None


def test_not_found_is_judged_where_four_in_five_get_an_answer() -> None:
    rows = [row(score / 10) for score in range(1, 11)]  # of ten, the two least sure get none
    rows += [row(0.05, answerable=False), row(0.15, answerable=False), row(0.3, answerable=False)]
    score = measures.at_recall(rows)
    assert score is not None
    assert score["threshold"] == 0.3
    assert score["answered"] == pytest.approx(0.8)
    assert score["refused"] == pytest.approx(2 / 3)  # the one that is as sure as the threshold is answered
    assert score["precision"] == pytest.approx(2 / 4)
    assert score["precision_at_most"] == pytest.approx(3 / 5)
    assert measures.at_recall(rows[:10]) is None
    assert measures.at_recall(rows[10:]) is None
    none = measures.not_found(rows, 0.0)
    assert none is not None
    assert (none["answered"], none["refused"], none["precision"]) == (1.0, 0.0, 0.0)


def test_citations_are_judged_where_they_are_shown() -> None:
    rows = [
        row(0.9, exact=1, citations=3, citations_right=2, citations_valid=3),
        row(0.8, citations=1, citations_right=0, citations_valid=0),
        row(0.4, exact=1),
        row(0.7, answerable=False),
        row(0.9, answer="", citations=0, citations_right=0, citations_valid=0),
    ]
    assert measures.citation_score(rows, 0.5) == {
        "least": 0.5, "shown": 5, "precision": 2 / 5, "recall": 1 / 4, "valid": 4 / 5,
    }  # fmt: skip
    nothing = measures.citation_score(rows, 1.0)
    assert (nothing["shown"], nothing["precision"], nothing["recall"], nothing["valid"]) == (0, None, 0.0, None)


def test_every_stage_is_counted_and_spread_is_of_values_that_are_there() -> None:
    counts = measures.stages([row(0.9, exact=1), row(0.8), row(0.1, answerable=False, stage=None)])
    assert counts["right"] == counts["ranked below"] == 1
    assert sum(counts.values()) == 2
    assert measures.spread([3.0, 1.0, 2.0]) == {"mean": 2.0, "p50": 2.0, "p95": 3.0}
    assert measures.spread([float(n) for n in range(1, 101)])["p95"] == 95.0
