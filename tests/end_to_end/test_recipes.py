"""docs/recipes.md: twenty tasks, each run as printed."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.recipes import run_recipes


@pytest.mark.slow
def test_every_recipe_does_what_the_page_says(tmp_path: Path) -> None:
    ran = run_recipes(tmp_path)
    assert [each.problem for each in ran if each.problem] == []
    assert len(ran) == 20
