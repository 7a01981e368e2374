"""What each licence asks of those who pass code on: attribution, notice, sharing alike, patents. Facts, not advice.

From facts/obligations.json; for licences it does not list, from the category that ScanCode LicenseDB gives them.
What neither tells stays "unknown".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, Literal, TypedDict

from drystone.detect.licenses.categories import categories

YesNoUnknown = Literal["yes", "no", "unknown"]
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Obligations:
    """What one licence asks.

    `attribution`: name the authors (keep copyright lines). `notice`: pass the licence's text on. `share_alike`: "none",
    or what must stay under the same licence: "file", "library", "work", "network" (also over a network), or "unknown".
    `patent`: "grant", "excluded", "not mentioned", "no express grant", or "unknown". `limits`: uses it forbids.
    `category`: ScanCode LicenseDB's, or "unknown". `redistribution`: whether the licence lets anyone pass the code on.
    """

    attribution: YesNoUnknown
    notice: YesNoUnknown
    share_alike: str
    patent: str
    limits: tuple[str, ...]
    category: str
    redistribution: YesNoUnknown


class _Facts(TypedDict):
    """facts/obligations.json: what licences ask, by SPDX identifier."""

    no_attribution: list[str]
    share_alike: dict[str, str]
    patent: dict[str, list[str]]
    limits: dict[str, list[str]]


@cache
def _facts() -> _Facts:
    record: _Facts = json.loads(files("drystone.policy").joinpath("facts/obligations.json").read_bytes())
    return record


@cache
def obligations(name: str) -> Obligations:
    """Return what the licence `name` asks: an SPDX identifier, or a pair "A WITH B", which asks no more than A."""
    base, _, exception = name.partition(" WITH ")
    facts = _facts()
    category = categories().get(base, UNKNOWN)
    free = category in {"Permissive", "Copyleft", "Copyleft Limited", "Public Domain"}
    asks: YesNoUnknown = UNKNOWN
    if base in facts["no_attribution"] or category == "Public Domain":
        asks = "no"
    elif free:
        asks = "yes"
    share = facts["share_alike"].get(base)
    if share is None:
        share = {"Permissive": "none", "Public Domain": "none"}.get(category, UNKNOWN)
    elif exception and share == "work":
        share = "library"  # linking exceptions free what links, not the code itself
    patent = next((answer for answer, ids in facts["patent"].items() if base in ids), UNKNOWN)
    limits = tuple(facts["limits"].get(base, ()))
    return Obligations(
        attribution=asks,
        notice=asks,
        share_alike=share,
        patent=patent,
        limits=limits,
        category=category,
        redistribution="yes" if free or (limits and "CC-BY" in base) else UNKNOWN,
    )
