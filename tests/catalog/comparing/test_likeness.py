from __future__ import annotations

from drystone.catalog.comparing.likeness import SAME, likeness
from drystone.catalog.passports.passport import Capability
from drystone.catalog.passports.vocabulary import jobs
from tests.catalog.passports.made import does


def capability(id: str, name: str, *intents: str) -> Capability:
    return Capability.model_validate(does(id, name=name) | {"intents": list(intents) or [name]})


def test_one_id_is_one_job_and_two_shared_ids_are_two() -> None:
    every = [capability(id, job.name, *job.intents) for id, job in jobs().items()]
    for one in every:
        for other in every:
            assert likeness(one, other) == (1.0 if one.id == other.id else 0.0)


def test_other_ids_are_near_by_their_words() -> None:
    one = capability("qa.extract", "extracts an answer from a text", "answer questions from a text")
    other = capability("answer.span", jobs()["answer.span"].name, *jobs()["answer.span"].intents)
    far = capability("code.optout", "removes opted-out repositories", "have my repository removed")
    assert likeness(one, other) == likeness(other, one) > SAME > likeness(one, far)


def test_words_that_ask_say_nothing() -> None:
    assert likeness(capability("x.y", "what is it of the"), capability("x.z", "how of a the it")) == 0.0
