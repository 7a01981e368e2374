"""Two texts side by side."""

from __future__ import annotations

from pathlib import Path

from drystone.dedup.contamination.beside import beside, side_by_side
from drystone.dedup.contamination.formats import named

from .conftest import DRESSED, SOLUTION


def test_a_text_and_the_task_that_it_holds_stand_beside_each_other(benchmark: Path) -> None:
    (file,) = named([str(benchmark)])
    evidence = {"benchmark": "walls", "task": "walls/0", "part": "code"}
    shown = side_by_side(evidence, "/a.py", b"x = 1\n" * 20 + DRESSED.encode(), file)
    assert shown is not None
    lines = shown.splitlines()
    assert lines[0].split("  ")[0] == "/a.py"
    assert lines[0].endswith("walls, task walls/0: code")
    assert lines[1].startswith("19   x = 1")
    assert any("21 | def paires_proches" in line for line in lines)
    assert sum("|" in line[60:] for line in lines) == SOLUTION.count("\n")
    assert side_by_side({**evidence, "task": "other"}, "/a.py", b"", file) is None


def test_long_lines_and_long_texts_are_cut() -> None:
    shown = beside(("a", "x" * 300 + "\n" + "y\n" * 500, [(1, 501)]), ("b", "z", []), width=20).splitlines()
    assert len(shown) == 201
    assert shown[-1] == "... (cut)"
    assert len(shown[1]) <= 42
    assert "…" in shown[1]


def test_lines_are_those_that_were_counted() -> None:
    left = ("a", "page\fone\u2028x\n\u0085two\nthree\n", [(2, 2)])
    shown = beside(left, ("b", "z\r\n", [(1, 1)])).split("\n")
    assert [row[:3] for row in shown[1:]] == ["1  ", "2 |", "3  "]
    assert shown[3].startswith("3   three")
    assert shown[1].endswith("1 | z")
