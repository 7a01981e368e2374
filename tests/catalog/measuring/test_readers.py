"""A reader measured on a set that is small enough to count by hand."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from drystone.catalog.measuring.readers import _auc, measure_reader
from drystone.errors import UsageError
from drystone.reader.evaluation.evaluate import Prediction
from drystone.reader.evaluation.metrics import Question
from drystone.reader.reader import Reader

CONTEXT = "The wall was built by Ann Roe in 1802. It is four metres high and made of slate."
ASKED = [("Who built the wall?", "Ann Roe"), ("When was the wall built?", "1802"), ("What is it made of?", "granite")]


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    qas = [
        {"id": str(n), "question": asked, "answers": [{"text": gold, "answer_start": 0}]}
        for n, (asked, gold) in enumerate(ASKED)
    ]
    text = json.dumps({"version": "1.1", "data": [{"title": "Wall", "paragraphs": [{"context": CONTEXT, "qas": qas}]}]})
    path = tmp_path_factory.mktemp("set") / "Dry Walls..v1.json"
    path.write_text(text)
    path.with_suffix(".json.gz").write_bytes(gzip.compress(text.encode()))
    return path


@pytest.mark.slow
def test_a_reader_s_facts(questions: Path) -> None:
    reader = Reader.load("mini")
    found = measure_reader(reader, questions, None, 1)
    by = {fact.name.rpartition(".")[2]: fact.claims[0] for fact in found.facts}
    assert found.facts[0].name.startswith("quality.set_dry_walls_v1_")
    assert by["em"].value == pytest.approx(200 / 3, abs=1e-3)
    assert by["em"].low is not None
    assert by["em"].high is not None
    assert by["em"].low < 200 / 3 < by["em"].high
    assert float(by["pairs_per_second"].value) > 0  # type: ignore[arg-type]
    assert by["peak_bytes"].method is not None
    assert "all 3 questions of Dry Walls..v1.json, SHA-256" in str(by["peak_bytes"].method.setup)
    zipped = measure_reader(reader, questions.with_suffix(".json.gz"), 2, 5)
    assert zipped.facts[0].name == found.facts[0].name, "the same set, zipped or not"
    assert zipped.said == "2 of 3 questions, seed 5"


def test_how_well_no_answer_scores_tell_questions_apart() -> None:
    questions = [Question(str(n), "?", CONTEXT, (f"a{n}",) if n < 3 else ()) for n in range(5)]
    scores = dict(zip("01234", (0.1, 0.2, 0.9, 0.9, 0.95), strict=True))
    predictions: dict[str, Prediction] = {
        name: {"text": "", "start": 0, "end": 0, "score": 0.0, "null_score": score} for name, score in scores.items()
    }
    assert _auc(questions, predictions) == pytest.approx((2.5 + 3) / 6), "equal ones count half"


@pytest.mark.slow
def test_of_questions_without_an_answer_it_is_told_how_many_are_refused(tmp_path: Path) -> None:
    qas = [
        {"id": "0", "question": "Who built the wall?", "answers": [{"text": "Ann Roe", "answer_start": 22}],
         "is_impossible": False},
        {"id": "1", "question": "Who sang the song?", "answers": [], "is_impossible": True},
    ]  # fmt: skip
    data = [{"title": "Wall", "paragraphs": [{"context": CONTEXT, "qas": qas}]}]
    (tmp_path / "v2.json").write_text(json.dumps({"version": "v2.0", "data": data}))
    found = measure_reader(Reader.load("mini"), tmp_path / "v2.json", None, 1)
    by = {fact.name.rpartition(".")[2]: fact.claims[0].value for fact in found.facts}
    assert by["no_answer"] in (0, 100)
    assert by["no_answer_auc"] in (0, 1)


@pytest.mark.slow
def test_what_is_no_set_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(UsageError, match="is not as SQuAD lays it out"):
        measure_reader(Reader.load("mini"), tmp_path / "x.json", None, 1)
