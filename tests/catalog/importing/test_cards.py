from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.catalog.importing.cards import import_card
from drystone.catalog.passports.texts import find_quotes
from drystone.errors import UsageError

CARD = """\
---
language: en
license: apache-2.0
datasets:
- squad
tags: [question-answering, x]
model-index:
- name: some-reader
  results:
  - task:
      type: question-answering
    dataset:
      name: squad
      type: squad
      split: validation
    metrics:
    - type: exact_match
      value: 79.5998
      verified: true
    - type: f1
      value: 86.9965
  - dataset: {name: "SQuADShifts, Amazon reviews", type: squad}
    metrics:
    - {type: f1, value: 74.1}
---
# Some reader

It has a F1 of 88.5.
"""


def values(text: str, source: str = "card") -> dict[str, object]:
    facts = import_card(text, source, "2026-11-30").passport.facts
    return {fact.name: fact.claim.value if fact.claim is not None else fact.status for fact in facts}


def test_the_head_is_declared_and_quoted() -> None:
    found = import_card(CARD, "https://hub.example/some-reader/README.md", "2026-11-30")
    assert values(CARD) == {
        "license": "Apache-2.0", "training_data": "squad", "languages.natural": "en", "maintainer": "unknown",
        "price": "unknown", "quality.squad_v1_1.em": 79.5998, "quality.squad_v1_1.f1": 86.9965,
    }  # fmt: skip
    f1 = found.passport.fact("quality.squad_v1_1.f1")
    assert f1 is not None
    assert f1.claim is not None
    assert (f1.claim.unit, f1.claim.basis) == ("%", "declared")
    assert f1.claim.evidence[0].quote == "type: f1\n      value: 86.9965"
    assert {one.state for one in find_quotes(found.passport, found.texts)} == {"stands"}
    assert (found.passport.artifact.name, found.passport.artifact.kind) == ("some-reader", "reader")
    assert found.passport.artifact.url == "https://hub.example/some-reader/README.md"


def test_another_set_of_the_same_form_is_another_fact() -> None:
    """A card's result on reviews has the type `squad`; it says nothing of SQuAD."""
    found = import_card(CARD, "card", "2026-11-30")
    assert found.notes == ("model-index, SQuADShifts, Amazon reviews, f1: is no fact of the vocabulary",)
    only = CARD.replace("      name: squad\n", "      name: my own\n")
    assert values(only)["quality.squad_v1_1.f1"] == "unknown"


def test_another_split_is_another_fact() -> None:
    assert values(CARD.replace("split: validation", "split: train"))["quality.squad_v1_1.f1"] == "unknown"


def test_a_dataset() -> None:
    text = "---\npretty_name: The Rocks\nlicense: other\nlanguage: [code]\ntask_categories: [text-generation]\n---\n"
    found = import_card(text, "rocks/README.md", "2026-11-30").passport
    assert (found.artifact.kind, found.artifact.name, found.artifact.title) == ("dataset", "the-rocks", "The Rocks")
    assert [one.id for one in found.capabilities] == ["code.training_files"]
    assert found.fact("languages.natural") is None, "code is no language that people speak"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# no head\n", "does not begin with YAML"),
        ("---\na: [\n---\n", "the head is no YAML"),
        ("---\n- a\n---\n", "is no YAML mapping"),
        ("---\na: &x [1]\nb: *x\n---\n", "YAML with aliases is not read"),
        ("---\na: !!python/object:os.system {}\n---\n", "neither of a dataset nor of a model"),
        ("---\nlicense: mit\n---\n", "neither of a dataset nor of a model"),
        ("---\npipeline_tag: question-answering\ntask_categories: [x]\n---\n", "neither of a dataset nor"),
        ("---\na: " + "[" * 3000 + "\n---\n", "the head is no YAML"),
        ("x" * 4_000_001, "is not read"),
    ],
    ids=range(9),
)
def test_what_is_no_card_is_refused(text: str, said: str) -> None:
    start = time.process_time()
    with pytest.raises(UsageError, match=said):
        import_card(text, "card", "2026-11-30")
    assert time.process_time() - start < 10


@pytest.mark.parametrize("value", ["nan", "1e99", "[1]", "{}", "''", "\x07"])
def test_a_value_that_is_no_number_is_no_fact(value: str) -> None:
    try:
        assert values(CARD.replace("86.9965", value))["quality.squad_v1_1.f1"] == "unknown"
    except UsageError as error:
        assert "YAML" in str(error)


@given(st.text(alphabet="-abc: []{}\"'\n#&*!|>%", max_size=60))
def test_any_head_is_read_or_refused(head: str) -> None:
    with suppress(UsageError):
        import_card(f"---\npipeline_tag: question-answering\n{head}\n---\n", "card", "2026-11-30")
