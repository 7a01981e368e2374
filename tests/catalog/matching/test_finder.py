from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from drystone.catalog.importing.imported import Imported
from drystone.catalog.matching import LONGEST, MOST, finder
from drystone.catalog.matching.encoder import HOW, SentenceEncoder
from drystone.catalog.matching.finder import ArtifactFinder
from drystone.catalog.matching.records import Seeker
from drystone.catalog.matching.tables import VECTORS
from drystone.catalog.passports.texts import kept_by_hash
from drystone.catalog.shelf.shelf import Shelf
from drystone.errors import UsageError
from tests.catalog.passports.made import TEXT, does, known, passport

READER = Imported(
    passport(
        "manual-reader",
        known("license", "MIT"),
        capabilities=[does("answer.manuals", name="answers questions from a manual", intents=["ask a manual"])],
    ),
    kept_by_hash([TEXT]),
)


def test_a_search_is_counted_and_what_came_of_it_is_shown_with_the_next(place: str, encoder: SentenceEncoder) -> None:
    with Shelf(place, make=True) as shelf:
        shelf.add(READER)
        found = ArtifactFinder(shelf, encoder).find("answer questions from a manual offline", seeker=Seeker("me"))
        best = found.hits[0]
        assert (best.artifact, best.capability) == ("manual-reader", "answer.manuals")
        assert (found.method, found.notes, best.confidence.matched) == ("words and vectors", (), 0)
        assert best.token is not None
        again = ArtifactFinder(shelf, encoder)
        assert again.report(best.token, success=True) == "manual-reader"
        known_now = again.find("ask a manual").hits[0]
        assert (known_now.confidence.matched, known_now.confidence.reports, known_now.token) == (1, 1, None)
        assert again.counted() == (1, 1)


def test_vectors_are_computed_once_and_a_new_passport_is_found(place: str, encoder: SentenceEncoder) -> None:
    class Counted:
        name = encoder.name
        texts = 0

        def vectors(self, texts: list[str]) -> object:
            self.texts += len(texts)
            return encoder.vectors(texts)

    counted = Counted()
    with Shelf(place, make=True) as shelf:
        searches = ArtifactFinder(shelf, counted)  # type: ignore[arg-type]
        searches.find("ask a manual")
        first, counted.texts = counted.texts, 0
        shelf.add(READER)
        searches._looked = 0.0  # as if some seconds had gone by
        assert searches.find("ask a manual").hits[0].artifact == "manual-reader"
        assert 1 < counted.texts < first
        counted.texts = 0
        again = ArtifactFinder(shelf, counted).find("ask a manual")  # type: ignore[arg-type]
        assert (again.hits[0].artifact, counted.texts) == ("manual-reader", 1)
        assert shelf.engine is not None
        with shelf.engine.connect() as connection:
            assert connection.execute(sa.select(sa.func.count()).select_from(VECTORS)).scalar_one() > first


def test_without_an_encoder_words_are_compared_and_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finder, "installed_encoder", lambda: None)  # as where the package is not installed
    with Shelf() as shelf:
        found = ArtifactFinder(shelf).find("answer questions from a text", seeker=Seeker("me"))
        assert found.method == "words alone"
        assert HOW in found.notes[0]
        assert "searches are not counted" in found.notes[1]
        assert (found.record, found.hits[0].token, ArtifactFinder(shelf).counted()) == (None, None, None)
        with pytest.raises(UsageError, match="not counted"):
            ArtifactFinder(shelf).report("x", success=True)


def test_a_catalog_that_cannot_be_written_to_is_searched_all_the_same(tmp_path: Path, encoder: SentenceEncoder) -> None:
    place = tmp_path / "catalog.sqlite"
    with Shelf(place, make=True) as shelf:
        shelf.add(READER)
    with Shelf(f"sqlite:///file:{place}?mode=ro&uri=true") as shelf:
        found = ArtifactFinder(shelf, encoder).find("ask a manual", seeker=Seeker("me"))
    assert (found.hits[0].artifact, found.record) == ("manual-reader", None)
    assert "cannot be written to" in found.notes[0]


@pytest.mark.parametrize(
    ("query", "limit", "said"),
    [
        (" \n", 10, "is empty"),
        ("x" * (LONGEST + 1), 10, "at most 500"),
        ("x", 0, "from 1 to"),
        ("x", MOST + 1, "limit"),
    ],
)
def test_what_cannot_be_searched_is_named(query: str, limit: int, said: str, encoder: SentenceEncoder) -> None:
    with Shelf() as shelf, pytest.raises(UsageError, match=said):
        ArtifactFinder(shelf, encoder).find(query, limit=limit)


@pytest.mark.parametrize(
    "query", ["\x00\x1b[31m", "'; DROP TABLE catalog_searches; --", "\ud800", "🧱" * 100, "(" * 400]
)
def test_hostile_queries_are_searched_as_any(query: str, tmp_path: Path, encoder: SentenceEncoder) -> None:
    with Shelf(tmp_path / "c.sqlite", make=True) as shelf:
        searches = ArtifactFinder(shelf, encoder)
        found = searches.find(query, seeker=Seeker("me", keep_query=True))
        assert found.record is not None
        assert searches.counted() == (1, 1)
