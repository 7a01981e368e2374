"""The labelled questions of answers are whole and kept apart, and their checker sees what is wrong."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from benchmarks.answers import check
from benchmarks.answers.questions import KINDS, QUESTIONS, Gold, Question, questions, settings

from drystone.building.settings import load_settings

FILES = {"docs/a.md": b"The default is 80.\nThe port is 80, always.\n"}
GOLD = Gold("docs/a.md", 15, 17, "80", "default is 80.")
ASKED = Question("a-01", "pypi:a==1", "tune", "code", "Which port?", (GOLD,), ())
UNANSWERED = ASKED._replace(answers=(), absent=("telnet",))


def test_splits_have_no_package_in_common_and_name_what_their_settings_build() -> None:
    seen: list[str] = []
    for split in ("tune", "held_out"):
        built = {source.spec for source in load_settings(settings(split))[1]}
        assert {one.source for one in questions(split)} == built
        seen += [spec.partition("==")[0] for spec in built]
    assert len(seen) == len(set(seen))


def test_enough_questions_of_every_kind_are_held_out_and_a_fifth_has_no_answer() -> None:
    held_out = questions("held_out")
    assert len(held_out) >= 200
    assert set(Counter(one.kind for one in held_out)) == set(KINDS)
    for split in ("tune", "held_out"):
        part = questions(split)
        assert 0.2 <= sum(not one.answerable for one in part) / len(part) <= 0.23
    assert (
        len({one.question.lower() for one in questions()}) == len({one.id for one in questions()}) == len(questions())
    )


def test_a_question_that_does_not_name_its_package_is_asked_of_it_alone() -> None:
    def plain(text: str) -> str:
        return re.sub(r"[-_.]+", " ", text.lower())

    for row in map(json.loads, QUESTIONS.read_text("utf-8").splitlines()):
        package = plain(row["source"].removeprefix("pypi:").partition("==")[0]).rstrip("0123456789")
        named = package in plain(row["question"])
        assert row.get("where") == (None if named else f'repo:"{row["source"]}"'), row["id"]


def test_right_labels_have_no_problems() -> None:
    assert list(check.problems([ASKED, UNANSWERED], FILES)) == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (ASKED._replace(answers=(GOLD._replace(start=14),)), "has not '80' at bytes 14 to 17"),
        (ASKED._replace(answers=(GOLD._replace(end=16, text="8"),)), "is a piece of a word"),
        (ASKED._replace(answers=(GOLD._replace(path="b.md"),)), "no file b.md"),
        (ASKED._replace(answers=(GOLD._replace(context="is 80"),)), "does not stand once"),
        (ASKED._replace(answers=(GOLD._replace(context="The port"),)), "does not stand once"),
        (ASKED._replace(answers=()), "needs either answers or words"),
        (ASKED._replace(kind="poem"), "kind 'poem' is unknown"),
        (UNANSWERED._replace(absent=("ALWAYS",)), "'ALWAYS' is not absent"),
    ],
)
def test_wrong_labels_are_named(asked: Question, said: str) -> None:
    (problem,) = check.problems([asked], FILES)
    assert problem.startswith("a-01: ")
    assert said in problem


def test_a_release_must_hold_one_place_of_each_answer() -> None:
    texts = {("pypi:a==1", "docs/a.md"): FILES["docs/a.md"].decode()}
    assert list(check.missing([ASKED, UNANSWERED], texts)) == []
    assert list(check.missing([ASKED], {})) == ["a-01: the release holds none of its 1 places"]


def test_a_row_that_says_answerable_without_answers_is_refused(tmp_path: Path) -> None:
    rows = tmp_path / "questions.jsonl"
    rows.write_text('{"id": "a-01", "split": "tune", "answerable": true, "answers": []}\n')
    with pytest.raises(ValueError, match="a-01: answerable is True, with 0 answers"):
        questions(path=rows)


@pytest.mark.network
@pytest.mark.slow
def test_every_label_stands_in_the_pinned_archives() -> None:
    assert check.main([]) == 0
