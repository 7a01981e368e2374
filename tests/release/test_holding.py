"""Every export says in one line what it holds and what not."""

from __future__ import annotations

from drystone.release.exports.forms import RowChoice
from drystone.release.exports.holding import what_it_holds


def test_each_form_says_what_it_holds_and_what_not() -> None:
    for form in ("stack-v2", "stack-v2-repos", "stack-v3", "jsonl", "parquet", "text"):
        line = what_it_holds(form, RowChoice(), 1562)
        assert line.startswith("Holds ")
        assert "1,562 kept files" in line
        assert "nothing of what was dropped" in line.lower()
        assert ("no text" in line) == (form in ("stack-v2", "stack-v2-repos"))
        assert "\n" not in line
    assert "no text" in what_it_holds("jsonl", RowChoice(("path",)), 2)
    shown = what_it_holds("jsonl", RowChoice(splits=(("train", 9.0), ("test", 1.0)), shuffle=True, limit=10), 1562)
    assert "10 of 1,562 kept files, shuffled (seed 0); splits by hash: train 9, test 1" in shown
