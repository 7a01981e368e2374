"""The shape of a result in JSON is a promise: docs/search.md states every field."""

from __future__ import annotations

import json
import re
from pathlib import Path

from drystone.release.read import Release
from drystone.search.results import records
from drystone.search.search import Searcher

PAGE = Path(__file__).parents[3] / "docs/search.md"


def test_the_last_record_has_the_counts(searcher: Searcher) -> None:
    *files, last = searcher.search("def", limit=3).records()
    assert [record["kind"] for record in files] == ["file"] * 3
    assert last["kind"] == "summary"
    assert (last["format"], last["total"], last["exact"], last["reason"]) == (records.FORMAT, 3, False, "limit")
    assert json.loads(json.dumps([*files, last]))


def test_a_record_says_where_else_the_bytes_lie(release: Release) -> None:
    answer = Searcher([release]).search("def", limit=None, lines=1, places=2)
    found = [record for record in answer.records() if record["kind"] == "file"]
    assert all(record["occurrences"] >= 1 for record in found)
    twice = next(record for record in found if record["occurrences"] > 1)
    assert twice["places"]
    assert all((each["origin"], each["path"]) != (twice["origin"], twice["path"]) for each in twice["places"])
    counted = [record for record in Searcher([release]).search("def", limit=None).records() if record["kind"] == "file"]
    assert [record["occurrences"] for record in counted] == [record["occurrences"] for record in found]
    assert not any(record["places"] for record in counted)


def test_every_field_stands_in_the_documentation() -> None:
    text = PAGE.read_text("utf-8")
    section = text[text.index("## Results as JSON") :]
    named = set(re.findall(r"`(\w+)`", section[: section.index("\n## ", 5)]))
    shapes = (records.FileRecord, records.LineRecord, records.PlaceRecord, records.LostRecord, records.SummaryRecord)
    for shape in (*shapes, records.OccurrenceRecord, records.LedgerSummaryRecord):
        assert shape.__annotations__
        assert set(shape.__annotations__) <= named, shape.__name__
