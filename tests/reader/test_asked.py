"""Questions and contexts in all the forms in which people have them, and what is wrong with one among many."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from drystone.errors import UsageError
from drystone.reader import Reader
from drystone.reader.asked import PairError, paired, read_pair

QUESTIONS = ["What is it?", "Who is it for?", "When?"]
CONTEXT = "A heap is an array for people who sort. It was found in 1964."


def _columns() -> Iterator[Any]:
    yield tuple(QUESTIONS)
    yield (question for question in QUESTIONS)
    yield np.array(QUESTIONS)
    yield np.array(QUESTIONS, object)
    pandas = pytest.importorskip("pandas")
    yield pandas.Series(QUESTIONS)
    yield pandas.DataFrame({"question": QUESTIONS})["question"]
    yield pytest.importorskip("pyarrow").chunked_array([QUESTIONS])
    yield pytest.importorskip("datasets").Dataset.from_dict({"question": QUESTIONS})["question"]
    yield pytest.importorskip("polars").Series(QUESTIONS)


def test_columns_of_every_kind_are_lists_of_texts() -> None:
    for column in _columns():
        assert list(paired(column, CONTEXT)) == [(question, CONTEXT) for question in QUESTIONS], type(column)


def test_what_holds_no_texts_is_named(bert: Reader) -> None:
    for wrong in (7, b"bytes", {"question": "Why?"}, None):
        with pytest.raises(UsageError, match="question: must be a string or a list of strings"):
            paired(wrong, CONTEXT)
    with pytest.raises(PairError, match=r"context \(pair 1\): must be a string, not float"):
        bert.answer("Why?", np.array([CONTEXT, np.nan], object))


def test_one_bad_pair_is_one_error_in_its_place(bert: Reader) -> None:
    pairs: list[Any] = [{"question": "When?", "context": CONTEXT, "id": f"q{i}"} for i in range(201)]
    pairs[70] = {"question": "When?", "context": " ", "id": "blank"}
    pairs[71] = ("When?",)
    pairs[150] = {"question": "why " * 300, "context": CONTEXT, "id": 7}
    pairs[151] = {"question": "When?"}
    found = list(bert.stream(iter(pairs), on_error="return"))
    wrong = {i: one for i, one in enumerate(found) if isinstance(one, PairError)}
    assert {i: (one.index, one.id) for i, one in wrong.items()} == {
        70: (70, "blank"),
        71: (71, None),
        150: (150, 7),
        151: (151, None),
    }
    assert str(wrong[70]) == "context (pair 70, id 'blank'): is empty."
    assert str(wrong[71]) == "pair 71: must be (question, context), not tuple."
    assert "600 tokens leave no room" in str(wrong[150])
    assert str(wrong[151]) == "context (pair 151): is missing."
    assert len(found) == 201
    assert len({str(answers) for i, answers in enumerate(found) if i not in wrong}) == 1

    before = []
    with pytest.raises(PairError) as raised:
        for answers in bert.stream(iter(pairs)):
            before.append(answers)
    assert (len(before), raised.value.index, raised.value.id) == (70, 70, "blank")
    assert before == found[:70]
    again = pickle.loads(pickle.dumps(raised.value))
    assert (str(again), again.index, again.id) == (str(raised.value), 70, "blank")


def test_answer_gives_errors_in_their_place_too(bert: Reader) -> None:
    good, bad = bert.answer(["When?", ""], CONTEXT, on_error="return")
    assert good == bert.answer("When?", CONTEXT)
    assert isinstance(bad, PairError) and bad.index == 1
    with pytest.raises(UsageError, match=r"^on_error: must be 'raise' or 'return'"):
        bert.stream([], on_error="ignore")  # type: ignore[call-overload]


def test_a_pair_from_numpy_holds_plain_strings() -> None:
    pair = read_pair((np.str_("When?"), np.str_(CONTEXT)), 0)
    assert (type(pair.question), type(pair.context)) == (str, str)


def test_answers_are_mappings_too(bert: Reader) -> None:
    answer = bert.answer("When?", CONTEXT)
    assert not isinstance(answer, list)
    assert dict(answer) == answer.as_dict()
    assert {**answer}["text"] == answer["answer"] == answer["text"] == answer.text
    with pytest.raises(KeyError):
        answer["as_dict"]
    first = bert.answer("When?", documents=[CONTEXT])
    assert not isinstance(first, list)
    assert dict(first)["document"] == 0


def test_an_event_loop_goes_on_while_a_reader_answers(bert: Reader) -> None:
    async def ask() -> tuple[int, Any, list[Any]]:
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.create_task(count())
        one = await bert.answer_async("When?", CONTEXT * 40, top_k=2)
        many = [found async for found in bert.stream_async([("When?", CONTEXT)] * 3)]
        counting.cancel()
        return turns, one, many

    turns, one, many = asyncio.run(ask())
    assert turns > 10
    assert one == bert.answer("When?", CONTEXT * 40, top_k=2)
    assert many == list(bert.stream([("When?", CONTEXT)] * 3))
