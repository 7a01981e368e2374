"""Ranking 100,000 artifacts anew: read from the database, scored, put in their order; and unknowns in ranks."""

from __future__ import annotations

import hashlib
import json
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from benchmarks.harness import Figure
from drystone.catalog.passports.reading import json_of, read_passport
from drystone.catalog.ranking.ranking import rank_shelf
from drystone.catalog.ranking.scoring import scorings
from drystone.catalog.shelf.builtin import builtin_passports
from drystone.catalog.shelf.shelf import Shelf
from drystone.catalog.shelf.tables import ARTIFACTS

_SEED = 3


def figures(quick: bool) -> list[Figure]:
    """Return the processor time for 100,000 passports (or for 5,000, times 20) of the size of the program's own."""
    many = 5_000 if quick else 100_000
    with tempfile.TemporaryDirectory() as folder, Shelf(Path(folder) / "catalog.sqlite", make=True) as shelf:
        assert shelf.engine is not None
        size = 0
        with shelf.engine.begin() as connection:
            for rows in _rows(many):
                connection.execute(sa.insert(ARTIFACTS), rows)
                size += sum(len(row["passport"]) for row in rows)
        began = time.process_time()
        found = rank_shelf(shelf)
        for ranked in found.kinds.values():
            ranked.rows(100)
        seconds = (time.process_time() - began) * 100_000 / many
    ranked_in_all = sum(map(len, found.kinds.values()))
    assert ranked_in_all >= many
    note = f"processor time; {ranked_in_all:,} passports of {size / many / 1000:.1f} kB"
    return [
        Figure("100,000 artifacts ranked anew", seconds, "s", 10, 3, lower_is_better=True, note=note),
        _unknowns(),
    ]


def _unknowns() -> Figure:
    """Return how many measures without a known fact count as less than everything from nothing to all."""
    wrong = every = 0
    with Shelf() as shelf:
        for version in scorings():
            found = rank_shelf(shelf, version)
            for passport in shelf.passports():
                for one in found.explain(passport).measures:
                    if one.fact is None or not one.fact.claims:
                        unknown = one.measure.of_passport or one.value.startswith("unknown")
                        every += unknown
                        wrong += unknown and (one.low != 0 or abs(one.high - one.points) > 1e-9)
    return Figure("unknowns that count as 0 in ranks", wrong, "", 0, lower_is_better=True, note=f"{every:,} unknowns")


def _rows(many: int) -> Iterator[list[dict[str, object]]]:
    """Yield rows of the table of artifacts: the program's passports under other names, with other numbers in them."""
    draws = random.Random(_SEED)
    plain = [json.loads(json_of(passport)) for passport in builtin_passports().values()]
    for start in range(0, many, 1000):
        rows: list[dict[str, object]] = []
        for number in range(start, min(many, start + 1000)):
            one = json.loads(json.dumps(plain[number % len(plain)]))
            one["artifact"].update(name=f"artifact-{number}", title=f"Artifact {number}", aliases=[])
            for fact in one["facts"]:
                for claim in fact.get("claims", ()):
                    if isinstance(claim["value"], float):
                        claim["value"] = round(claim["value"] * draws.uniform(0.5, 1), 3)
                        claim.pop("low", None), claim.pop("high", None)
            data = json.dumps(one).encode()
            if number < len(plain):
                read_passport(data, "made")  # what is ranked are passports
            digest = hashlib.sha256(data).hexdigest()
            rows.append(
                {"name": f"artifact-{number}", "kind": one["artifact"]["kind"], "passport": data, "sha256": digest}
            )
        yield rows
