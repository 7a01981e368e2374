"""The table of the catalog: its pairs are labelled as they are counted, and its scores are those of its checklist."""

from __future__ import annotations

from collections import Counter

import pytest
from benchmarks.catalog import pairs, papers


def test_pairs_are_fifty_of_each_in_two_halves() -> None:
    found = pairs.judged()
    assert Counter((one.half, one.shared) for one in found) == dict.fromkeys(
        [(half, shared) for half in ("tuning", "held out") for shared in (True, False)], 25
    )
    assert len({one.text for one in found}) == 100
    held = [one for one in found if one.half == "held out"]
    assert sum(one.refused != (not one.shared) for one in held) <= 1


def test_the_checklist_counts_what_is_there() -> None:
    assert papers.completeness({}) == (
        0.0,
        [*papers._FIELDS, *papers._DATA, "contents.attachment", *papers._PROPERTIES],
    )
    score, missing = papers.completeness({"name": "a", "tags": [], "data": [{"governance": {"owners": []}}]})
    assert score == pytest.approx(100 * 1.7 / 9.8)
    assert "tags" in missing
    assert papers.completeness({"properties": [{"name": "any:createdAt", "value": "2026"}]})[0] == pytest.approx(
        30 / 9.8
    )
