"""The rows that detection is held to: their names and bounds, in order. Knows not how any is measured.

A section measures a row and hands it over as `bounded(name, value)`; `python -m benchmarks.detection` prints these rows
first, and one that no section measured as missing.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.harness import Figure

#: The labelled files, which are no part of the repository.
LABELLED: Final = Path(os.environ.get("DRYSTONE_LABELLED", Path(__file__).parents[2].parent / "shared" / "data"))


@dataclass(frozen=True)
class Row:
    """One row: the section that measures it, and its bounds; `lower` where less is better."""

    name: str
    section: str
    at_least: float
    aim: float
    lower: bool = False


ROWS: Final = (
    *(
        Row(f"cases: {name}", "cases", 0.95, 1.0)
        for name in ("licenses", "secrets", "languages", "encodings", "notebooks", "near_duplicates")
    ),
    Row("permissive text with a restriction: seen", "licenses", 0.95, 0.99),
    Row("plain SPDX texts with another holder: named", "licenses", 0.962, 1.0),
    Row("licence texts: right", "licenses", 0.94, 0.96),
    Row("licence texts: wrong", "licenses", 0.03, 0.02, lower=True),
    Row("licence text, CPU time", "licenses", 1.28, 1.15, lower=True),
    Row("secrets: recall", "secrets", 0.92, 0.95),
    Row("secrets: precision", "secrets", 0.95, 0.97),
    Row("passwords in carriers: found", "secrets", 0.85, 0.95),
    Row("false secrets per 1,000 innocent files", "secrets", 0.3, 0.1, lower=True),
    Row("scan of clean code, one core", "secrets", 200, 223),
    Row("languages: files with names", "languages", 0.955, 0.97),
    Row("languages: nothing to go by, answered wrongly", "languages", 0.05, 0.02, lower=True),
    Row("languages: labelled files, one core", "languages", 75_600, 84_000),
    Row("encodings: legacy files of 40 comments, right", "encodings", 145, 150),
)  # fmt: skip
_BY_NAME: Final = {row.name: row for row in ROWS}


def bounded(name: str, value: float, unit: str = "", note: str = "") -> Figure:
    """Return the figure of a row; its bounds stand in `ROWS`, and a name that does not is a `KeyError`."""
    known = _BY_NAME[name]
    return Figure(known.name, value, unit, known.at_least, known.aim, known.lower, note)


def in_order(figures: Iterable[Figure], sections: Sequence[str]) -> list[Figure]:
    """Return the rows of `sections` first and in order, those not measured as NaN, then all other figures."""
    found = list(figures)
    measured = {figure.name: figure for figure in found if figure.name in _BY_NAME}
    rows = [
        measured.get(known.name) or bounded(known.name, math.nan, note="not measured")
        for known in ROWS
        if known.section in sections
    ]
    return [*rows, *(figure for figure in found if figure.name not in _BY_NAME)]
