"""Clauses told by what they ask."""

from __future__ import annotations

import pytest

from drystone.detect.licenses.matching.references import facts
from tests.detect.licenses.test_files import expression


def test_reworded_clauses_are_told_by_what_they_ask() -> None:
    text = facts()["BSD-3-Clause"]["text"].replace("THE COPYRIGHT HOLDERS AND CONTRIBUTORS", "JANE DOE OF EXAMPLE CORP")
    text = text.replace("1. ", " - ").replace("2. ", " - ").replace("3. ", " - ")
    assert expression(text) == "BSD-3-Clause"
    without_endorsement = text[: text.index("Neither the name")] + text[text.index("THIS SOFTWARE IS PROVIDED") :]
    assert expression(without_endorsement) == "BSD-2-Clause"


def test_clauses_about_documentation_are_the_same_clauses() -> None:
    text = (
        facts()["BSD-2-Clause"]["text"]
        .replace("source and binary forms", 'source (Sphinx ReST) and "compiled" forms (HTML, PDF, RTF and so forth)')
        .replace("of source code must", "of source code (Sphinx ReST) must")
        .replace("in binary form must", "in compiled form (converted to HTML, PDF, RTF and other formats) must")
    )
    assert "compiled form (" in text
    assert expression(text) == "BSD-2-Clause"
    assert expression(text.replace("must reproduce", "must publish the source code and reproduce")) is None


@pytest.mark.parametrize("holder", ["Ann Example", "Marigold Instruments and the Department of Computing of Northland"])
def test_the_cmu_licence_names_any_holder(holder: str) -> None:
    text = facts()["MIT-CMU"]["text"].replace("the copyright holder", holder).replace("THE COPYRIGHT HOLDER", holder)
    assert text.count(holder) == 3
    assert expression(text) == "MIT-CMU"
    assert expression(text.replace("and without fee", "that is not commercial")) is None
