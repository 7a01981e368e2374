"""Entities that are one: precision and recall on 500 labelled pairs.

`duplicates.jsonl` has 250 pairs that are one thing and 250 that are two. The names are those of real models, datasets
and packages; the situations are made of them: another spelling, owner or address, the same bytes by another name; and
sizes, versions, quantised copies, forks, namesakes, near names of packages. The labels follow from how a pair was made.
Constants were chosen on the part `tune`; the figure is that of the part `held_out`, whose names are others.
"""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.harness import Figure
from drystone.catalog.duplicates.same import same_entity
from drystone.catalog.passports.passport import Identity

PAIRS = Path(__file__).parent / "duplicates.jsonl"


def figures(quick: bool) -> list[Figure]:
    """Return precision and recall over the pairs that were held out; `maybe` is taken for two."""
    pairs = [json.loads(line) for line in PAIRS.read_text("utf-8").splitlines()]
    judged = [(pair["part"], pair["same"], _is_one(pair)) for pair in pairs]
    held_out = [(same, said) for part, same, said in judged if part == "held_out"]
    every = [(same, said) for _, same, said in judged]
    found = []
    for what, rate, at_least, aim in (("precision", _precision, 0.98, 0.99), ("recall", _recall, 0.93, 0.97)):
        note = f"{len(held_out)} held out; {rate(every):.3f} of all {len(every)}"
        name = f"duplicate entities, {what} on 500 labelled pairs"
        found.append(Figure(name, rate(held_out), "", at_least, aim, note=note))
    return found


def _is_one(pair: dict[str, dict[str, object]]) -> bool:
    one, other = (Identity.model_validate_json(json.dumps(pair[each])) for each in ("one", "other"))
    return same_entity(one, other).verdict == "one"


def _precision(judged: list[tuple[bool, bool]]) -> float:
    said = [same for same, said in judged if said]
    return sum(said) / len(said)


def _recall(judged: list[tuple[bool, bool]]) -> float:
    said = [said for same, said in judged if same]
    return sum(said) / len(said)
