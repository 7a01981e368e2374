"""Files that a scan reads: sorted, nothing twice, and a reason for each that is passed over."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from drystone.detect.secrets.tree import FileText, Passed, as_utf8, files, texts


def names(found: list[Path | Passed], root: Path) -> list[str]:
    return [str(each.relative_to(root)) if isinstance(each, Path) else f"{each.path}: {each.reason}" for each in found]


def test_a_folder_is_walked_in_order_and_what_is_no_file_is_told(tmp_path: Path) -> None:
    for name in ("b/c.py", "b/a.py", "a.py", ".git/config"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "link").symlink_to("a.py")
    os.mkfifo(tmp_path / "pipe")
    found = names(list(files([tmp_path], git_ignored=True)), tmp_path)
    assert found == [
        "a.py", f"{tmp_path}/link: symbolic link", f"{tmp_path}/pipe: not a regular file", "b/a.py", "b/c.py"
    ]  # fmt: skip
    missing = tmp_path / "missing"
    assert list(files([missing], git_ignored=True)) == [Passed(str(missing), "No such file or directory")]


def test_what_git_ignores_is_left_out_unless_asked_for(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("*.log\nbuild/\n")
    (tmp_path / "build").mkdir()
    for name in ("a.py", "a.log", "build/b.py"):
        (tmp_path / name).write_text("x")
    assert names(list(files([tmp_path], git_ignored=False)), tmp_path) == [".gitignore", "a.py"]
    assert len(list(files([tmp_path], git_ignored=True))) == 4


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-16", "utf-32"])
def test_text_in_any_unicode_encoding_is_read_as_utf8(encoding: str) -> None:
    text = "password = 'geheim \u00e4'\n" * 20
    found = as_utf8(text.encode(encoding))
    assert found is not None
    assert found[0].decode() == text


def test_binary_and_large_files_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\x7fELF\0\0\1\2\3\4\5\6\7" * 10)
    (tmp_path / "b").write_bytes(b"x" * 101)
    (tmp_path / "c").write_bytes(b"x" * 100)
    found = list(texts([tmp_path / "a", tmp_path / "b", tmp_path / "c", tmp_path / "d"], 100))
    assert [each.reason if isinstance(each, Passed) else each.data for each in found] == [
        "larger than 100 bytes", "larger than 100 bytes", b"x" * 100, "No such file or directory"
    ]  # fmt: skip
    (binary,) = texts([tmp_path / "a"], 1000)
    assert binary == Passed(str(tmp_path / "a"), "binary")
    (text,) = texts([tmp_path / "c"], 1000)
    assert text == FileText(str(tmp_path / "c"), b"x" * 100)
