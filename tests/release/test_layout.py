from __future__ import annotations

from pathlib import Path

import pytest

from drystone.errors import ReleaseError
from drystone.release import layout

NAMES = {
    "Python": "Python",
    "C++": "C++",
    "C#": "C#",
    "Objective-C++": "Objective-C++",
    "Jupyter Notebook": "Jupyter Notebook",
    "Ren'Py": "Ren'Py",
    "F*": "F%2A",
    "a/b": "a%2Fb",
    "50%": "50%25",
    "..": "%2E%2E",
    ".x.": "%2Ex%2E",
    " x ": "%20x%20",
    "x": "x",
    ".": "%2E",
    "[x]?": "%5Bx%5D%3F",
    "\u4e2d": "%E4%B8%AD",
    "a\\b\n": "a%5Cb%0A",
}


@pytest.mark.parametrize(("language", "folder"), NAMES.items())
def test_language_folders_are_safe_and_reversible(language: str, folder: str) -> None:
    assert layout.language_folder(language) == folder
    assert layout.folder_language(folder) == language
    path = layout.data_path(language, 0, 3)
    assert path == f"data/{folder}/train-00000-of-00003.parquet"
    assert layout.kind_and_language(path) == ("data", language)


@pytest.mark.parametrize("language", ["", "x" * 256, "\u4e2d" * 90])
def test_names_that_cannot_be_folders_are_refused(language: str) -> None:
    with pytest.raises(ReleaseError, match="cannot name a folder"):
        layout.language_folder(language)


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "data/../../x/train-00000-of-00001.parquet",
        "data/../train-00000-of-00001.parquet",
        "data/F*/train-00000-of-00001.parquet",
        "data/%41/train-00000-of-00001.parquet",
        "data/%2a/train-00000-of-00001.parquet",
        "data/Python/train-00001-of-00001.parquet",
        "data/Python/train-000000-of-00001.parquet",
        "data/Python/train-00000-of-00001.parquet\n",
        "data/%FF/train-00000-of-00001.parquet",
        "ledger/part-00001-of-00001.parquet",
        "ledger\\part-00000-of-00001.parquet",
        "repositories.parquet/../x",
        "",
    ],
)
def test_paths_of_no_release_file_are_refused(path: str) -> None:
    with pytest.raises(ReleaseError):
        layout.kind_and_language(path)


def test_an_index_outside_the_count_is_refused() -> None:
    for index, count in ((1, 1), (-1, 1), (0, 0)):
        with pytest.raises(ReleaseError, match="index counts from 0"):
            layout.ledger_path(index, count)
    assert layout.ledger_path(123456, 200000) == "ledger/part-123456-of-200000.parquet"


def test_what_is_shown_cannot_drive_a_terminal() -> None:
    assert layout.shown("a\x1b[31m\r\n\x7f\u202e\u200b\ud800\udcff") == (
        "a\\x1b[31m\\x0d\\x0a\\x7f\\u202e\\u200b\\ud800\\xff"
    )
    assert layout.shown("caf\u00e9 \U0001f600 [bold]") == "caf\u00e9 \U0001f600 [bold]"


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (10**9, "1.0 GB"), (5 * 10**15, "5,000.0 TB")]
)
def test_sizes(size: int, text: str) -> None:
    assert layout.size_text(size) == text


def test_parquet_files_are_found_wherever_a_reader_would_look(tmp_path: Path) -> None:
    for name in ("data/x/a.parquet", "ledger/b.parquet", "c.parquet", "d.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert list(layout.parquet_files(tmp_path)) == ["c.parquet", "data/x/a.parquet", "ledger/b.parquet"]
