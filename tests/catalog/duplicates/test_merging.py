"""Two that are one: both names are kept, what they say differently is disputed, and nothing is lost."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from drystone.catalog.importing.imported import Imported
from drystone.catalog.matching.records import MatchRecords, Seeker
from drystone.catalog.matching.shapes import ArtifactHit
from drystone.catalog.passports.texts import kept_by_hash
from drystone.catalog.ranking.book import RankBook
from drystone.catalog.ranking.ranking import dispute, rank_shelf
from drystone.catalog.shelf.shelf import Shelf
from drystone.catalog.verbs import find_duplicates, merge_artifacts
from drystone.errors import UsageError
from tests.catalog.passports import made


@pytest.fixture
def place(tmp_path: Path) -> str:
    facts = {
        "rockcoderdata": [made.known("size.text_bytes", 250, unit="bytes"), made.unknown("contents")],
        "rockcoder-data": [
            made.known("size.text_bytes", 783, unit="bytes"), made.known("contents", "inline"),
            made.known("license", "other"),
        ],
        "other-data": [],
    }  # fmt: skip
    with Shelf(tmp_path / "c.sqlite", make=True) as shelf:
        for name, given in facts.items():
            passport = made.passport(name, *given, kind="dataset", capabilities=[made.does(f"code.{name[:4]}")])
            shelf.add(Imported(passport, kept_by_hash([made.TEXT])))
        assert shelf.engine is not None
        dispute(shelf, "rockcoder-data", "size.text_bytes", "It is 250, and not 783.", "https://example.org/size")
        RankBook(shelf.engine).answer(1, "As the link shows.", "ada", date(2026, 11, 30), uphold=True)
        records = MatchRecords(shelf.engine)
        hits = [ArtifactHit("rockcoder-data", "dataset", "x", None, None, 1.0, ())]
        records.report(records.token(records.record("code", "", hits, Seeker("a")), "rockcoder-data"), success=True)
    return str(tmp_path / "c.sqlite")


def test_two_that_are_one(place: str) -> None:
    (pair,) = find_duplicates(catalog=place)
    assert (pair.one, pair.other, pair.found.verdict) == ("rockcoder-data", "rockcoderdata", "one")
    before = merge_artifacts(pair.other, pair.one, catalog=place, dry_run=True)
    assert find_duplicates(catalog=place) == [pair], "a dry run changes nothing"
    assert merge_artifacts(pair.other, pair.one, catalog=place) == before
    assert find_duplicates(catalog=place) == []
    with Shelf(place) as shelf:
        found = shelf.get("rockcoder-data")
        assert found == shelf.get("rockcoderdata") == before
        assert found.artifact.name == "rockcoderdata"
        size, contents, license = (found.fact(name) for name in ("size.text_bytes", "contents", "license"))
        assert size is not None
        assert [claim.value for claim in size.claims] == [250, 783]
        assert size.status == "disputed"
        assert contents is not None
        assert contents.status == "known"
        assert license is not None
        assert license.status == "known"
        ranking = rank_shelf(shelf)
        assert ranking.upheld == {("rockcoderdata", "size.text_bytes")}
        assert len(RankBook(shelf.engine).disputes(found.artifact)) == 1
        assert sum(ranking.outcomes["rockcoderdata"]) == pytest.approx(1, abs=0.01), "its votes are kept"


def test_what_cannot_be_one(place: str) -> None:
    for kept, other, said in (
        ("rockcoderdata", "distilbert-base-cased-distilled-squad", "they cannot be one"),
        ("rockcoderdata", "the-stack-v2", "comes with the program and stays"),
        ("rockcoderdata", "rockcoderdata", "is named twice"),
        ("rockcoderdata", "nobody", "no artifact of this name"),
    ):
        with pytest.raises(UsageError, match=said):
            merge_artifacts(kept, other, catalog=place)
