from __future__ import annotations

from typing import Any

import pytest

from drystone.catalog.matching.encoder import SentenceEncoder
from drystone.catalog.matching.entries import entries_of
from drystone.catalog.matching.index import MatchIndex
from drystone.catalog.matching.shapes import MatchFilters
from tests.catalog.passports.made import does, known, passport

ASKS = does("answer.span", name="answers a question from a text", intents=["find where a document says it"])
DROPS = does("code.opt_out", name="leaves out what authors asked to leave out", intents=["respect opt-outs"])


def _entries(name: str, *facts: Any, **more: Any) -> Any:
    return entries_of(passport(name, *facts, **more))


ARTIFACTS = [
    _entries("asker", known("license", "MIT"), capabilities=[ASKS]),
    _entries("other-asker", capabilities=[ASKS]),
    _entries("corpus", known("license", "GPL-3.0-only"), kind="dataset", capabilities=[DROPS]),
]


def test_words_alone_find_what_has_them() -> None:
    index = MatchIndex(ARTIFACTS)
    (hit,) = index.find("opt-outs of authors", MatchFilters(), 10).hits
    assert (hit.artifact, hit.capability, hit.kind) == ("corpus", "code.opt_out", "dataset")
    assert [(reason.by, reason.text) for reason in hit.reasons] == [("words", "opt outs authors")]
    assert not index.find("a person wants their repository gone", MatchFilters(), 10).hits
    assert not MatchIndex([]).find("anything", MatchFilters(), 10).hits


def test_meaning_finds_what_shares_no_word_and_nothing_where_nothing_is_meant(encoder: SentenceEncoder) -> None:
    index = MatchIndex(ARTIFACTS, encoder)
    found = index.find("locate the passage that replies to my query", MatchFilters(), 10)
    assert [hit.artifact for hit in found.hits] == ["asker", "other-asker"]
    (reason,) = found.hits[0].reasons
    assert (reason.by, reason.text, reason.of) == ("meaning", "find where a document says it", "intent")
    assert found.hits[0].fit == pytest.approx(reason.value, abs=0.002)
    assert not index.find("bake bread with rye", MatchFilters(), 10).hits


def test_filters_leave_out_what_is_not_so_and_count_what_nobody_knows(encoder: SentenceEncoder) -> None:
    for index in (MatchIndex(ARTIFACTS), MatchIndex(ARTIFACTS, encoder)):
        found = index.find("answer a question from a text", MatchFilters(license="permissive"), 10)
        assert [hit.artifact for hit in found.hits] == ["asker"]
        assert found.unknown == {"license": 1}
        found = index.find("answer a question from a text", MatchFilters(kind="dataset"), 10)
        assert (found.hits, found.unknown) == ([], {})
        assert len(index.find("answer a question from a text", MatchFilters(), 1).hits) == 1
