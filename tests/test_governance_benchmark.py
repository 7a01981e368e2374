"""The benchmark of ways: at least forty, and none that is neither caught nor told of."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.governance.ways import MISSED, ways


@pytest.mark.slow
def test_every_way_is_caught_or_told_of(tmp_path: Path) -> None:
    found = ways(tmp_path)
    assert len(found) >= 40
    assert [name for name, what in found.items() if what == MISSED] == []
