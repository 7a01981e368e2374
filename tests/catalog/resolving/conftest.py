from __future__ import annotations

from pathlib import Path

import pytest

import drystone
from tests.release.sample import write_sample


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("resolving") / "sample"
    write_sample(folder)
    drystone.index_release(folder)
    return folder
