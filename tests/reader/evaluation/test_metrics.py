"""SQuAD's metrics against implementations that others keep, on predictions that hold every edge."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drystone.reader.evaluation.metrics import Question, exact_match, f1, normalize, score, squad_v1, squad_v2

EDGES = [
    "",
    " ",
    "the",
    "The.",
    "a",
    "an",
    "...",
    "Paris",
    "paris!",
    "the Paris",
    "Paris, France",
    "France Paris",
    "$5,000",
    "5000",
    "a a a",
    "Paris Paris",
    "naïve café",
    "cafe\u0301",
    "İstanbul",
    "ẞtraße",
    "中 文",
    "中文",
    "«Paris»",
    "“Paris”",
    "can't",
    "cant",
    "theatre",
    "an-them",
    "The-end",
    "a\u00a0b",
    "tab\tand\nline",
    "\u200bzero",
    "100%",
    "U.S.",
    "US",
    "the the",
    "A.N.",
    "the_a",
    "l'a",
]


def questions(seed: int, *, impossible: bool) -> tuple[list[Question], dict[str, str], dict[str, float]]:
    rng = random.Random(seed)
    found, predictions, nulls = [], {}, {}
    for i in range(300):
        golds = tuple(rng.choice(EDGES) for _ in range(rng.choice((1, 1, 2, 3, 5))))
        if impossible and rng.random() < 0.3:
            golds = ()
        name = f"q{i}"
        found.append(Question(name, "What?", "context", golds))
        if rng.random() < 0.9:
            predictions[name] = rng.choice([*golds, rng.choice(EDGES), "", rng.choice(EDGES) + " " + rng.choice(EDGES)])
            nulls[name] = rng.choice((0.0, 1.0, round(rng.random(), 2)))
    return found, predictions, nulls


@pytest.mark.parametrize("seed", range(5))
def test_v1_is_torchmetrics(seed: int) -> None:
    squad = pytest.importorskip("torchmetrics.functional.text.squad")
    found, predictions, _ = questions(seed, impossible=False)
    for q in found:
        if q.id not in predictions:
            continue
        for gold in q.golds:
            prediction = predictions[q.id]
            assert exact_match(prediction, gold) == int(squad._compute_exact_match_score(prediction, gold))
            # Theirs takes v2.0's rule where a side has no words; v1.1's script gives 0 there.
            empty = not (normalize(prediction) and normalize(gold))
            theirs = float(squad._compute_f1_score(prediction, gold))
            assert f1(prediction, gold, v2=empty) == pytest.approx(theirs, rel=1e-6)  # theirs is float32


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_v2_is_that_of_transformers(seed: int, oracle: Callable[[str, Path, list[dict[str, Any]]], Any]) -> None:
    found, predictions, nulls = questions(seed, impossible=True)
    found = [q for q in found if q.id in predictions]  # theirs fails on a missing prediction where nulls are given
    work = [{"id": q.id, "golds": list(q.golds), "prediction": predictions[q.id], "null": nulls[q.id]} for q in found]
    for threshold in (1.0, 0.5):
        expected = oracle("squad_v2", Path(str(threshold)), work)
        ours = squad_v2(found, predictions, nulls, threshold)
        assert {k: v for k, v in ours.items() if k in expected} == expected
        assert set(expected) == set(ours)


def test_normalization_by_hand() -> None:
    assert normalize("The  Quick, brown-fox's a\tden.") == "quick brownfoxs den"
    assert normalize("“Paris”") == "“paris”"  # only ASCII punctuation goes
    assert exact_match("U.S.", "the us") == 1
    assert f1("Paris France", "Paris") == pytest.approx(2 / 3)
    assert f1("", "") == 0
    assert f1("", "", v2=True) == 1
    assert f1("the", "...", v2=True) == 1
    assert f1("x", "", v2=True) == 0


def test_several_golds_take_the_best_and_none_means_no_answer() -> None:
    assert score(Question("1", "?", "c", ("Rome", "Paris")), "paris.") == (1, 1.0)
    assert score(Question("1", "?", "c", ()), "", v2=True) == (1, 1.0)
    assert score(Question("1", "?", "c", ()), "Paris", v2=True) == (0, 0.0)
    assert score(Question("1", "?", "c", ("the",)), "", v2=True) == (1, 1.0)


def test_missing_predictions_count_in_v1_and_not_in_v2() -> None:
    found = [Question("1", "?", "c", ("Paris",)), Question("2", "?", "c", ("Rome",))]
    assert squad_v1(found, {"1": "Paris", "9": "x"}) == {"exact_match": 50.0, "f1": 50.0}
    assert squad_v2(found, {"1": "Paris"})["exact"] == 100.0
    assert squad_v2(found, {"1": "Paris"})["total"] == 1


def test_a_question_that_could_not_be_asked_is_wrong_whatever_its_answer_is() -> None:
    found = [Question("1", "?", "c", ()), Question("2", "?", "c", ("the",)), Question("3", "?", "c", ())]
    assert [score(one, None, v2=v2) for one in found for v2 in (True, False)] == [(0, 0.0)] * 6
    assert squad_v1(found, {"1": None, "2": None, "3": ""})["exact_match"] == 0
    for threshold in (1.0, 0.5):
        told = squad_v2(found, {"1": None, "2": None, "3": ""}, dict.fromkeys("123", 1.0), threshold)
        assert (told["exact"], told["total"], told["NoAns_exact"]) == (pytest.approx(100 / 3), 3, 50)
        assert told["best_exact"] == told["best_f1"] == pytest.approx(100 / 3)
