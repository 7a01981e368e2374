"""The cells of passports: each with its status and evidence, its quotes found again, and no unknown one that is 0."""

from __future__ import annotations

import json
import tempfile
from itertools import combinations
from pathlib import Path
from typing import get_args

from selectolax.lexbor import LexborHTMLParser
from tests.release.sample import FACTS, sample_rows, write_sample

from benchmarks.harness import Figure
from drystone.catalog.comparing.compare import compare_passports
from drystone.catalog.papers import PaperForm
from drystone.catalog.papers.making import make_paper
from drystone.catalog.passports.passport import Fact, Passport
from drystone.catalog.passports.texts import find_quotes
from drystone.catalog.shelf.shelf import Shelf
from drystone.release.read import open_release
from drystone.web.drawing.leaflets import write_catalog

#: What stands for a value that nobody knows.
_WORDS = ("unknown", "not applicable")


def figures(quick: bool) -> list[Figure]:
    """Return the shares over all passports that come with the program."""
    with Shelf() as shelf:
        passports = list(shelf.passports())
        cells = [fact for passport in passports for fact in passport.facts]
        quotes = [one for passport in passports for one in find_quotes(passport, shelf.texts(passport))]
    whole = sum(map(_is_whole, cells))
    stand = sum(one.state == "stands" for one in quotes)
    cells_note, quotes_note = (f"{len(of):,} of {len(passports)} passports" for of in (cells, quotes))
    return [
        Figure("cells with status and evidence", 100 * whole / len(cells), "%", 100, note=cells_note),
        Figure("quotes found again by hash", 100 * stand / len(quotes), "%", 100, note=quotes_note),
        *_unknown_as_0(passports),
    ]


def _unknown_as_0(passports: list[Passport]) -> list[Figure]:
    """Count facts that nobody knows and that are shown as anything but a word: on pages, in texts, JSON and papers."""
    unknown = wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "site"
        write_catalog(site, [(passport, []) for passport in passports])
        for passport in passports:
            shown = _values((site / f"{passport.artifact.name}.html").read_text("utf-8"), "Value")
            plain = json.loads((site / f"{passport.artifact.name}.json").read_bytes())["facts"]
            for fact, on_page, in_json in zip(passport.facts, shown, plain, strict=True):
                if not fact.claims:
                    unknown += 3
                    wrong += (on_page not in _WORDS) + (fact.text not in _WORDS) + ("claims" in in_json)
        for one, other in combinations(passports, 2):
            found = compare_passports([one, other])
            cells = [cell for row in found.facts for cell in zip(row.cells, row.texts, strict=True)]
            shown = _values((site / _pair(one, other)).read_text("utf-8"), one.artifact.title, other.artifact.title)
            for (cell, text), on_page in zip(cells, shown[-len(cells) :], strict=True):
                if cell is None or not cell.claims:
                    unknown += 2
                    wrong += (text not in _WORDS) + (on_page not in _WORDS)
        papers, invented = _papers(Path(folder) / "release")
    note = f"{unknown + papers:,} places: pages, texts, JSON, papers of a release that was told nothing"
    return [Figure("unknowns shown as 0", wrong + invented, "", 0, lower_is_better=True, note=note)]


def _pair(one: Passport, other: Passport) -> str:
    return "--vs--".join(sorted((one.artifact.name, other.artifact.name))) + ".html"


def _values(html: str, *labels: str) -> list[str]:
    """Return what the cells under some heads show before a click."""
    cells = LexborHTMLParser(html).css("td")
    chosen = [cell for cell in cells if cell.attributes.get("data-label") in labels]
    return [(cell.css_first("summary, span") or cell).text().strip() for cell in chosen]


def _papers(folder: Path) -> tuple[int, int]:
    """Return how many fields stay open in the papers of a release without registry, and how many say 0 all the same."""
    rows = [row for row in sample_rows() if row.repository == "own/special"]
    write_sample(folder, rows, FACTS.model_copy(update={"registry_head": None, "url": None, "date": None}))
    made = [make_paper(open_release(folder), form, "2026-11-30") for form in get_args(PaperForm)]
    zero = sum(
        "0 repositories were left out" in one.text or '"drystone:repositoriesOptedOut"' in one.text for one in made
    )
    return sum(len(one.left_open) for one in made), zero


def _is_whole(fact: Fact) -> bool:
    """Return whether what is claimed shows evidence, and what is not known says what would settle it."""
    if fact.status == "not_applicable":
        return True
    if fact.status == "unknown":
        return fact.settled_by is not None
    return all(claim.evidence for claim in fact.claims)
