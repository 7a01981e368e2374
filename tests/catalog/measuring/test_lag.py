"""How long requests waited, from a registry's log."""

from __future__ import annotations

import json
from pathlib import Path

import drystone
from drystone.catalog.measuring.lag import optout_lags
from drystone.registry import Event
from tests.release.sample import write_sample


def event(kind: str, request: str, day: int, **body: object) -> Event:
    return Event(day, f"2026-11-{day:02}T23:00:00+00:00", kind, request, json.dumps(body), "", "")


def test_each_request_waits_from_its_day_to_the_first_version_without_it() -> None:
    log = [
        event("received", "a", 1), event("received", "b", 2), event("verified", "a", 3),
        event("applied", "a", 5, release_root="other"), event("applied", "a", 9, release_root="ours"),
        event("applied", "a", 20, release_root="later"), event("applied", "b", 2, release_root="ours"),
        event("applied", "unheard", 9, release_root="ours"),
    ]  # fmt: skip
    assert optout_lags(log, {"ours", "later"}) == [0, 8]
    assert optout_lags(log, {"nobody's"}) == []


def test_a_release_is_measured_with_the_registry_of_its_requests(tmp_path: Path) -> None:
    write_sample(tmp_path / "release")
    found = drystone.measure_dataset(tmp_path / "release", registry=drystone.init_registry(str(tmp_path / "r.sqlite")))
    assert "optouts.lag_days" not in {fact.name for fact in found.facts}, "no request was applied: that is no 0"
