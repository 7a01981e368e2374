"""Labelled questions in the files that people have, all read to the same rows."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from drystone.errors import UsageError
from drystone.reader import Reader
from drystone.reader.evaluation.evaluate import evaluate, predict, read_squad
from drystone.reader.evaluation.rows import read_labelled
from drystone.reader.training.data import read_data

CONTEXT = 'He said "Paris, or\nLyon". So it is.'
ROWS: list[dict[str, Any]] = [
    {
        "id": 7,
        "title": "t",
        "question": "Where?",
        "context": CONTEXT,
        "answers": {"text": ["Paris"], "answer_start": [9]},
    },
    {"id": 8, "title": "t", "question": "When?", "context": CONTEXT, "answers": {"text": [], "answer_start": []}},
]


def _squad() -> dict[str, Any]:
    asked = [
        {"id": 7, "question": "Where?", "answers": [{"text": "Paris", "answer_start": 9}]},
        {"id": 8, "question": "When?", "answers": [], "is_impossible": True},
    ]
    return {"data": [{"title": "t", "paragraphs": [{"context": CONTEXT, "qas": asked}]}]}


def write(folder: Path, name: str) -> Path:
    path = folder / name
    lines = "\n".join(map(json.dumps, ROWS))
    match name:
        case "squad.json":
            path.write_text(json.dumps(_squad()))
        case "rows.json":
            path.write_text(json.dumps(ROWS))
        case "data.json":
            path.write_text(json.dumps({"version": "1", "data": ROWS}))
        case "rows.jsonl.gz":
            path.write_bytes(gzip.compress(lines.encode()))
        case "lines.json":  # as `datasets` writes it
            path.write_text(lines + "\n")
        case "rows.csv" | "python.csv":
            with path.open("w", newline="") as file:
                writer = csv.DictWriter(file, list(ROWS[0]))
                writer.writeheader()
                cell = json.dumps if name == "rows.csv" else str
                writer.writerows([row | {"answers": cell(row["answers"])} for row in ROWS])
        case "flat.tsv":
            with path.open("w", newline="") as file:
                writer = csv.writer(file, delimiter="\t")
                writer.writerow(["id", "title", "question", "context", "answer", "answer_start"])
                writer.writerow([7, "t", "Where?", CONTEXT, "Paris", 9])
                writer.writerow([8, "t", "When?", CONTEXT, "", ""])
        case "rows.parquet":
            import pyarrow as pa
            from pyarrow import parquet

            parquet.write_table(pa.Table.from_pylist(ROWS), path)
    return path


NAMES = ("squad.json", "rows.json", "data.json", "rows.jsonl.gz", "lines.json", "rows.csv", "python.csv", "flat.tsv",
         "rows.parquet")  # fmt: skip


def test_files_of_every_kind_hold_the_same_questions(tmp_path: Path) -> None:
    for name in NAMES:
        path = write(tmp_path, name)
        found = [(r.id, r.question, r.context, r.golds, r.starts, r.title) for r in read_labelled(path).rows]
        assert found == [
            ("7", "Where?", CONTEXT, ("Paris",), (9,), "t"),
            ("8", "When?", CONTEXT, (), (), "t"),
        ], name
        assert read_squad(path).v2
        assert [(e.start, e.end) for e in read_data(path, license="MIT").examples] == [(9, 14), (None, 0)], name


def test_a_row_without_an_id_is_named_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    row = {"question": "Where?", "context": CONTEXT, "answer": "Lyon"}
    path.write_text(json.dumps(row) + "\n" + json.dumps(row | {"answer": "i"}))
    assert [question.id for question in read_squad(path).questions] == ["0", "1"]
    with pytest.raises(UsageError, match=r"1: 'i' stands 4 times in its context: say answer_start"):
        read_data(path, license="MIT")
    assert read_data(path, license="MIT", skip_bad=True).examples[0].start == CONTEXT.index("Lyon")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([ROWS[0], ROWS[1] | {"id": 7}], r"the id '7' stands at row\[0\] and at row\[1\]"),
        ([ROWS[0], {"id": "x", "question": "?", "context": "c"}], r"row\[1\].*neither answers nor answer"),
        ([ROWS[0] | {"id": 1.5}], r"row\[0\].*id must be a string or a number"),
        ([ROWS[0] | {"answers": {"text": ["a"], "answer_start": [1, 2]}}], "differ in length"),
        ([ROWS[0] | {"answers": "nothing"}], "neither JSON nor a Python literal"),
        ([ROWS[0] | {"answers": {"text": "Paris"}}], "text must be a list"),
        ([ROWS[0] | {"answers": {"text": [None]}}], "an answer must be a string or a number, not NoneType"),
        ([ROWS[0] | {"answers": [{"text": float("nan")}]}], "an answer must be a string or a number, not float"),
        ([ROWS[0] | {"is_impossible": "perhaps"}], "is_impossible: 'perhaps' is neither true nor false"),
        (["text"], r"row\[0\] is not as SQuAD lays it out, nor a row with columns"),
    ],
)
def test_rows_that_are_wrong_are_named(tmp_path: Path, rows: list[Any], message: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(rows))
    with pytest.raises(UsageError, match=message):
        read_squad(path)


def test_one_line_is_json_lines_too(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(ROWS[0]) + "\n")
    assert [row.id for row in read_labelled(path).rows] == ["7"]


def test_no_answer_is_said_as_spreadsheets_say_it(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("question,context,answer,is_impossible\nWhere?,Paris.,Paris,TRUE\nWhere?,Paris.,Paris,FALSE\n")
    assert [row.golds for row in read_labelled(path).rows] == [(), ("Paris",)]


def test_gzip_that_is_damaged_or_holds_too_much_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json.gz"
    packed = bytearray(gzip.compress(json.dumps(ROWS).encode()))
    packed[12] ^= 255
    path.write_bytes(packed)
    with pytest.raises(UsageError, match="not readable"):
        read_labelled(path)
    monkeypatch.setattr("drystone.reader.evaluation.rows._LARGEST", 1000)
    path.write_bytes(gzip.compress(b"[" + b" " * 100_000))
    with pytest.raises(UsageError, match="holds more than 1,000 bytes; unpack it first"):
        read_labelled(path)


def test_a_run_goes_on_past_a_question_that_cannot_be_asked(tmp_path: Path, bert: Reader) -> None:
    path, out = tmp_path / "a.json", tmp_path / "run"
    blank = {"id": "blank", "question": "Where?", "context": "\n", "answers": {"text": ["x"], "answer_start": [0]}}
    path.write_text(json.dumps([ROWS[0], blank, ROWS[0] | {"id": "last"}]))
    with pytest.raises(UsageError, match=r"context \(pair 1, id 'blank'\): is empty"):
        evaluate(bert, path, out)
    assert len((out / "predictions.jsonl").read_text().splitlines()) == 2, "what was answered before it is kept"
    with pytest.raises(UsageError, match=r"context \(pair 0, id 'blank'\): is empty"):
        evaluate(bert, path, out)
    report = evaluate(bert, path, out, on_error="return")
    assert (report["questions"], report["errors"]) == (3, 1)
    again = predict(bert, [], out / "predictions.jsonl", handle_impossible_answer=False, max_answer_len=30)
    assert "is empty" in again["blank"]["error"] and "error" not in again["last"]
    assert evaluate(bert, path, out)["errors"] == 1, "what is known to be wrong ends no later run"


def test_a_question_without_an_answer_that_cannot_be_asked_is_no_success(tmp_path: Path, bert: Reader) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([ROWS[1] | {"context": "\n"}]))
    report = evaluate(bert, path, on_error="return")
    assert (report["errors"], report["metrics"]["exact"], report["metrics"]["best_f1"]) == (1, 0, 0)
    assert report["worst"][0]["id"] == "8"
