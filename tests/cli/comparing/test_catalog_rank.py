"""`drystone catalog rank` and what belongs to it, as commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from drystone.catalog.passports.reading import json_of
from drystone.cli.comparing.catalog import command as catalog
from tests.catalog.ranking.made import whole_reader

READER, FACT = "distilbert-base-cased-distilled-squad", "quality.squad_v1_1.f1"


@pytest.fixture
def place(run: Callable[..., Result], tmp_path: Path) -> str:
    text = "The model reaches an F1 of 87.1 and has 65 million parameters. It is licensed under Apache-2.0.\n"
    from drystone.catalog.importing.imported import Imported
    from drystone.catalog.passports.texts import kept_by_hash
    from drystone.catalog.shelf.shelf import Shelf

    with Shelf(tmp_path / "c.sqlite", make=True) as shelf:
        shelf.add(Imported(whole_reader("rocks", 95.0), kept_by_hash([text])))
    return str(tmp_path / "c.sqlite")


def test_ranks_are_shown_kept_and_seen_by_two_scorings(run: Callable[..., Result], place: str) -> None:
    shown = run(catalog, "rank", "--catalog", place, "--beside", "1", "--keep").output
    lines = [line.split() for line in shown.splitlines()]
    assert ["place", "reader", "rank", "points", "known", "by", "1", "place"] in lines
    (mine,) = [line for line in lines if "rocks" in line]
    places = mine[: mine.index("rocks")]  # how many there are besides is the program's own business
    assert "Scoring 2, on " in shown
    found = json.loads(run(catalog, "rank", "--catalog", place, "--json", "--kind", "reader").output)
    assert {READER, "rocks"} <= {one["name"] for one in found["2"]["reader"]}
    history = run(catalog, "history", "rocks", "--catalog", place).output
    (kept,) = [line.split() for line in history.splitlines() if line[:4].isdigit()]
    assert kept[-1 - len(places) :] == [*places, str(len(found["2"]["reader"]))]
    assert "name the catalog" in str(run(catalog, "rank", "--keep").exception)


def test_every_number_is_explained(run: Callable[..., Result], place: str, tmp_path: Path) -> None:
    said = run(catalog, "explain", READER, "--catalog", place, "--other", "rocks").output
    assert "  “" in said, "the words that it rests on"
    assert f"{FACT}: 50 counts nothing, 95 all." in said
    assert "Unknown counts as everything from nothing to all." in said
    assert "is open. Knowing" in said
    (tmp_path / "new.json").write_bytes(json_of(whole_reader("new", 60.0)))
    among = json.loads(run(catalog, "explain", str(tmp_path / "new.json"), "--catalog", place, "--json").output)
    assert among["rank"]["artifact"]["name"] == "new"
    wrong = run(catalog, "explain", READER, "--catalog", place, "--other", "the-stack-v2")
    assert "they have no order" in str(wrong.exception)


def test_disputes(run: Callable[..., Result], place: str) -> None:
    words = ["--words", "The card says 87.1.", "--link", "https://example.org/card"]
    kept = run(catalog, "dispute", READER, FACT, *words, "--catalog", place)
    assert kept.output == f"dispute 1 of {FACT} of {READER} is kept; it is open\n"
    assert "https://example.org/card" in run(catalog, "disputes", "--catalog", place, "--json").output
    answer = ["answer-dispute", "1", "--uphold", "--words", "The link shows it.", "--moderator", "me"]
    assert run(catalog, *answer, "--catalog", place).output.endswith("is upheld\n")
    shown = run(catalog, "disputes", READER, "--catalog", place).output
    assert "upheld" in shown
    missing = run(catalog, "dispute", READER, "no.such", *words, "--catalog", place)
    assert "has no fact 'no.such'" in str(missing.exception)
