"""The limits of calls agree with each other and with what the rooms take."""

from __future__ import annotations

from typing import get_args

import pytest

from drystone.errors import UsageError
from drystone.mcp import limits
from drystone.mcp.settings import PLACES
from drystone.search.query import parse


def test_what_is_given_by_default_can_be_asked_for() -> None:
    assert limits.FILES <= limits.MOST_FILES
    assert limits.LINES <= limits.MOST_LINES
    assert limits.ANSWERS <= limits.MOST_ANSWERS


def test_every_client_that_can_be_named_has_a_place_for_its_settings() -> None:
    assert set(get_args(limits.Client)) == set(PLACES)


def test_a_query_that_is_let_in_is_one_that_search_reads() -> None:
    assert parse("x" * limits.QUERY)
    with pytest.raises(UsageError):
        parse("(" * limits.QUERY)
