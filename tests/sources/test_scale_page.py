"""The page on scale against the rates that lie beside the script that computes it."""

from __future__ import annotations

import json

from benchmarks.software_heritage import scale


def test_the_tables_are_those_of_the_measured_rates() -> None:
    records = [json.loads(path.read_text()) for path in (scale.RATES, scale.ORIGIN_RATES, scale.BUILD_RATES)]
    rates = records[0]
    found = scale.tables(*records)
    text = scale.PAGE.read_text()
    assert scale.page(text, found) == text, "run `python -m benchmarks.software_heritage.scale --write`"
    for record in records[:2]:
        assert record["paths"] == record["expected"]
    assert rates["rows"]["directory_entry"] >= 50_000_000
    assert (rates["origins"], rates["engine"], rates["workers"]) == (10_000, "ray", 2)
