"""Ranks of earlier days and disputes, in SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import date

import pytest

from drystone.catalog.ranking.book import MOST_OPEN_OF_FACT, RankBook
from drystone.catalog.ranking.ranking import dispute, rank_shelf
from drystone.catalog.ranking.scoring import find_scoring
from drystone.catalog.shelf.shelf import Shelf
from drystone.errors import UsageError

NAME, FACT = "distilbert-base-cased-distilled-squad", "quality.squad_v1_1.f1"
LINK = "https://example.org/shows-it"
DAYS = date(2026, 11, 29), date(2026, 11, 30)


def test_days_and_versions_are_kept_side_by_side(place: str) -> None:
    with Shelf(place, make=True) as shelf:
        book = RankBook(shelf.engine)
        reader = shelf.get(NAME).artifact
        assert book.history(reader) == []
        for day in DAYS:
            for version in ("1", "2", "2"):
                found = rank_shelf(shelf, version, day=day)
                book.keep(found.kinds, found.scoring, day)
        kept = RankBook(shelf.engine).history(reader)
        assert [(one.day, one.version) for one in kept] == [
            ("2026-11-30", "2"), ("2026-11-30", "1"), ("2026-11-29", "2"), ("2026-11-29", "1"),
        ]  # fmt: skip
        now = rank_shelf(shelf, "2", day=DAYS[1]).kinds["reader"].find(NAME)
        assert now is not None
        assert (kept[0].low, kept[0].high, kept[0].known) == pytest.approx((now.low, now.high, now.known))
        assert kept[0].artifacts == sum(one.artifact.kind == "reader" for one in shelf.passports())


def test_a_dispute_moves_a_rank_once_it_is_upheld(place: str) -> None:
    with Shelf(place, make=True) as shelf:
        before = rank_shelf(shelf).kinds["reader"].find(NAME)
        assert before is not None
        kept = dispute(shelf, NAME, FACT, "The card says 87.1.", LINK)
        assert dispute(shelf, NAME, FACT, " The card says 87.1. ", LINK) == kept, "the same is kept once"
        assert rank_shelf(shelf).kinds["reader"].find(NAME) == before
        book = RankBook(shelf.engine)
        answered = book.answer(kept.number, "As the link shows.", "me", DAYS[1], uphold=True)
        assert answered == book.disputes(shelf.get(NAME).artifact)[0]
        assert answered.state == "upheld"
        after = rank_shelf(shelf)
        row = after.kinds["reader"].find(NAME)
        assert row is not None
        assert row.low < before.low
        assert row.high > before.high, "unknown, not 0"
        said = {one.measure.fact: one.said for one in after.explain(shelf.get(NAME)).measures}
        assert "A dispute about it was upheld" in said[FACT]
        book.answer(kept.number, "On second thoughts.", "me", DAYS[1], uphold=False)
        assert rank_shelf(shelf).kinds["reader"].find(NAME) == before


def test_disputes_that_are_none(place: str) -> None:
    with Shelf(place, make=True) as shelf:
        for words, link, fact, said in (
            ("short", LINK, FACT, "Say what is wrong, in 10 to 2,000 characters"),
            ("x" * 2001, LINK, FACT, "Say what is wrong"),
            ("It is not so.", "javascript:alert(1)", FACT, "begins with https"),
            ("It is not so.", "https://", FACT, "begins with https"),
            ("It is not so.", "https://me:secret@example.org", FACT, "begins with https"),
            ("It is not so.", "https://example.org/\x1b[31m", FACT, "begins with https"),
            ("It is not so.", LINK, "no.such", "has no fact 'no.such'"),
        ):
            with pytest.raises(UsageError, match=said):
                dispute(shelf, NAME, fact, words, link)
        with pytest.raises(UsageError, match="no artifact of this name"):
            dispute(shelf, "nothing", FACT, "It is not so.", LINK)
        book = RankBook(shelf.engine)
        assert book.disputes() == []
        for number in range(MOST_OPEN_OF_FACT):
            dispute(shelf, NAME, FACT, f"It is not so, {number}.", LINK)
        with pytest.raises(UsageError, match="wait for an answer"):
            dispute(shelf, NAME, FACT, "It is not so at all.", LINK)
        with pytest.raises(UsageError, match="there is no dispute of this number"):
            book.answer(99, "As the link shows.", "me", DAYS[1], uphold=True)
        with pytest.raises(UsageError, match="say why"):
            book.answer(1, "no", "me", DAYS[1], uphold=True)


def test_without_a_database_nothing_is_kept() -> None:
    with Shelf() as shelf:
        book, found = RankBook(shelf.engine), rank_shelf(shelf)
        assert not book.writable
        assert book.history(shelf.get(NAME).artifact) == []
        assert book.upheld() == frozenset()
        for act in (
            lambda: book.keep(found.kinds, find_scoring(), DAYS[0]),
            lambda: book.dispute(NAME, FACT, "It is not so.", LINK, DAYS[0]),
        ):
            with pytest.raises(UsageError, match="no catalog is named"):
                act()
