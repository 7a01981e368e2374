from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from drystone.release.read import Release, open_release
from drystone.search import index
from drystone.search.search import Searcher
from tests.release.sample import Row, sample_rows, write_sample

#: Beside the sample's files: hard ones for a search.
HARD = {
    "/one_line.txt": b"x" * 300_000 + b" needle " + b"y" * 300_000,
    "/windows.py": b"def first():\r\n    return 1\r\n\r\nclass Second:\r\n    pass\r\n",
    "/no_end.py": b"def no_line_end(): pass",
    "/kelvin.py": "KELVIN = '\u212a and \u017f and \u00c9t\u00e9'\n".encode(),
    "/two.py": b"get_queryset = 1\n",
    "/defines.py": b"import os\n\n\ndef get_queryset(self):\n    return os\n",
    "/vendored/uses.py": b"x = get_queryset(1)\n" * 30,
}


def write(folder: Path, rows: list[Row]) -> Release:
    write_sample(folder, rows)
    return open_release(folder)


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """An indexed release of real files and hard ones. Read only."""
    rows = sample_rows()
    for path, data in HARD.items():
        extra = {"is_vendor": True} if "vendored" in path else {}
        language = "Text" if path.endswith(".txt") else "Python"
        rows.append(Row("own/hard", path, data, language, extra=extra))
    made = write(tmp_path_factory.mktemp("search") / "release", rows)
    index.build(made)
    return made


@pytest.fixture(scope="session")
def searcher(release: Release) -> Searcher:
    return Searcher([release])


@pytest.fixture
def copy(release: Release, tmp_path: Path) -> Release:
    """A copy of it, to be changed."""
    return open_release(shutil.copytree(release.path, tmp_path / "copy"))
