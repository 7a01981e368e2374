from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.release.sample import write_sample


@pytest.fixture(scope="session")
def sample_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of real files. Read only: take `release_copy` to change it."""
    folder = tmp_path_factory.mktemp("release") / "sample"
    write_sample(folder)
    return folder


@pytest.fixture
def release_copy(sample_release: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sample_release, tmp_path / "copy"))
