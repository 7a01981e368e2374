from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from drystone.catalog.matching.records import BUSY, VALID, MatchRecords, Seeker
from drystone.catalog.matching.shapes import ArtifactHit
from drystone.catalog.matching.tables import SEARCHES
from drystone.catalog.shelf.shelf import Shelf
from drystone.errors import UsageError

HITS = [ArtifactHit(name, "reader", name, None, None, 0.5, ()) for name in ("one", "two")]
ME = Seeker("me")


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def records(place: str, clock: Clock) -> Iterator[MatchRecords]:
    with Shelf(place, make=True) as shelf:
        assert shelf.engine is not None
        yield MatchRecords(shelf.engine, clock)


def test_searches_count_once_a_day_for_each_who_asks_and_bots_never(records: MatchRecords, clock: Clock) -> None:
    records.record("answer questions", "", HITS, ME)
    records.record("Answer  questions", "", HITS, ME)  # again
    records.record("answer questions", "free", HITS, ME)  # other filters
    records.record("answer questions", "", HITS[:1], Seeker("you"))
    records.record("answer questions", "", HITS, Seeker("it", agent="Somebot/2.1"))
    assert records.counted() == (5, 3)
    assert [records.confidences(["one", "two", "three"])[name].matched for name in ("one", "two", "three")] == [3, 2, 0]
    clock.now += 86_400
    records.record("answer questions", "", HITS, ME)
    assert records.confidences(["one"])["one"].matched == 4


def test_who_asks_more_than_people_do_is_a_bot(records: MatchRecords, clock: Clock) -> None:
    for number in range(BUSY + 5):
        records.record(f"query {number}", "", HITS, ME)
    assert records.counted() == (BUSY + 5, BUSY)
    clock.now += 61
    records.record("a pause later", "", HITS, ME)
    assert records.counted() == (BUSY + 6, BUSY + 1)


def test_words_are_kept_only_by_leave_and_who_asked_never(records: MatchRecords) -> None:
    records.record("a secret plan", "", HITS, Seeker("zora@example.org"))
    records.record("an open plan", "", HITS, Seeker("zora@example.org", keep_query=True))
    with records._engine.connect() as connection:
        rows = connection.execute(sa.select(SEARCHES)).mappings().all()
    assert sorted(str(row["query"]) for row in rows) == ["None", "an open plan"]
    everything = " ".join(str(dict(row)) for row in rows)
    assert "secret" not in everything
    assert "zora" not in everything  # hex digits, of which ids are, cannot spell it


def test_one_person_reports_two_hundred_times_and_counts_once(records: MatchRecords) -> None:
    searches = [records.record(f"query {number}", "", HITS, ME) for number in range(10)]
    for search in searches * 20:
        records.report(records.token(search, "one"), success=True)
    found = records.confidences(["one", "two"])
    assert (found["one"].reports, found["one"].mean) == (1, pytest.approx(2 / 3, abs=1e-3))
    assert (found["two"].reports, found["two"].mean) == (0, None)
    other = records.record("query", "", HITS, Seeker("you"))
    records.report(records.token(other, "one"), success=True)
    records.report(records.token(other, "one"), success=False)  # the last counts
    found = records.confidences(["one"])
    assert (found["one"].reports, found["one"].mean) == (2, pytest.approx(1 / 2, abs=1e-3))
    robot = records.record("query", "", HITS, Seeker("it", agent="a crawler"))
    records.report(records.token(robot, "one"), success=False)
    assert records.confidences(["one"])["one"].reports == 2


def test_only_the_catalogs_own_tokens_report_and_not_for_ever(records: MatchRecords, clock: Clock) -> None:
    token = records.token(records.record("query", "", HITS, ME), "one")
    for wrong in ("", "x", token[:-1] + "0123"[token[-1] == "0"], token.replace(".one.", ".two."), token * 1000):
        with pytest.raises(UsageError, match="token: is none"):
            records.report(wrong, success=True)
    assert records.report(token, success=True) == "one"
    clock.now += (VALID + 1) * 86_400
    with pytest.raises(UsageError, match="older than 30 days"):
        records.report(token, success=True)


def test_a_catalog_keeps_its_key(records: MatchRecords, clock: Clock) -> None:
    token = records.token(records.record("query", "", HITS, ME), "one")
    assert MatchRecords(records._engine, clock).report(token, success=True) == "one"
