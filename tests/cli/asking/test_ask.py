"""`drystone ask` over a small checkpoint."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import Result

import drystone
from drystone.cli.asking.ask import command
from drystone.reader.engines.packed import variants
from drystone.release.read import open_release
from drystone.search import index
from tests.release.sample import Row, write_sample

pytest.importorskip("tokenizers", reason="needs the extra `reader`")
pytest.importorskip("onnx", reason="needs the extra `reader`")

TEXT = "The class returns a list.\nThe parser raises an error: a list is not a string.\n"


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.reader.checkpoints import write_checkpoint

    return write_checkpoint(tmp_path_factory.mktemp("model"), "bert")


def test_answers_are_spans_with_their_place(run: Callable[..., Result], model: Path, tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text(TEXT)
    done = run(command, "What is raised?", "--context", file, "--model", model, "--top-k", 3, "--json")
    assert done.exit_code == 0, done.output
    answers = json.loads(done.stdout)
    spans = sorted((a["start"], a["end"]) for a in answers)
    assert 1 < len(spans) <= 3
    assert all(before[1] <= after[0] for before, after in pairwise(spans)), "of spans that overlap one is given"
    assert all(TEXT[a["start"] : a["end"]] == a["text"] for a in answers)
    plain = run(command, "What is raised?", "--context", file, "--model", model).stdout
    place = re.search(r"text\.txt:(\d+), characters (\d+)-(\d+)", plain)
    assert place is not None
    line, start, end = map(int, place.groups())
    assert plain.startswith(TEXT[start:end])
    assert line == TEXT.count("\n", 0, start) + 1


def test_what_is_missing_or_not_text_is_named(run: Callable[..., Result], model: Path, tmp_path: Path) -> None:
    assert "give releases and then the question; or --context" in run(command, "What?").output
    file = tmp_path / "binary"
    file.write_bytes(b"\xff\xfe\x00")
    done = run(command, "What?", "--context", file, "--model", model)
    assert done.exit_code == 2 and "is not UTF-8 text" in done.output


def test_an_answer_cannot_act_on_a_terminal(run: Callable[..., Result], model: Path, tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text("\x1b]0;owned\x07list\x9b31m \x1b[2Kerror\n" * 3)
    for options in ([], ["--json"]):
        done = run(command, "What is raised?", "--context", file, "--model", model, "--top-k", 5, *options)
        assert done.exit_code == 0, done.output
        assert all(c in "\n\t" or c.isprintable() for c in done.output)


def test_a_text_is_read_as_the_verb_reads_it(run: Callable[..., Result], model: Path, tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    text = "\n\n".join(f"# Part {n}\n\nThe parser of list {n} raises an error string." for n in range(200))
    file.write_text(text)
    asked = run(command, "What is raised?", "--context", file, "--model", model, "--top-k", 3, "--json")
    found = drystone.ask_text("What is raised?", text, model=str(model), top_k=3)
    assert json.loads(asked.stdout) == [one.as_dict() for one in found]
    assert len(found) == 3


def test_a_question_imports_no_runtime_and_no_pandas(model: Path, tmp_path: Path) -> None:
    """What is slow to import is what a question from the shell waits for."""
    if not set(variants()) - {"plain"}:
        pytest.skip("our kernel has no vectors here, so a runtime is needed")
    code = (
        "import json, sys\nfrom drystone.cli import cli\n"
        "try:\n    cli(sys.argv[1:], standalone_mode=False)\nfinally:\n"
        "    print(json.dumps(sorted({'openvino', 'onnxruntime', 'torch', 'pandas'} & set(sys.modules))))"
    )
    write_sample(tmp_path / "release", [Row("pypi/click", "/a.md", TEXT.encode(), "Markdown")])
    index.build(open_release(tmp_path / "release"))
    question = ["What is raised by the parser?", "--model", str(model), "--least", "0"]
    done = subprocess.run(
        [sys.executable, "-c", code, "ask", str(tmp_path / "release"), *question],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "score" in done.stdout
    assert json.loads(done.stdout.splitlines()[-1]) == []
