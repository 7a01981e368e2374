"""The page on scale against the rates that lie beside the script that computes it."""

from __future__ import annotations

import json

from benchmarks.software_heritage import scale


def test_the_tables_are_those_of_the_measured_rates() -> None:
    rates = json.loads(scale.RATES.read_text())
    found = scale.tables(rates, json.loads(scale.BUILD_RATES.read_text()))
    text = scale.PAGE.read_text()
    assert scale.page(text, found) == text, "run `python -m benchmarks.software_heritage.scale --write`"
    assert rates["paths"] == rates["expected"]
    assert rates["rows"]["directory_entry"] >= 50_000_000
    assert (rates["origins"], rates["engine"], rates["workers"]) == (10_000, "ray", 2)
