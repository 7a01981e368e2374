"""The table of answers: others' evidence is read and scored by their rule, and what is not here is said to be."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from benchmarks import harness
from benchmarks.answers import evidence
from benchmarks.answers.evidence import Evidence
from benchmarks.harness import Figure

TEXT = "The wall was built in 1852. It has  no mortar, and\nstands."


def test_words_that_spans_touch_are_counted_over_all_rows() -> None:
    rows = [Evidence("When?", TEXT, [(22, 26)]), Evidence("How?", TEXT, [(36, 45)])]  # "1852", "no mortar"
    assert evidence.word_f1(rows, [[(22, 26)], [(36, 45)]]) == 1.0
    assert evidence.word_f1(rows, [[(24, 25)], [(36, 45)]]) == 1.0  # a word counts as a whole
    # Two of three words said are right, of three that are marked: "in" is wrong, "no" and "mortar," are said.
    assert evidence.word_f1(rows, [[(19, 21)], [(36, 45)]]) == pytest.approx(2 * 2 / (3 + 3))
    assert evidence.word_f1(rows, [[], []]) == 0.0


def test_relevant_rows_are_read_and_spans_are_found_in_any_case(tmp_path: Path) -> None:
    file = tmp_path / "acl-verbatim.jsonl"
    results = [
        {"chunk": TEXT, "relevance_label": "r", "gold_extraction": ["BUILT in 1852", "never there"]},
        {"chunk": TEXT, "relevance_label": "n", "gold_extraction": ["mortar"]},
        {"chunk": " ", "relevance_label": "r", "gold_extraction": []},
    ]
    file.write_text(json.dumps({"query": "When?", "results": results}) + "\n")
    (row,) = evidence.read(file)
    assert (row.query, row.text, [row.text[slice(*span)] for span in row.spans]) == ("When?", TEXT, ["built in 1852"])


def test_without_their_file_the_figure_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "FILE", tmp_path / "none.jsonl")
    (figure,) = evidence.figures(True)
    assert figure.value is None
    assert "no file none.jsonl" in figure.note


def test_what_could_not_be_measured_misses_a_bound_and_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmark"])
    with pytest.raises(SystemExit) as ended:
        harness.main(lambda quick: [Figure("speed", None, "MB/s", note="no such disk")])
    assert ended.value.code == 0
    assert "not here" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        harness.main(lambda quick: [Figure("speed", None, "MB/s", 1.0)])
    assert ended.value.code == 1
    monkeypatch.setattr(sys, "argv", ["benchmark", "--json"])
    with pytest.raises(SystemExit):
        harness.main(lambda quick: [Figure("speed", None, "MB/s")])
    assert '"value": null' in capsys.readouterr().out
