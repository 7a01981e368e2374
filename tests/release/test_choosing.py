"""Rows are chosen by what their columns say; what is no condition is refused with a hint."""

from __future__ import annotations

from pathlib import Path

import pytest

from drystone.errors import UsageError
from drystone.release.inspection.choosing import chosen_rows, conditions
from drystone.release.read import open_release


def chosen(folder: Path, *texts: str) -> list[str]:
    release = open_release(folder)
    return [path for table in chosen_rows(release, conditions(texts), ["path"]) for path in table["path"].to_pylist()]


def test_rows_are_chosen_by_values_globs_numbers_and_lists(sample_release: Path, tmp_path: Path) -> None:
    every = chosen(sample_release)
    assert len(every) == open_release(sample_release).manifest.counts.kept
    assert chosen(sample_release, "language=F*") == [p for p in every if p.endswith(".m")], "a glob, and a name"
    assert sorted(chosen(sample_release, "language!=Python", "path=*.md")) == sorted(
        p for p in every if p.endswith(".md")
    )
    assert chosen(sample_release, "path=/bom.p?") == ["/bom.py"]
    assert chosen(sample_release, "path=/bom.p") == []
    assert chosen(sample_release, "length_bytes<8", "language=Python") == ["/bom.py"]
    assert set(chosen(sample_release, "license_expression=")) == {"/bare.py"}
    assert len(chosen(sample_release, "license_expression!=")) == len(every) - 1
    assert set(chosen(sample_release, "license_confidence<0.99")) == set(every) - {"/bare.py"}, "null is no number"
    assert chosen(sample_release, "is_test=true") == [p for p in every if "test" in p]
    listed = tmp_path / "paths"
    listed.write_text("/bom.py\n/bare.py\n/not-there\n")
    assert set(chosen(sample_release, f"path=@{listed}")) == {"/bom.py", "/bare.py"}
    listed.write_text("/bom.py\r\n/bare*\n/not\u2028there\n")
    assert set(chosen(sample_release, f"path=@{listed}")) == {"/bom.py", "/bare.py"}
    assert conditions([f"path=@{listed}"])[0].values[-1] == "/not\u2028there"


def test_a_list_may_be_long_and_too_many_patterns_are_refused(sample_release: Path, tmp_path: Path) -> None:
    listed = tmp_path / "paths"
    listed.write_text("".join(f"/some/folder/number/{n}.py\n" for n in range(100_000)) + "/bom.p?\n")
    assert chosen(sample_release, f"path=@{listed}") == ["/bom.py"]
    listed.write_text("".join(f"/some/folder/number/{n}/*.py\n" for n in range(100_000)))
    with pytest.raises(UsageError, match="so many values with"):
        chosen(sample_release, f"path=@{listed}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("langage=Python", "did you mean language"),
        ("xyzzy=1", "columns: "),
        ("Python", "is no condition"),
        ("license_evidence=MIT", "no column to choose by"),
        ("content=x", "no column to choose by"),
        ("path<3", "is no number"),
        ("num_lines<many", "is none"),
        ("num_lines=many", "is none"),
        ("is_test=perhaps", "is none"),
        ("path=@/no/such/file", "cannot be read"),
        ("\x1b[31m=1", r"x1b"),
    ],
)
def test_what_is_no_condition_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        conditions([text])
