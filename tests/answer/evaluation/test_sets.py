from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from benchmarks.answers.questions import QUESTIONS, questions

from drystone.answer.evaluation.sets import read_set
from drystone.errors import UsageError

ROW: dict[str, Any] = {
    "id": "a",
    "source": "pypi:click==8.1.7",
    "kind": "code",
    "where": "lang:python",
    "question": "Which port?",
    "answerable": True,
    "answers": [{"text": "8080", "path": "docs/a.md", "context": "port 8080", "start": 5, "end": 9}],
    "absent": ["not read"],
}
SQUAD: dict[str, Any] = {
    "version": "v2.0",
    "data": [
        {
            "title": "Ports",
            "paragraphs": [
                {
                    "context": "é: port 8080 or 8080",
                    "qas": [
                        {"id": "1", "question": "Which port?", "answers": [{"text": "8080", "answer_start": 16}]},
                        {"id": "2", "question": "Which host?", "answers": [], "is_impossible": True},
                    ],
                }
            ],
        }
    ],
}


def write(folder: Path, text: str) -> Path:
    file = folder / "set.json"
    file.write_text(text, encoding="utf-8")
    return file


def test_lines_and_a_list_are_read_alike(tmp_path: Path) -> None:
    rows = [ROW, {"question": "Which host?", "answers": []}]
    lines = read_set(write(tmp_path, "\n" + "\n\n".join(map(json.dumps, rows)) + "\n"))
    listed = read_set(write(tmp_path, json.dumps(rows, indent=2)))
    assert lines[0] == listed[0]
    first, second = lines
    assert (first.id, first.source, first.kind, first.where) == ("a", "pypi:click==8.1.7", "code", "lang:python")
    gold = first.golds[0]
    assert (gold.text, gold.path, gold.context, gold.start, gold.end) == ("8080", "docs/a.md", "port 8080", 5, 9)
    assert second.golds == ()
    assert (second.id, listed[1].id) == ("4", "2")  # by line, and by number


@pytest.mark.parametrize("indent", [None, 1])
def test_squad_is_read_with_what_has_no_answer(tmp_path: Path, indent: int | None) -> None:
    first, second = read_set(write(tmp_path, json.dumps(SQUAD, indent=indent, ensure_ascii=False)))
    assert (first.id, first.golds[0].offset, first.golds[0].context) == ("1", 16, "é: port 8080 or 8080")
    assert second.golds == ()


def test_the_projects_own_set_is_one() -> None:
    read = read_set(QUESTIONS)
    assert [one.id for one in read] == [one.id for one in questions()]
    assert sum(not one.golds for one in read) == sum(not one.answerable for one in questions())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"question": ""}, "line 2: question: "),
        ({"question": " \n"}, "line 2: question: "),
        ({"question": "x" * 1001}, "line 2: question: String should have at most 1000 characters"),
        ({"question": 5}, "line 2: question: Input should be a valid string"),
        ({"answers": "8080"}, "line 2: answers: Input should be a valid array"),
        ({"answers": [{"text": ""}]}, "line 2: answers.0.text: "),
        ({"answers": [{"text": "8080", "path": "a.md"}]}, "line 2: answers.0: needs `context`, or `path`"),
        ({"answers": [{"text": "8080", "context": "port 80"}]}, "line 2: answers.0: `context` does not hold `text`"),
        ({"answers": [{"text": "8", "path": "a", "start": -1, "end": 2}]}, "line 2: answers.0.start: "),
        ({"answers": [{"text": "8", "path": "a", "start": 10**30, "end": 2}]}, "line 2: answers.0.start: "),
        ({"answerable": False}, "`answerable` is False, and there are 1 answers"),
        ({"id": "a\u202eb", "kind": None}, "line 2: kind: "),
        ({"id": "first"}, "two questions have the id first"),
    ],
)
def test_a_wrong_row_is_named_by_line_and_field(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    rows = [{**ROW, "id": "first"}, {**ROW, **change}]
    with pytest.raises(UsageError) as refused:
        read_set(write(tmp_path, "\n".join(map(json.dumps, rows))))
    assert said in str(refused.value)
    assert "set.json" in str(refused.value)


def test_a_row_without_answers_is_not_one_without_an_answer(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="line 1: answers: Field required"):
        read_set(write(tmp_path, '{"question": "Which port?"}'))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no question"),
        ("[]", "holds no question"),
        ('{"data": []}', "holds no question"),
        ("question,answer\n", "line 1: Invalid JSON"),
        ('{"question": "Who?", "answers": []}\n{"question"', "line 2: Invalid JSON"),
        ("[" * 100_000, "Invalid JSON"),
        ('{"data": [{"paragraphs": [{"context": "a", "qas": [{"id": 1}]}]}]}', "data.0.paragraphs.0.qas.0.id: "),
        (json.dumps(SQUAD).replace("16", "15"), "data.0.paragraphs.0: question '1': the context has not '8080' at"),
        ("\x1b[31m", "line 1: Invalid JSON"),
    ],
)
def test_a_file_that_is_no_set_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_set(write(tmp_path, text))
    assert said in str(refused.value)
    assert str(refused.value).isprintable()


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_set(tmp_path / "none.jsonl")
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        read_set(tmp_path)
    file = tmp_path / "binary"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="line 1: Invalid JSON"):
        read_set(file)
