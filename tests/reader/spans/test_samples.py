"""Built-in passages: each question's words stand in its passage's company, and there are enough to measure on."""

from __future__ import annotations

from drystone.reader.spans.samples import PASSAGES, pairs


def test_every_question_has_its_passage() -> None:
    found = pairs()
    assert len(found) == sum(len(questions) for _, questions in PASSAGES) >= 20
    assert len(set(found)) == len(found)
    asked = {question: text for text, questions in PASSAGES for question in questions}
    assert all(question.endswith("?") and passage.startswith(asked[question]) for question, passage in found)
