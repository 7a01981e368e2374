"""Passports of unfragile: capabilities and price are taken, numbers of its own are named and left out."""

from __future__ import annotations

import json

import pytest

from drystone.catalog.importing.unfragile import import_unfragile
from drystone.catalog.passports.texts import find_quotes
from drystone.errors import UsageError

PASSPORT = {
    "passport": {
        "unfragile": {
            "@version": "1.0",
            "artifact": {
                "slug": "the-stack-v2",
                "name": "The Stack v2",
                "type": "dataset",
                "url": "https://huggingface.co/datasets/bigcode/the-stack-v2",
                "pricing": {"model": "free", "free": True, "starting_price": None},
            },
            "capabilities": [
                {
                    "uri": "capability://data.processing.analysis",
                    "name": "curation",
                    "description": "Aggregates source code.",
                    "intents": ["train a code model"],
                    "limitations": ["identifiers only"],
                    "matches": 0,
                },
                {"name": ""},
            ],
            "trust": {"score": 0.4, "failure_modes": ["stale contents"]},
        }
    }
}
YML = """\
artifact: {name: some-reader, type: model, tags: [question-answering]}
capabilities:
- id: x
  name: answers questions from a text
  description: It answers.
  intents_served: [answer questions]
  conditions: {bestFor: [short texts], limitations: [English only], inputTypes: [text]}
failure_modes: [{mode: guesses, frequency: often, mitigation: ask twice}]
pricing: {model: paid, starting_price: 9 EUR}
"""


def test_json_gives_capabilities_price_and_failures() -> None:
    found = import_unfragile(json.dumps(PASSPORT), "passport.json", "2026-11-30")
    passport = found.passport
    assert (passport.artifact.kind, passport.artifact.name) == ("dataset", "the-stack-v2")
    (one,) = passport.capabilities
    assert (one.id, one.intents, one.limits) == (
        "data.processing.analysis", ("train a code model",), ("identifiers only",),
    )  # fmt: skip
    assert passport.fact("price").text == "free"  # type: ignore[union-attr]
    assert passport.fact("failure_modes").text == "stale contents"  # type: ignore[union-attr]
    assert found.notes == (
        "capabilities.0: matches: numbers of unfragile's own",
        "capabilities.1: has no name or id",
        "trust.score: is a number of unfragile's own",
    )
    assert {one.state for one in find_quotes(passport, found.texts)} == {"stands"}


def test_yaml_gives_the_same_form() -> None:
    passport = import_unfragile(YML, "unfragile.yml", "2026-11-30").passport
    assert passport.artifact.kind == "reader"
    (one,) = passport.capabilities
    assert (one.id, one.best_for, one.inputs) == ("answers.questions.from.a.text", ("short texts",), ("text",))
    assert passport.fact("price").text == "paid, from 9 EUR"  # type: ignore[union-attr]
    assert passport.fact("failure_modes").text == "guesses (often); against it: ask twice"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "it has no artifact"),
        ("- 1\n", "it has no artifact"),
        (
            'unfragile: {"@version": "2.0", artifact: {name: a, type: dataset}}\n',
            "@version: is 2.0; this program reads 1.x",
        ),
        ("artifact: {type: dataset}\n", "artifact.name: is missing"),
        ("artifact: {name: a}\n", "artifact.type: is missing"),
        ("artifact: {name: a, type: prompt}\n", "artifact.type: is prompt"),
        ("artifact: {name: a, type: model, tags: [translation]}\n", "this catalog holds datasets"),
    ],
    ids=range(7),
)
def test_other_files_are_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        import_unfragile(text, "a.yml", "2026-11-30")


def test_the_other_names_are_in_one_order() -> None:
    for slug, title in (("a", "B"), ("one", "Two"), ("x-1", "X 1"), ("stones", "Stones"), ("q", "Q")):
        text = json.dumps({"artifact": {"name": title, "slug": slug, "type": "dataset"}})
        assert import_unfragile(text, "a.json", "2026-11-30", "own").passport.artifact.aliases == (title, slug)


def test_two_capabilities_of_one_id_are_one() -> None:
    twice = "artifact: {name: a, type: dataset}\ncapabilities:\n" + "- {name: two words}\n" * 2
    found = import_unfragile(twice, "a.yml", "2026-11-30")
    assert [one.id for one in found.passport.capabilities] == ["two.words"]
    assert found.notes == ("capabilities.1: the id two.words stands twice; the first counts",)
