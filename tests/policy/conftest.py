from __future__ import annotations

from pathlib import Path

import pytest

from tests.release.sample import sample_rows, write_sample


@pytest.fixture(scope="module")
def attributed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("attribution") / "release"
    rows = [r for r in sample_rows() if r.repository == "own/special" or len(r.data) < 3000]
    for row in rows:
        if row.path == "/latin.py":
            row.license = "Beerware AND LicenseRef-scancode-public-domain"
            row.extra = {"license_basis": "header+readme", "license_confidence": 0.5, "license_conflict": "a says b"}
    write_sample(folder, rows)
    return folder
