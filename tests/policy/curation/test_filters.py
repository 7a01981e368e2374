"""Filters in SQL: what they may say, and what they come to."""

from __future__ import annotations

import os
import subprocess
import sys

import pyarrow as pa
import pytest

from drystone.errors import UsageError
from drystone.policy.curation.filters import Filters, check_filter, columns

pytest.importorskip("duckdb")


def files(**given: list[object]) -> pa.Table:
    count = len(next(iter(given.values())))
    return pa.table([pa.array(given.get(f.name, [None] * count), f.type) for f in columns()], schema=columns())


@pytest.mark.parametrize(
    "expression",
    [
        "language = 'Python'",
        "num_lines < 3 AND NOT generated -- a remark",
        "path LIKE '%/vendor/%' OR name ILIKE 'test_%' OR regexp_matches(path, '(^|/)old/')",
        "stars IS NULL OR stars BETWEEN 0 AND 2",
        "lower(language) IN ('c', 'c++') AND license_expression IS DISTINCT FROM 'MIT'",
        "CASE WHEN forks > 3 THEN size / 2 > 100 ELSE cast(text_bytes AS DOUBLE) > 1e6 END",
        "coalesce(avg_line_length, 0) > 90 AND revision_date < TIMESTAMP '2015-01-01'",
    ],
)
def test_expressions_over_columns_are_taken(expression: str) -> None:
    check_filter("mine", expression)


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("language =", "is no SQL expression"),
        (" ", "is empty"),
        ("", "is empty"),
        ("true; DROP TABLE files", "is no SQL expression"),
        ("true) AS a, (true", "must be one expression"),
        ("true) AS a FROM read_csv('/etc/passwd') WHERE (true", "must be one expression|no SQL expression"),
        ("true) AS a UNION SELECT (true", "must be one expression"),
        ("(SELECT true)", "subquery is not allowed"),
        ("EXISTS (SELECT * FROM read_text('/etc/passwd'))", "subquery is not allowed"),
        ("row_number() OVER () > 3", "window is not allowed"),
        ("size > (x -> x + 1)", "lambda is not allowed|no SQL|there is no column|function"),
        ("getenv('HOME') = 'x'", "the function getenv is not one"),
        ("random() < 0.5", "the function random is not one"),
        ("repeat('x', 1000000000) = path", "the function repeat is not one"),
        ("main.lower(path) = 'x'", "the function lower is not one"),
        ("content LIKE '%x%'", "there is no column content"),
        ("lines > 3", "there is no column lines; did you mean 'num_lines'"),
        ("files.language = 'C'", "there is no column files.language"),
        ("num_lines", "must be true or false for a file, and is of type BIGINT"),
        ("language > 3 AND size + 'x' > 1", "filter 'mine'"),
        ("1" * 10_001, "10,001 characters"),
        ("$1", "is not allowed"),
        ("*", "is not allowed|no SQL"),
    ],
)
def test_whatever_may_do_more_than_compute_is_refused(expression: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        check_filter("mine", expression)


def test_the_first_filter_that_is_true_is_told_and_unknown_is_not_true() -> None:
    asked = Filters([("tiny", "num_lines < 3"), ("popular", "stars > 10"), ("other", "language <> 'C'")])
    found = asked.first(files(num_lines=[1, 9, 9, 9], stars=[50, 50, None, None], language=["C", "D", "D", None]))
    assert found == [0, 1, 2, None]
    assert asked.first(files(num_lines=[])) == []


def test_a_value_on_which_an_expression_fails_is_told() -> None:
    asked = Filters([("bad", "cast(name AS INTEGER) > 3")])
    with pytest.raises(UsageError, match=r"filters bad: .*Could not convert"):
        asked.first(files(name=["x"]))


def test_no_answer_depends_on_the_time_zone_of_the_host() -> None:
    program = (
        "from drystone.policy.curation.filters import Filters, columns; import pyarrow as pa; "
        "row = {name: None for name in columns().names} | {'path': '2020-01-01 12:00:00'}; "
        "asked = Filters([('noon', \"'2020-01-01 12:00:00+00'::TIMESTAMPTZ::TIMESTAMP = path::TIMESTAMP\")]); "
        "print(asked.first(pa.Table.from_pylist([row], columns())))"
    )
    for zone in ("UTC", "America/New_York"):
        told = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "TZ": zone},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert told.stdout == "[0]\n", told.stderr
