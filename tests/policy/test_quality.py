"""Each threshold from both sides: at the limit a file stays, beyond it the drop names measure, value and limit."""

from __future__ import annotations

from typing import Any

import pytest

from drystone.policy.decision import Drop, Reason
from drystone.policy.quality import Measures, QualityPolicy, judge_quality

PLAIN = Measures(40, 79, 31.5, 0.6, 0.7, 0, 0.0, says_generated=False)


def judged(language: str, name: str = "wall.py", policy: QualityPolicy | None = None, **measures: Any) -> Drop | None:
    return judge_quality(policy or QualityPolicy(), language, name, PLAIN._replace(**measures), generated=False)


@pytest.mark.parametrize(
    ("language", "measure", "at", "beyond", "reason"),
    [
        ("Python", "num_lines", 100_000, 100_001, Reason.TOO_MANY_LINES),
        ("Python", "avg_line_length", 100.0, 100.5, Reason.LONG_AVERAGE_LINE),
        ("Python", "max_line_length", 1000, 1001, Reason.LONG_LINE),
        ("Markdown", "max_line_length", 100_000, 100_001, Reason.LONG_LINE),
        ("Python", "alpha_fraction", 0.25, 0.2, Reason.FEW_LETTERS),
        ("WebAssembly", "alphanum_fraction", 0.25, 0.2, Reason.FEW_LETTERS),
        ("Python", "encoded_longest", 1024, 1025, Reason.ENCODED_DATA),
        ("Python", "encoded_fraction", 0.5, 0.6, Reason.ENCODED_DATA),
        ("YAML", "num_lines", 512, 513, Reason.LONG_DATA_FILE),
    ],
)
def test_limits(language: str, measure: str, at: float, beyond: float, reason: Reason) -> None:
    assert judged(language, **{measure: at}) is None
    drop = judged(language, **{measure: beyond})
    assert drop is not None
    assert drop.reason is reason
    assert drop.evidence == {measure: beyond, "limit": at}


def test_languages_of_long_lines_and_of_digits_are_exempt_from_the_usual_limit() -> None:
    assert judged("Markdown", avg_line_length=5000.0, max_line_length=5000) is None
    assert judged("WebAssembly", alpha_fraction=0.0) is None


@pytest.mark.parametrize(
    ("characters", "fraction", "measure"),
    [(99, 0.9, "visible_characters"), (5000, 0.1, "visible_fraction"), (100, 0.2, None)],
)
def test_html_needs_something_to_see(characters: int, fraction: float, measure: str | None) -> None:
    drop = judged("HTML", visible_characters=characters, visible_fraction=fraction)
    assert (drop is None) == (measure is None)
    if drop is not None:
        assert drop.reason is Reason.LITTLE_VISIBLE_TEXT
        assert measure in drop.evidence


@pytest.mark.parametrize(
    ("name", "kept"),
    [("README.txt", True), ("requirements-dev.txt", True), ("CMakeLists.txt", True), ("words.txt", False)],
)
def test_plain_text_stays_where_its_name_says_that_it_is_documentation(name: str, kept: bool) -> None:
    drop = judged("Text", name)
    assert (drop is None) == kept
    assert kept or drop == Drop(Reason.PLAIN_TEXT, {"name": name})


def test_generated_files_go_by_their_name_or_their_first_lines_unless_the_policy_lets_them() -> None:
    by_rule = judge_quality(QualityPolicy(), "C", "parser.tab.c", PLAIN, generated=True)
    assert by_rule == Drop(Reason.GENERATED, {"by": "rule"})
    assert judged("C", says_generated=True) == Drop(Reason.GENERATED, {"by": "first lines"})
    assert judged("C", policy=QualityPolicy(drop_generated=False), says_generated=True) is None


def test_an_empty_file_is_empty_before_it_is_anything_else() -> None:
    assert judged("C", num_lines=0, says_generated=True, alpha_fraction=0.0) == Drop(Reason.EMPTY)


def test_the_profile_off_objects_to_nothing() -> None:
    assert judged("C", policy=QualityPolicy(profile="off"), num_lines=0, max_line_length=10**9) is None
