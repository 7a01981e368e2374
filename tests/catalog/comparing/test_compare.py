from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.catalog.comparing.compare import compare_passports
from drystone.catalog.comparing.shapes import Comparison, FactRow
from drystone.catalog.passports.passport import Passport
from drystone.catalog.passports.vocabulary import jobs
from drystone.errors import UsageError
from tests.catalog.passports.made import disputed, does, known, passport, unknown

SPAN_JOB = jobs()["answer.span"]
SPAN = does(
    "answer.span", name=SPAN_JOB.name, intents=list(SPAN_JOB.intents), inputs=["question", "text"], outputs=["span"]
)
FILES = does("code.training_files", outputs=["source_files"])
F1 = "quality.squad_v1_1.f1"
EM = "quality.squad_v1_1.em"


def reader(name: str, *facts: dict[str, Any], capabilities: Any = (SPAN,)) -> Passport:
    return passport(name, *facts, capabilities=capabilities)


def dataset(name: str, *facts: dict[str, Any], capabilities: Any = (FILES,)) -> Passport:
    return passport(name, *facts, kind="dataset", capabilities=capabilities)


def row(found: Comparison, name: str) -> FactRow:
    return next(row for row in found.facts if row.kind.name == name)


def test_who_is_ahead_and_by_what() -> None:
    found = compare_passports([
        reader("a", known(F1, 82.8, unit="%"), known("size.parameters", 22)),
        reader("b", known(F1, 87.1, unit="%"), known("size.parameters", 65)),
    ])  # fmt: skip
    [verdict] = found.verdicts
    assert (verdict.ahead, verdict.rests_on, verdict.against) == (1, (F1,), ("size.parameters",))
    assert verdict.would_turn == ()
    assert "B is ahead at this: answers a question with a span of a given text. It rests on: F1" in verdict.said
    assert "Against it: Parameters (A 22, B 65)" in verdict.said
    assert found.said == "1 job is shared. B is ahead at: answers a question with a span of a given text."


def test_what_is_unknown_never_counts_as_zero() -> None:
    found = compare_passports([reader("a", known(F1, 82.8, unit="%")), reader("b", unknown(F1))])
    assert row(found, F1).ahead is None
    assert row(found, F1).said == "not known of B"
    assert row(found, F1).texts == ("82.8%", "unknown")
    [verdict] = found.verdicts
    assert verdict.ahead is None
    assert F1 in verdict.would_turn


def test_a_missing_fact_of_more_weight_could_turn_a_verdict() -> None:
    found = compare_passports([reader("a", known(EM, 70.0, unit="%")), reader("b", known(EM, 80.0, unit="%"))])
    [verdict] = found.verdicts
    assert (verdict.ahead, verdict.rests_on, verdict.would_turn) == (1, (EM,), (F1,))
    assert "What could turn it: F1, SQuAD v1.1 dev (10,570 questions), not known of A, B." in verdict.said


@pytest.mark.parametrize(("other", "ahead"), [(82.8, 0), (87.0, None), (88.0, None), (91.0, 1)])
def test_a_disputed_value_is_all_that_it_may_be(other: float, ahead: int | None) -> None:
    found = compare_passports(
        [reader("a", disputed(F1, 87.1, 88.5, unit="%")), reader("b", known(F1, other, unit="%"))]
    )
    assert row(found, F1).ahead == ahead


@pytest.mark.parametrize(("one", "other", "ahead"), [(82.8, 83.1, None), (82.8, 84.9, 1), (82.8, 82.8, None)])
def test_a_difference_that_chance_makes_is_none(one: float, other: float, ahead: int | None) -> None:
    """Of 10,570 questions 95 % of chance is 0.7 at 83 %."""
    found = compare_passports([reader("a", known(F1, one, unit="%")), reader("b", known(F1, other, unit="%"))])
    assert row(found, F1).ahead == ahead


def test_intervals_that_are_given_are_taken() -> None:
    wide = known(F1, 82.8, unit="%", low=70.0, high=95.0)
    assert row(compare_passports([reader("a", wide), reader("b", known(F1, 90.0, unit="%"))]), F1).ahead is None


def test_values_of_two_units_are_not_compared() -> None:
    sizes = [known("size.text_bytes", 67, unit="TB"), known("size.text_bytes", 9, unit="bytes")]
    found = compare_passports([dataset("a", sizes[0]), dataset("b", sizes[1])])
    assert row(found, "size.text_bytes").said == "in different units: TB, bytes"


def test_what_is_disputed_in_the_same_way_is_not_equal() -> None:
    found = compare_passports(
        [reader("a", disputed(F1, 80.0, 90.0, unit="%")), reader("b", disputed(F1, 80.0, 90.0, unit="%"))]
    )
    assert row(found, F1).said == "too near to tell: their intervals overlap"


