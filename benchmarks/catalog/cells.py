"""The cells of passports: each with its status and evidence, its quotes found again, and no unknown one that is 0."""

from __future__ import annotations

from benchmarks.harness import Figure
from drystone.catalog.passports.passport import Fact
from drystone.catalog.passports.texts import find_quotes
from drystone.catalog.shelf.shelf import Shelf


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
        Figure("unknowns shown as 0", None, "", 0, lower_is_better=True, note="not measured yet"),
    ]


def _is_whole(fact: Fact) -> bool:
    """Return whether what is claimed shows evidence, and what is not known says what would settle it."""
    if fact.status == "not_applicable":
        return True
    if fact.status == "unknown":
        return fact.settled_by is not None
    return all(claim.evidence for claim in fact.claims)
