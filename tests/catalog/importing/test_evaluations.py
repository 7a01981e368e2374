"""Published results: facts only where set and metric are known; every other one is named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from drystone.catalog.importing.evaluations import import_evaluations, results_of_hub
from drystone.catalog.passports.texts import find_quotes
from drystone.errors import UsageError


def result(dataset: str, metric: str, score: float, top: float | None = 1.0, **details: Any) -> dict[str, Any]:
    return {
        "evaluation_name": metric,
        "source_data": {"dataset_name": dataset, "source_type": "hf_dataset"},
        "metric_config": {"evaluation_description": metric, "max_score": top, "lower_is_better": False},
        "score_details": {"score": score, **details},
    }


def of(*results: dict[str, Any], **changed: Any) -> str:
    whole = {
        "schema_version": "0.2.0",
        "model_info": {"name": "some/reader", "id": "some/reader", "developer": "some"},
        "evaluation_results": list(results),
    }
    return json.dumps(whole | changed, indent=2)


def test_a_share_of_1_becomes_per_cent_with_its_interval() -> None:
    text = of(
        result("squad", "f1", 0.871, uncertainty={"confidence_interval": {"lower": 0.86, "upper": 0.88}}),
        result("squad_v2", "exact_match", 61.5, top=100),
        result("ai2_arc", "accuracy", 0.5),
    )
    found = import_evaluations(text, "eval.json", "2026-11-30")
    f1, em = (found.passport.fact(name) for name in ("quality.squad_v1_1.f1", "quality.squad_v2.em"))
    assert f1 is not None
    assert em is not None
    assert (f1.text, f1.bases) == ("87.1% (86 to 88)", "derived")
    assert (em.text, em.bases) == ("61.5%", "declared")
    assert found.notes == ("evaluation_results, ai2_arc, accuracy: is no fact of the vocabulary",)
    assert found.passport.artifact.name == "some-reader"
    assert {one.state for one in find_quotes(found.passport, found.texts)} == {"stands"}


def test_an_interval_that_does_not_hold_its_value_is_left_out() -> None:
    text = of(result("squad", "f1", 0.8, confidence_interval={"lower": 0.9, "upper": 1.0}))
    assert import_evaluations(text, "e", "2026-11-30").passport.fact("quality.squad_v1_1.f1").text == "80%"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "is no file of Every Eval Ever"),
        (of(), "is no file of Every Eval Ever"),
        (of(result("squad", "f1", 0.8), schema_version="1.0"), "schema_version: is 1.0; this program reads 0.x"),
        (of(result("ai2_arc", "accuracy", 0.5)), "holds no result on questions and answers that is known here"),
        (of(result("squad", "f1", "much")), "holds no result"),  # type: ignore[arg-type]
        (of(result("squad", "f1", 0.8, top=None)), "does not say whether it goes up to 1 or 100"),
        (of(result("squad", "f1", 8.0, top=10)), "does not say whether it goes up to 1 or 100"),
    ],
    ids=range(7),
)
def test_other_files_are_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        import_evaluations(text, "eval.json", "2026-11-30")


def test_results_of_a_hub_name_their_source() -> None:
    text = (
        "- dataset: {id: rajpurkar/squad, task_id: squad_f1}\n  value: 88.1\n"
        "  source: {url: https://example.org/run, name: A run}\n"
        "- dataset: {id: cais/hle, task_id: default}\n  value: 20.9\n"
    )
    (fact,), notes, kept = results_of_hub(text, ".eval_results/squad.yaml", "2026-11-30")
    assert (fact.name, fact.text, fact.note) == ("quality.squad_v1_1.f1", "88.1%", "source: A run")
    assert notes == [".eval_results/squad.yaml, cais/hle, default: is no fact of the vocabulary"]
    assert fact.claims[0].evidence[0].quote in kept.text
    assert results_of_hub("", "e", "2026-11-30")[:2] == ([], [])
    with pytest.raises(UsageError, match="is no list of results"):
        results_of_hub("a: 1\n", "e", "2026-11-30")