def test_words_are_not_compared() -> None:
    found = compare_passports([dataset("a", known("size.files", "over 600")), dataset("b", known("size.files", 9))])
    assert row(found, "size.files").said == "not said in numbers"


def test_what_a_thing_costs_decides_nothing() -> None:
    """Parameters are known, and quality is not: the smaller one is not the better reader."""
    small, large = reader("a", known("size.parameters", 22)), reader("b", known("size.parameters", 65))
    [verdict] = compare_passports([small, large]).verdicts
    assert verdict.ahead is None
    assert row(compare_passports([small, large]), "size.parameters").ahead == 0


def test_what_it_takes_to_join_is_said() -> None:
    needy = does("code.training_files", outputs=["source_files"], requirements=["An agreement."])
    found = compare_passports([reader("a"), dataset("b", capabilities=[needy])])
    assert found.joins[0].said == "They join: A takes what B gives (source files). It needs: An agreement."


def test_no_shared_job_is_no_rank() -> None:
    found = compare_passports([reader("a", known(F1, 87.1, unit="%")), dataset("b", known("size.files", 3))])
    assert (found.state, found.verdicts, found.shared) == ("no_shared_job", (), ())
    assert found.said == (
        "No shared job, so that neither is better. A: answers a question with a span of a given text. "
        "B: gives source files to train code models on. They join: A takes what B gives (source files)."
    )
    assert [(join.giver, join.taker, join.flows) for join in found.joins] == [(1, 0, ("source_files",))]
    assert row(found, F1).texts == ("87.1%", "not applicable")
    assert row(found, "size.files").texts == ("not applicable", "3")


def test_unknown_ids_are_aligned_by_what_they_are_asked_for() -> None:
    one = does("qa.extract", name="extractive question answering", intents=["answer questions from a given text"])
    other = does("code.other", name="counts stars", intents=["count stars of a repository"])
    found = compare_passports([reader("a", capabilities=[one, other]), reader("b")])
    [shared] = found.shared
    assert shared.id == "answer.span"
    assert shared.likeness < 1
    assert compare_passports([reader("a", capabilities=[other]), reader("b")]).state == "no_shared_job"


def test_assignment_is_optimal_not_greedy() -> None:
    """The first capability is near to both others; only one assignment pairs all."""
    here = [
        does("x.one", name="answer questions from a text", intents=["answer questions from a text of documents"]),
        does("x.two", name="answer questions", intents=["answer questions from a text"]),
    ]
    there = [does("y.one", name="answer questions from a text", intents=["answer questions from a text"])]
    found = compare_passports([reader("a", capabilities=here), reader("b", capabilities=there)])
    assert len(found.shared) == 1
    assert len(found.jobs) == 2


def test_three_at_once() -> None:
    found = compare_passports([
        reader("a", known(F1, 70.0, unit="%")), reader("b", known(F1, 90.0, unit="%")),
        dataset("c", capabilities=[FILES]),
    ])  # fmt: skip
    assert [job.doers for job in found.jobs] == [(0, 1), (2,)]
    assert found.verdicts[0].ahead == 1


def test_bad_requests() -> None:
    with pytest.raises(UsageError, match="2 to 12 artifacts, not 1"):
        compare_passports([reader("a")])
    with pytest.raises(UsageError, match="a is named twice"):
        compare_passports([reader("a"), reader("a")])


@given(st.data())
def test_more_knowledge_never_turns_who_is_ahead(data: st.DataObject) -> None:
    """Whoever is ahead while values are disputed is ahead, or equal, whichever of the claims is true."""
    values = st.lists(st.sampled_from([10.0, 30.0, 50.0, 70.0, 90.0]), min_size=1, max_size=3, unique=True)
    given = [data.draw(values) for _ in range(2)]

    def fact(known_values: list[float]) -> dict[str, Any]:
        one = known_values[0]
        return known(F1, one, unit="%") if len(known_values) == 1 else disputed(F1, *known_values, unit="%")

    ahead = row(compare_passports([reader("a", fact(given[0])), reader("b", fact(given[1]))]), F1).ahead
    truth = [[data.draw(st.sampled_from(one))] for one in given]
    then = row(compare_passports([reader("a", fact(truth[0])), reader("b", fact(truth[1]))]), F1).ahead
    assert ahead in {None, then}


@given(st.permutations(["a", "b", "c"]))
def test_the_order_of_artifacts_changes_no_verdict(order: list[str]) -> None:
    scores = {"a": 70.0, "b": 80.0, "c": 90.0}
    found = compare_passports([reader(name, known(F1, scores[name], unit="%")) for name in order])
    assert found.verdicts[0].ahead == order.index("c")
