"""A reader that learns from a release: what it may learn from, what it says of it, and that it learns."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from drystone.answer.adapting import questions_of
from drystone.answer.verbs import adapt_reader
from drystone.errors import UsageError
from drystone.reader import Reader
from drystone.release.read import Release

_THINGS = ("stones", "rivers", "bridges", "towers", "roofs", "doors", "walls", "arches", "gates", "paths")


def _page(number: int) -> str:
    rows = [
        f"- `--{thing}-{number}`: Sets the number of {thing} in plan {number}. Defaults to `{number * 7 + at}`.\n"
        for at, thing in enumerate(_THINGS)
    ]
    return f"# Options of plan {number}\n\n" + "".join(rows)


@pytest.fixture(scope="module")
def taught(make: Callable[..., Release]) -> Release:
    return make({f"/plans/{number}.md": _page(number) for number in range(12)}, indexed=False)


def test_licences_of_what_is_learnt_are_named(taught: Release) -> None:
    data, licenses = questions_of([taught])
    assert licenses == ("MIT",)
    assert data.license == "MIT"
    assert data.sha256 == taught.root
    assert len(data.examples) > 100
    asked = {e.question: e.golds[0] for e in data.examples}
    assert asked["What is the default of --rivers-3?"] == "22"
    assert all(e.start is not None and e.context[e.start : e.end] == e.golds[0] for e in data.examples)


def test_files_without_a_licence_teach_nothing(make: Callable[..., Release]) -> None:
    texts = {f"/plans/{number}.md": _page(number) for number in range(12)}
    with pytest.raises(UsageError, match="only 0 questions could be made"):
        questions_of([make(texts, indexed=False, license=None)])


def test_too_little_is_named(make: Callable[..., Release], tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs the extra `train`")
    with pytest.raises(UsageError, match=r"only \d+ questions .* at least 40"):
        adapt_reader([make({"/a.md": _page(1)}, indexed=False)], tmp_path)


@pytest.mark.slow
def test_a_small_release_teaches_a_reader(taught: Release, mini: Reader, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs the extra `train`")
    made = adapt_reader([taught], tmp_path / "tuned", examples=256, learning_rate=1e-4)
    assert made.folder == tmp_path / "tuned"
    assert made.learnt > made.measured / 2 > 10
    assert made.after["HasAns_f1"] > made.before["HasAns_f1"]
    record = json.loads((made.folder / "training.json").read_text())
    assert record["mean_of"][1]["training"]["data"][0]["license"] == "MIT"
    assert "license: MIT" in (made.folder / "README.md").read_text()
    assert "licence MIT" in (made.folder / "README.md").read_text()
    answer = Reader.load(made.folder, threads=1).answer("What is the default of --rivers-3?", _page(3))
    assert not isinstance(answer, list) and answer.text == "22"
