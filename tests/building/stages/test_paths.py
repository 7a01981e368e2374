"""Paths as text, names, and which files speak for a folder."""

import pytest

from drystone.building.stages.paths import base_name, path_text, speaks_for_tree


def test_bytes_that_are_not_utf8_are_written_out() -> None:
    assert path_text("src/wände.py".encode()) == "/src/wände.py"
    assert path_text(b"src/\xff.py") == "/src/\\xff.py"
    assert base_name(b"src/\xff.py") == "\ufffd.py"
    assert base_name(b"README") == "README"


@pytest.mark.parametrize(
    ("path", "speaks"),
    [("LICENSE", True), ("src/COPYING.txt", True), ("package.json", True), ("copyright.py", False), ("wall.py", False)],
)
def test_source_code_speaks_for_itself_only(path: str, speaks: bool) -> None:
    assert speaks_for_tree(path) is speaks
