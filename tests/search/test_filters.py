from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from drystone.search import filters
from drystone.search.query import QueryError, Term


@pytest.mark.parametrize(
    ("asked", "found"),
    [("2015", [False, True, False]), ("0000-2015", [False, True, False]), ("0000", [False] * 3)],
)
def test_a_year_that_is_unknown_is_in_no_range(asked: str, found: list[bool]) -> None:
    rows: Any = SimpleNamespace(years=np.array([0, 2015, 2020], np.int16))
    assert filters.years(Term("year", asked))(rows).tolist() == found


def test_an_expression_too_long_to_compare_is_refused_at_once() -> None:
    hostile = " AND ".join(f"(a{n} OR b{n})" for n in range(2000))
    start = time.process_time()
    with pytest.raises(QueryError, match="at most 4,000 characters"):
        filters.license_(Term("license", hostile, "quoted"), hostile)
    assert time.process_time() - start < 2
