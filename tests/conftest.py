"""Fixtures that every room's tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

#: Labelled data for measurement; it is not part of the repository, so tests that use it skip where it is missing.
SHARED = Path(__file__).parents[1].parent / "shared"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip("labelled data (../shared/data) is not here")
    return folder
