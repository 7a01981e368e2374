from __future__ import annotations

import json

from drystone.answer.shapes import FORMAT, CitedAnswer, CitedAnswers
from tests.answer.conftest import GUIDE


def test_answers_as_json_have_all_that_they_say() -> None:
    none = CitedAnswers("Who?", (), ("a note",))
    assert not none.found
    assert none.as_dict() == {
        "format": FORMAT, "question": "Who?", "found": False, "notes": ["a note"], "answers": [],
    }  # fmt: skip
    some = CitedAnswers("Who?", (CitedAnswer(GUIDE[:9], 0.5, ()),))
    assert some.found
    assert json.loads(json.dumps(some.as_dict()))["answers"] == [{"text": GUIDE[:9], "score": 0.5, "citations": []}]
