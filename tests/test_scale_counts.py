"""The page on scale against counts that lie beside the script, and the smaller of these against builds of now."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from benchmarks.scale import page


def test_the_table_is_that_of_the_counts() -> None:
    text = page.PAGE.read_text()
    found = page.table(json.loads(page.COUNTS.read_text()))
    assert page.page(text, found) == text, "run `python -m benchmarks.scale.page --write`"


@pytest.mark.slow
def test_builds_of_now_open_as_often(tmp_path: Path) -> None:
    assert page.count(tmp_path, "small") == json.loads(page.COUNTS.read_text())["small"], (
        "run `python -m benchmarks.scale.page --write`"
    )
