from __future__ import annotations

import pytest
from pydantic import ValidationError

from drystone.answer.answering import LONGEST
from drystone.answer.verbs import LEAST, MAX_ANSWER_LEN
from drystone.web.contracts.asking import AskRequest


def test_a_question_alone_asks_as_the_verb_does() -> None:
    asked = AskRequest(question="  Who?\n", release=[], root=[])
    assert (asked.question, asked.least, asked.max_answer_len, asked.where) == ("Who?", LEAST, MAX_ANSWER_LEN, "")
    assert AskRequest(question="x" * LONGEST, release=[], root=[]).question == "x" * LONGEST


@pytest.mark.parametrize("wrong", ["", " \t\n", "x" * (LONGEST + 1)])
def test_a_question_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(ValidationError, match="question"):
        AskRequest(question=wrong, release=[], root=[])
