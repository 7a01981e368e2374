from __future__ import annotations

from drystone.catalog.matching.entries import entries_of
from tests.catalog.passports.made import does, known, passport


def test_a_passport_is_searched_by_its_artifact_and_each_capability() -> None:
    capability = does("answer.span", name="answers", intents=["ask  a text", "ask a text", "answers"], limits=["short"])
    found = entries_of(passport("a-reader", known("license", "MIT"), known("size.files", 3), capabilities=[capability]))
    assert [entry.capability for entry in found.entries] == [None, "answer.span"]
    own, does_it = found.entries
    assert [one.text for one in own.sentences] == ["A Reader: An artifact."]
    assert [(one.of, one.text) for one in does_it.sentences] == [
        ("name", "answers"), ("intent", "ask a text"), ("description", "answers. It does."),
    ]  # fmt: skip
    assert any("Licence MIT" in text for _, text in own.words)
    assert "short" not in " ".join(text for _, text in does_it.words)  # what it cannot do is no reason to find it
    assert set(found.facts) == {"license", "price"}
