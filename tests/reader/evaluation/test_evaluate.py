"""Evaluation on real files: reading, resuming, reporting."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from drystone.cli import cli
from drystone.errors import UsageError
from drystone.reader import Reader
from drystone.reader.engines.packed import variants
from drystone.reader.evaluation.evaluate import (
    calibration,
    plot_calibration,
    predict,
    question_kind,
    read_squad,
    summarize,
)
from tests.reader.checkpoints import prose


def squad(*, impossible: bool = False) -> dict[str, Any]:
    paragraphs = []
    for i, text in enumerate(p for p in prose() if len(p) > 100):
        words = text.split()
        qas = [
            {
                "id": f"{i}-{j}",
                "question": f"{kind} is {words[j]}?",
                "answers": [{"text": words[j + 1], "answer_start": 0}],
            }
            for j, kind in enumerate(("What", "Who", "How many", "Why"))
        ]
        if impossible:
            qas[0] |= {"is_impossible": True, "answers": []}
        paragraphs.append({"context": text, "qas": qas})
    return {"version": "v2.0" if impossible else "1.1", "data": [{"title": "docs", "paragraphs": paragraphs[:12]}]}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "dev.json"
    path.write_text(json.dumps(squad()))
    return path


def test_reads_both_versions_and_gzip(tmp_path: Path, data: Path) -> None:
    assert not read_squad(data).v2
    packed = tmp_path / "dev.json.gz"
    packed.write_bytes(gzip.compress(json.dumps(squad(impossible=True)).encode()))
    dataset = read_squad(packed)
    assert dataset.v2
    assert dataset.questions[0].golds == ()
    assert len(dataset.questions) == 48


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not readable JSON"),
        (b"7", "is not as SQuAD lays it out"),
        (b"[]", "holds no question"),
        (b'{"data": []}', "holds no question"),
        (
            b'{"data": [{"paragraphs": [{"context": "x", "qas": [{"id": "1"}]}]}]}',
            r"data\[0\]\.paragraphs\[0\]\.qas\[0\]",
        ),
        (
            b'{"data": [{"paragraphs": [{"context": 3, "qas": [{"id": "1", "question": "?", "answers": []}]}]}]}',
            "must be strings",
        ),
    ],
)  # fmt: skip
def test_files_of_another_shape_are_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=message):
        read_squad(path)


@pytest.mark.skipif(not variants(), reason="the kernel was not built")
def test_predictions_resume_where_they_stopped(checkpoints: dict[str, Path], data: Path, tmp_path: Path) -> None:
    # The runtime whose bits do not depend on what shares a batch, which is another after a stop.
    bert = Reader.load(checkpoints["bert"], runtime="packed", precision="fp32")
    questions, out = read_squad(data).questions, tmp_path / "run" / "predictions.jsonl"
    whole = predict(bert, questions, out)
    text = out.read_text()
    lines = text.splitlines(keepends=True)
    out.write_text("".join(lines[:20]) + lines[20][:10])  # stopped in the middle of a line
    done: list[int] = []
    again = predict(bert, questions, out, report=lambda n, total: done.append(n))
    assert done[0] == 19
    assert len(done) == 1 + len(questions) - 19
    assert again == whole
    assert sorted(out.read_text().splitlines()) == sorted(text.splitlines())
    with pytest.raises(UsageError, match="another model, runtime or options"):
        predict(bert, questions, out, max_answer_len=3)


def test_the_report_adds_up(bert: Reader, data: Path, tmp_path: Path) -> None:
    dataset = read_squad(data)
    report = summarize(dataset, predict(bert, dataset.questions, tmp_path / "p.jsonl"))
    low, high = report["interval"]["f1"]
    assert low <= report["metrics"]["f1"] <= high
    for groups in report["by"].values():
        assert sum(row["questions"] for row in groups.values()) == len(dataset.questions)
        mean = sum(row["f1"] * row["questions"] for row in groups.values()) / len(dataset.questions)
        assert mean == pytest.approx(report["metrics"]["f1"])
    scores = [row["score"] for row in report["worst"]]
    assert scores == sorted(scores, reverse=True)
    plot_calibration(report, tmp_path / "c.png")
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")


def test_calibration_error_by_hand() -> None:
    found = calibration([0.95, 0.95, 0.15, 0.15], np.array([1, 0, 0, 0]))
    assert found["error"] == pytest.approx((0.45 * 2 + 0.15 * 2) / 4)
    assert [b["count"] for b in found["bins"]] == [2, 2]


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many are there?", "how many"),
        ("In which year did who go?", "which"),
        ("Name it.", "other"),
        ("What's how?", "how"),
    ],
)
def test_question_kinds(question: str, kind: str) -> None:
    assert question_kind(question) == kind


def test_the_command_evaluates_and_goes_on(checkpoints: dict[str, Path], data: Path, tmp_path: Path) -> None:
    arguments = [
        "reader",
        "evaluate",
        str(checkpoints["bert"]),
        str(data),
        "--limit",
        "10",
        "--out",
        str(tmp_path / "r"),
        "--threads",
        "1",
    ]
    first = CliRunner().invoke(cli, [*arguments, "--json"])
    assert first.exit_code == 0, first.output
    report = json.loads(first.stdout)
    assert report["questions"] == 10
    second = CliRunner().invoke(cli, arguments)
    assert second.exit_code == 0, second.output
    assert "10 of 10 questions" in second.stderr
    assert "question type" in second.stdout
    assert json.loads((tmp_path / "r" / "report.json").read_text())["metrics"] == report["metrics"]


def test_the_command_answers_from_a_file(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    passage = tmp_path / "p.txt"
    passage.write_text("First line.\nSecond line says more.\n")
    model = str(checkpoints["roberta"])
    done = CliRunner().invoke(cli, ["reader", "answer", model, "What?", str(passage), "--top-k", "2", "--json"])
    assert done.exit_code == 0, done.output
    for row in json.loads(done.stdout):
        assert passage.read_text()[row["start"] : row["end"]] == row["text"]
