"""Clauses told by what they ask."""

from __future__ import annotations

from drystone.detect.licenses.matching.references import facts
from tests.detect.licenses.test_files import expression


def test_reworded_clauses_are_told_by_what_they_ask() -> None:
    text = facts()["BSD-3-Clause"]["text"].replace("THE COPYRIGHT HOLDERS AND CONTRIBUTORS", "JANE DOE OF EXAMPLE CORP")
    text = text.replace("1. ", " - ").replace("2. ", " - ").replace("3. ", " - ")
    assert expression(text) == "BSD-3-Clause"
    without_endorsement = text[: text.index("Neither the name")] + text[text.index("THIS SOFTWARE IS PROVIDED") :]
    assert expression(without_endorsement) == "BSD-2-Clause"
