from __future__ import annotations

import numpy as np

from drystone.catalog.passports.reading import json_of
from drystone.catalog.ranking.gathering import gather
from drystone.catalog.ranking.outcomes import Outcomes
from drystone.catalog.ranking.scoring import NEWEST, OUTCOMES, find_scoring
from tests.catalog.ranking.made import DAY, F1, measured, reader


def test_cells_stand_where_their_artifact_and_measure_are() -> None:
    passports = [
        reader("one", measured(F1, 80.0, "%", low=79.0, high=81.0), day="2026-11-20"),
        reader("two", measured("formats", "safetensors, ONNX")),
    ]
    votes = {"two": Outcomes(3, 0), "nobody": Outcomes(9, 9), "one": Outcomes(0, 0)}
    scoring = find_scoring()
    found = gather(map(json_of, passports), scoring, DAY, votes)["reader"]
    at = {measure.fact: column for column, measure in enumerate(scoring.reader.measures)}
    assert found.names == ["one", "two"]
    assert (found.low[0, at[F1]], found.high[0, at[F1]]) == (79, 81)
    assert found.low[0, at[NEWEST]] == 10
    assert found.low[1, at["formats"]] == 2
    assert found.high[1, at[OUTCOMES]] == 1
    assert np.isnan(found.low).sum() == found.low.size - 4, "the rest is unknown, not 0"
    assert not gather([], scoring, DAY, {})["dataset"].names


def test_what_was_found_wrong_is_unknown() -> None:
    given = [json_of(reader("one", measured(F1, 80.0, "%")))]
    found = gather(given, find_scoring(), DAY, {}, {("one", F1)})["reader"]
    assert np.isnan(found.low).all()
