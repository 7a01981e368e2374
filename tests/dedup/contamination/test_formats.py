"""The fields in which benchmarks are published, and files that are none."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drystone.dedup.contamination.formats import named, read_parts
from drystone.errors import UsageError

#: A task in the fields of each benchmark, and what is read of it: task, part, measure, text.
FORMATS: dict[str, tuple[dict[str, Any], list[tuple[str, str, str, str]]]] = {
    "HumanEval": (
        {"task_id": "HumanEval/0", "prompt": "def f():\n", "canonical_solution": "  pass\n", "test": "t"},
        [("HumanEval/0", "prompt", "words", "def f():\n"),
         ("HumanEval/0", "canonical_solution", "code", "def f():\n\n  pass\n")],
    ),
    "MBPP": ({"task_id": 11, "text": "Do.", "code": "x", "test_list": []},
             [("11", "text", "words", "Do."), ("11", "code", "code", "x")]),
    "MBPP, sanitized": ({"task_id": 2, "prompt": "Do.", "code": "x"},
                        [("2", "prompt", "words", "Do."), ("2", "code", "code", "x")]),
    "APPS": ({"problem_id": 7, "question": "Q", "solutions": '["a", "b"]', "input_output": ""},
             [("7", "question", "words", "Q"), ("7", "solutions", "code", "a"), ("7", "solutions", "code", "b")]),
    "DS-1000": ({"prompt": "P", "reference_code": "r", "metadata": {"problem_id": 3}},
                [("3", "prompt", "words", "P"), ("3", "reference_code", "code", "r")]),
    "GSM8K": ({"question": "Q", "answer": "A"}, [("1", "question", "words", "Q"), ("1", "answer", "words", "A")]),
    "SWE-bench": (
        {"instance_id": "a__b-1", "problem_statement": "P", "test_patch": "",
         "patch": "--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n-old\n+new\n same\n+mo\fre\n"},
        [("a__b-1", "problem_statement", "words", "P"), ("a__b-1", "patch", "code", "new\nmo\fre")],
    ),
    "LiveCodeBench": ({"question_id": "q1", "question_content": "Q", "starter_code": ""},
                      [("q1", "question_content", "words", "Q")]),
    "RepoBench": ({"repo_name": "r", "cropped_code": "c", "next_line": "n"}, [("1", "cropped_code", "code", "c")]),
    "BigCodeBench": ({"task_id": "B/0", "complete_prompt": "p", "canonical_solution": "s"},
                     [("B/0", "complete_prompt", "words", "p"), ("B/0", "canonical_solution", "code", "p\ns")]),
    "MultiPL-E": ({"name": "HumanEval_0_f", "prompt": "p", "tests": "t", "language": "rs"},
                  [("HumanEval_0_f", "prompt", "words", "p")]),
    "texts": ({"task": "own", "text": "t"}, [("own", "text", "words", "t")]),
    "code": ({"task": "own", "code": "c"}, [("own", "code", "code", "c")]),
}  # fmt: skip


def write(path: Path, row: object, form: str) -> Path:
    if form == "parquet":
        pq.write_table(pa.Table.from_pylist([row]), path)
    elif form == "list":
        path.write_text(json.dumps([row]))
    else:
        data = json.dumps(row).encode() + b"\n\n"
        path.write_bytes(gzip.compress(data) if form == "gzip" else data)
    return path


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_is_read_in_each_kind_of_file(name: str, tmp_path: Path) -> None:
    row, wanted = FORMATS[name]
    for form in ("lines", "gzip", "list", "parquet"):
        if form == "parquet" and any(value == [] for value in row.values()):
            continue
        parts = read_parts(named([str(write(tmp_path / f"{form}.x", row, form))]))
        assert [(p.task, p.part, p.measure, p.text.decode()) for p in parts] == wanted, form


def test_names_come_from_files_or_are_given(tmp_path: Path) -> None:
    a = write(tmp_path / "HumanEval.jsonl.gz", FORMATS["texts"][0], "gzip")
    b = write(tmp_path / "b.parquet", FORMATS["texts"][0], "parquet")
    assert [f.name for f in named([f"mine={b}", "HumanEval.jsonl.gz"], tmp_path)] == ["HumanEval", "mine"]
    with pytest.raises(UsageError, match="is named twice"):
        named([str(a), f"HumanEval={b}"])
    with pytest.raises(UsageError, match=r"there is no such file; did you mean 'b.parquet'"):
        named([str(tmp_path / "b.parque")])


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{oops}\n", r"line 1: is no JSON"),
        (b"[1, 2]\n", r"row 1: must be an object with the fields of a task, not a number"),
        (b'{"a": 1}\n', r"row 1: its fields \(a\) are those of no known format: SWE-bench"),
        (b'{"text": ["x"]}\n', r"row 1, text: must be a text, not a list"),
        (b'{"text": "x"}\n{"text": null}\n', r"row 2, text: must be a text, not nothing"),
        (b'{"question": "q", "solutions": "[1]"}\n', r"row 1, solutions: must be a list of texts"),
        (b'{"question": "q", "solutions": "["}\n', r"row 1, solutions: must be a list of texts"),
        (b'{"text": " "}\n', r"has 1 rows and no text"),
        (b"", r"has 0 rows and no text"),
        (b"PAR1 and nothing else", r"cannot be read as Parquet"),
        (b"\x1f\x8bnothing", r"cannot be read"),
        (b"\xff\xfe\x00", r"is no JSON"),
    ],
)
def test_files_of_the_wrong_shape_are_named(content: bytes, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=f"{path}.*{problem}"):
        read_parts(named([str(path)]))
