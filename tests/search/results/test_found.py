from __future__ import annotations

import pytest

from drystone.errors import UsageError
from drystone.search.search import Searcher


def test_a_result_has_its_table_while_it_is_gone_through(searcher: Searcher) -> None:
    answer = searcher.search("get_queryset", limit=1)
    assert answer.table().num_rows > 1, "all files, whatever is shown"
    assert len(list(answer)) == 1


def test_what_was_counted_has_no_table(searcher: Searcher) -> None:
    counted, _ = searcher.count("get_queryset")
    with pytest.raises(UsageError, match="search again"):
        counted.table()
