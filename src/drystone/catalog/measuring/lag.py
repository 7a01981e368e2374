"""How long requests waited until a version of a release was without what they name. Reads the registry's log."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import datetime

from drystone.registry import Event


def optout_lags(log: Iterable[Event], roots: Collection[str]) -> list[int]:
    """Return for each request that was applied to versions with these root hashes how many days it took, sorted.

    From the day on which the request was received to that on which the first of these versions was made without it.
    """
    received: dict[str, datetime] = {}
    days: dict[str, int] = {}
    for event in log:
        if event.request is None:
            continue
        at = datetime.fromisoformat(event.at)
        if event.kind == "received":
            received.setdefault(event.request, at)
        elif event.kind == "applied" and json.loads(event.body)["release_root"] in roots and event.request in received:
            days.setdefault(event.request, (at.date() - received[event.request].date()).days)
    return sorted(days.values())
