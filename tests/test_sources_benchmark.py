"""The benchmark of losses: at least forty ways; the first of each kind of source, and two more, are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.sources.losses import WAYS, ways


@pytest.mark.slow
def test_ways_to_lose_something_are_told_by_row_count_and_status(tmp_path: Path) -> None:
    assert len(WAYS) >= 40
    firsts = {name.partition(":")[0]: name for name in reversed(WAYS)}
    found = ways(tmp_path, {*firsts.values(), "store: empty", "export: partial visits only"}.__contains__)
    assert {name: how for name, how in found.items() if not how.whole} == {}
