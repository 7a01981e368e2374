"""`drystone answer evaluate` as people and programs use it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from drystone.cli.asking.answer import command
from drystone.errors import UsageError
from drystone.release.read import open_release
from drystone.search import index
from tests.release.sample import Row, write_sample

pytest.importorskip("tokenizers", reason="needs the extra `reader`")
pytest.importorskip("onnx", reason="needs the extra `reader`")

ROWS = [
    {"question": "Who cut it?", "kind": "documentation", "answers": [{"text": "Ada", "context": "was cut by Ada."}]},
    {"question": "Who sold it?", "kind": "documentation", "answers": []},
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.reader.checkpoints import write_checkpoint

    return write_checkpoint(tmp_path_factory.mktemp("model"), "bert")


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("asked") / "release"
    write_sample(folder, [Row("pypi/click", "/a.md", b"The stone was cut by Ada.\n", "Markdown")])
    index.build(open_release(folder))
    return folder


def test_a_set_is_measured_for_people_and_programs(
    run: Callable[..., Result], release: Path, model: Path, tmp_path: Path
) -> None:
    labelled = tmp_path / "set.jsonl"
    labelled.write_text("\n".join(map(json.dumps, ROWS)))
    rows = tmp_path / "rows.jsonl"
    done = run(command, "evaluate", labelled, release, "--model", model, "--json", "--rows", rows)
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert (report["questions"], report["unanswerable"]) == (2, 1)
    assert report["answerable"]["hit"]["1"] == 1.0
    assert "2 of 2 questions" in done.stderr
    assert len(rows.read_text().splitlines()) == 2
    plain = run(command, "evaluate", labelled, release, "--model", model, "--quiet")
    assert plain.exit_code == 0, plain.output
    assert plain.stderr == ""
    assert "2 questions, 1 without an answer" in plain.stdout
    for told in ("documentation", "hit@5", "citations at --least 0.5", "not found below", "processor"):
        assert told in plain.stdout


def test_without_what_can_be_answered_it_says_so(
    run: Callable[..., Result], release: Path, model: Path, tmp_path: Path
) -> None:
    labelled = tmp_path / "set.jsonl"
    labelled.write_text(json.dumps(ROWS[1]))
    done = run(command, "evaluate", labelled, release, "--model", model, "--quiet")
    assert done.exit_code == 0, done.output
    assert "1 question, 1 without an answer" in done.stdout


def test_a_wrong_set_is_refused_with_its_line(
    run: Callable[..., Result], release: Path, model: Path, tmp_path: Path
) -> None:
    labelled = tmp_path / "set.jsonl"
    labelled.write_text(json.dumps(ROWS[0]) + '\n{"question": "Who?", "answers": [{"text": 3}]}\n')
    done = run(command, "evaluate", labelled, release, "--model", model)
    assert isinstance(done.exception, UsageError)
    assert "line 2: answers.0.text: Input should be a valid string" in str(done.exception)
