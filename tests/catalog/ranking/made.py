"""Artifacts for ranks, made in code."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from drystone.catalog.passports.passport import Passport
from drystone.catalog.passports.reading import json_of, read_passport
from drystone.catalog.ranking.gathering import gather
from drystone.catalog.ranking.outcomes import AllOutcomes
from drystone.catalog.ranking.rank import RankedKind, rank
from drystone.catalog.ranking.scoring import Scoring, find_scoring
from tests.catalog.passports.made import known, plain

DAY = date(2026, 11, 30)
F1 = "quality.squad_v1_1.f1"


def reader(name: str, *facts: dict[str, Any], day: str | None = None) -> Passport:
    given = plain(name, *facts)
    given["artifact"]["versions"] = [{"name": "1", "date": day}] if day else []
    return read_passport(json.dumps(given).encode(), name)


def measured(name: str, value: object, unit: str | None = None, **more: object) -> dict[str, Any]:
    return known(name, value, unit=unit, basis="measured", method={"name": "by hand", "version": "1"}, **more)


def whole_reader(name: str, f1: float, **more: object) -> Passport:
    """Return a reader of which everything is measured but matches."""
    return reader(
        name,
        measured("adoption.downloads", 10_000, "downloads"),
        measured("adoption.likes", 100, "likes"),
        measured(F1, f1, "%", low=f1, high=f1, **more),
        measured("quality.squad_v1_1.em", 80.0, "%", low=80.0, high=80.0),
        measured("quality.no_answer.auc", 0.75),
        measured("quality.documentation.f1", 50.0, "%"),
        measured("speed.pairs_per_second", 100, "pairs/s"),
        measured("formats", "safetensors, ONNX"),
        measured("window", 512, "tokens"),
        day="2026-11-30",
    )


def ranked(
    *passports: Passport, outcomes: AllOutcomes | None = None, scoring: Scoring | None = None, upheld: Any = ()
) -> RankedKind:
    chosen = scoring or find_scoring()
    gathered = gather(map(json_of, passports), chosen, DAY, outcomes or {}, upheld)
    return rank(gathered, chosen)[passports[0].artifact.kind]
