"""Evaluation over a small release, with the installed reader and with one whose answers are nonsense."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from drystone.answer import verbs
from drystone.errors import ReleaseError, UsageError
from drystone.reader import Reader
from drystone.release.read import Release
from tests.answer.conftest import COPY, GUIDE


def gold(text: str, path: str, context: str) -> dict[str, str]:
    return {"text": text, "path": path, "context": context}


ROWS: list[dict[str, Any]] = [
    {
        "id": "cut", "kind": "documentation", "question": "Who cut the keystone?",
        "answers": [
            gold("Ada Mason", "guide.rst", "was cut by Ada Mason in 1852"),
            gold("Ada Mason", "history.md", "cut by *Ada Mason*, and"),
        ],
    },
    {
        "id": "port", "kind": "configuration", "question": "On which port does the server listen?",
        "answers": [gold("8080", "guide.rst", "listens on port ``8080`` unless")],
    },
    {"id": "none", "kind": "documentation", "question": "Which planet was cut by the largest moons?", "answers": []},
    {"id": "other", "source": "pypi:nobody==1", "question": "Who is it?", "answers": []},
    {
        "id": "lost", "kind": "documentation", "question": "Which year was the tower built?",
        "answers": [gold("1701", "tower.md", "built in 1701")],
    },
]  # fmt: skip


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    file = tmp_path / "set.jsonl"
    file.write_text("\n".join(map(json.dumps, ROWS)))
    return file


def test_a_set_is_measured_and_every_question_has_a_row(
    release: Release, mini: Reader, labelled: Path, tmp_path: Path
) -> None:
    seen: list[tuple[int, int]] = []
    report = verbs.evaluate_answers(
        labelled, [release], model=mini, rows=tmp_path / "rows.jsonl", progress=lambda *count: seen.append(count)
    )
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    rows = {row["id"]: row for row in map(json.loads, (tmp_path / "rows.jsonl").read_text().splitlines())}
    assert list(rows) == ["cut", "port", "none", "lost"]
    cut, port, none, lost = rows.values()
    assert (cut["answer"], cut["exact_match"], cut["f1"], cut["stage"]) == ("Ada Mason", 1, 1.0, "right")
    assert (cut["citations"], cut["citations_right"], cut["citations_valid"]) == (2, 2, 2)
    assert cut["passage_rank"] == cut["answer_rank"] == 1
    assert sorted(place.partition(":")[0] for place in cut["places"]) == ["/guide.rst", "/history.md"]
    assert (port["answer"], port["stage"], port["citations_right"]) == ("8080", "right", 1)
    assert (none["answerable"], none["stage"], none["passage_rank"]) == (False, None, None)
    assert (lost["stage"], lost["passage_rank"]) == ("not released", None)
    assert report["questions"] == 4
    assert (report["unanswerable"], report["left_out"]) == (1, 1)
    assert report["answerable"] is not None
    assert report["answerable"]["questions"] == 3
    assert report["answerable"]["exact_match"] == pytest.approx((2 + lost["exact_match"]) / 3)
    assert report["by_kind"]["configuration"]["exact_match"] == 1.0
    assert report["answerable"]["hit"]["5"] == report["answerable"]["read"] == pytest.approx(2 / 3)
    assert report["stages"]["right"] == 2
    assert report["stages"]["not released"] == 1
    assert report["citations"]["valid"] == 1.0
    assert report["citations"]["recall"] == pytest.approx(2 / 3)
    assert report["not_found_at_least"] is not None
    assert report["not_found_at_least"]["refused"] == 1.0
    assert 0 < report["milliseconds"]["p50"] <= report["milliseconds"]["p95"]
    assert report["cpu_milliseconds"]["mean"] > 0


def test_squads_form_asks_the_same_of_the_whole_release(release: Release, mini: Reader, tmp_path: Path) -> None:
    context = "The keystone was cut by *Ada Mason*, and lies in the arch."
    assert context in COPY
    question = {
        "id": "1", "question": "Who cut the keystone?",
        "answers": [{"text": "Ada Mason", "answer_start": context.index("Ada")}],
    }  # fmt: skip
    file = tmp_path / "squad.json"
    file.write_text(json.dumps({"data": [{"paragraphs": [{"context": context, "qas": [question]}]}]}))
    report = verbs.evaluate_answers(file, [release], model=mini)
    assert report["answerable"] is not None
    assert (report["answerable"]["exact_match"], report["answerable"]["hit"]["5"]) == (1.0, 1.0)
    assert report["not_found"] is None
    assert report["citations"]["precision"] == 0.5  # the other place is not of the set


def test_whatever_a_reader_says_its_stage_is_told_and_citations_are_valid(
    release: Release, small: Path, labelled: Path, tmp_path: Path
) -> None:
    report = verbs.evaluate_answers(labelled, [release], model=small, least=0, rows=tmp_path / "rows.jsonl")
    assert report["citations"]["valid"] == 1.0
    assert sum(report["stages"].values()) == 3
    for row in map(json.loads, (tmp_path / "rows.jsonl").read_text().splitlines()):
        if row["stage"] == "span differs":
            assert row["answer_rank"] == 1
        if row["stage"] == "ranked below":
            assert row["answer_rank"] > 1
        if row["stage"] == "no span":
            assert row["answer_rank"] is None
            assert row["piece_rank"] is not None


def test_only_files_of_where_are_asked(release: Release, mini: Reader, labelled: Path, tmp_path: Path) -> None:
    verbs.evaluate_answers(labelled, [release], model=mini, where="file:history", limit=1, rows=tmp_path / "rows.jsonl")
    (row,) = map(json.loads, (tmp_path / "rows.jsonl").read_text().splitlines())
    assert [place.partition(":")[0] for place in row["places"]] == ["/history.md"]
    rows = [{**ROWS[0], "where": "file:guide"}]
    labelled.write_text(json.dumps(rows))
    verbs.evaluate_answers(labelled, [release], model=mini, where="lang:markdown", rows=tmp_path / "rows.jsonl")
    (row,) = map(json.loads, (tmp_path / "rows.jsonl").read_text().splitlines())
    assert [place.partition(":")[0] for place in row["places"]] == ["/guide.rst"]
    assert "Ada Mason" in GUIDE


def test_what_cannot_be_measured_is_refused(release: Release, small: Path, labelled: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"rows\.jsonl cannot be written: No such file"):
        verbs.evaluate_answers(labelled, [release], model=small, limit=1, rows=tmp_path / "no" / "rows.jsonl")
    labelled.write_text(json.dumps(ROWS[3]))
    with pytest.raises(UsageError, match=r"the releases have no repository .* \(pypi:nobody==1 is the first\)"):
        verbs.evaluate_answers(labelled, [release], model=small)
    with pytest.raises(ReleaseError):
        verbs.evaluate_answers(labelled, [tmp_path / "none"], model=small)
