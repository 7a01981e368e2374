"""What `benchmarks.releases` counts is held: a new column touches three files, NOTICE has no text too many."""

from __future__ import annotations

import pytest
from benchmarks.releases import files_for_a_detector, unnamed_texts


@pytest.mark.slow
def test_a_detector_with_a_column_and_a_test_touches_three_files() -> None:
    """It is added to a copy of the tree, which then builds a release that this program reads and verifies."""
    assert files_for_a_detector() == [
        "src/drystone/detect/columns/has_tab.py",
        "src/drystone/release/columns.py",
        "tests/detect/columns/test_has_tab.py",
    ]


@pytest.mark.slow
def test_no_text_in_notice_is_one_that_no_kept_file_rests_on() -> None:
    for texts in unnamed_texts():
        assert texts.unnamed == 0
        assert texts.all <= texts.licenses + texts.beside, texts
