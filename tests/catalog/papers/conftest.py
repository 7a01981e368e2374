"""Two releases that papers are made of: one of which everything is said, and one of which nothing is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from drystone.release.read import Release, open_release
from tests.release.sample import FACTS, sample_rows, write_sample

ROWS = [row for row in sample_rows() if row.repository == "own/special"]
URL = "https://huggingface.co/datasets/stones/sample"


def made(folder: Path, **facts: Any) -> Release:
    write_sample(folder, ROWS, FACTS.model_copy(update=facts))
    return open_release(folder)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A release of which everything is said."""
    return made(tmp_path_factory.mktemp("told"), url=URL)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A release of which nothing is said besides name and version."""
    return made(
        tmp_path_factory.mktemp("bare"), authors=(), description="", date=None, registry_head=None, license="MIT"
    )
