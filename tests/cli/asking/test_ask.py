"""`drystone ask` over a small checkpoint."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

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
    assert len(answers) == 3
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


def test_ask_and_answer_say_the_same(run: Callable[..., Result], model: Path, tmp_path: Path) -> None:
    from drystone.cli.asking.reader.answer import command as answer

    file = tmp_path / "text.txt"
    file.write_text(" ".join(f"list {n} error string" for n in range(40)))
    asked = run(command, "What is raised?", "--context", file, "--model", model, "--top-k", 3, "--json")
    answered = run(answer, model, "What is raised?", file, "--top-k", 3, "--json")
    assert json.loads(asked.stdout) == json.loads(answered.stdout)


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
