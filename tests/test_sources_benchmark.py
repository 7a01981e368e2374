"""The benchmark of losses: at least forty ways; the first of each kind of source, and two more, are told."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from benchmarks.sources.losses import WAYS, ways


@pytest.mark.slow
def test_ways_to_lose_something_are_told_by_row_count_and_status() -> None:
    assert len(WAYS) >= 40
    firsts = {name.partition(":")[0]: name for name in reversed(WAYS)}
    # Not below pytest's own folders, which another user may not enter: one way builds as one.
    with tempfile.TemporaryDirectory(prefix="drystone-losses-") as folder:
        found = ways(Path(folder), {*firsts.values(), "store: empty", "export: partial visits only"}.__contains__)
    assert {name: how for name, how in found.items() if not how.whole} == {}
