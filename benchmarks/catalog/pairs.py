"""Comparing: of pairs without a shared job how many are refused, and of pairs that share one how many are not.

`pairs.jsonl` holds 50 pairs of each kind, written for this: artifacts with one to six capabilities, of the vocabulary
(`@id`) or in words of their own (name, then intents). The threshold of likeness was chosen on the half called
`tuning`; the other half was not looked at for it.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from benchmarks.harness import Figure
from drystone.catalog.comparing.compare import compare_passports
from drystone.catalog.importing.imported import with_always
from drystone.catalog.passports.passport import Capability, Identity, Passport
from drystone.catalog.passports.vocabulary import jobs

FILE = Path(__file__).with_name("pairs.jsonl")


class Judged(NamedTuple):
    """A pair with what `compare` made of it."""

    half: str
    shared: bool
    refused: bool
    text: str


def figures(quick: bool) -> list[Figure]:
    """Return both figures over all pairs, with the held-out half beside them."""
    found = judged()
    right = Counter(one.half for one in found if not one.shared and one.refused)
    wrong = Counter(one.half for one in found if one.shared and one.refused)
    of = Counter((one.half, one.shared) for one in found)
    return [
        Figure(
            "pairs without a shared job refused, of 50", right.total(), "pairs", 48, 50,
            note=f"held out: {right['held out']} of {of['held out', False]}",
        ),
        Figure(
            "false refusals, of 50 pairs that share a job", wrong.total(), "pairs", 2, 0, lower_is_better=True,
            note=f"held out: {wrong['held out']} of {of['held out', True]}",
        ),
    ]  # fmt: skip


def judged() -> list[Judged]:
    """Compare every pair of the file."""
    found = []
    for line in FILE.read_text("utf-8").splitlines():
        row = json.loads(line)
        state = compare_passports([_artifact("one", row["one"]), _artifact("other", row["other"])]).state
        found.append(Judged(row["half"], row["shared"], state == "no_shared_job", line))
    return found


def _artifact(name: str, capabilities: list[str | list[str]]) -> Passport:
    made = [_capability(f"{name}.{at}", said) for at, said in enumerate(capabilities)]
    identity = Identity(kind="dataset", name=name, title=name, description=name)
    return Passport(artifact=identity, capabilities=tuple(made), facts=with_always([], "nobody"))


def _capability(id: str, said: str | list[str]) -> Capability:
    if isinstance(said, str):
        job = jobs()[said.removeprefix("@")]
        return Capability(id=said.removeprefix("@"), name=job.name, description=job.name, intents=job.intents)
    name, *intents = said
    return Capability(id=id, name=name, description=name, intents=tuple(intents))
