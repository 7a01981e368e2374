"""The texts of a passport that searches look at, and what of its facts filters need. Knows no index."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from drystone.catalog.passports.intervals import NOWHERE, fact_ends
from drystone.catalog.passports.passport import Capability, Fact, Passport, text_of
from drystone.catalog.passports.vocabulary import fact_kind, jobs

#: Characters of a sentence that are read for its meaning; the rest only changes it little.
_LONGEST: Final = 400
#: How much a word counts for by where it stands, beside one in a description.
_NAME, _INTENT, _OTHER, _FACT = 1.5, 1.5, 1.0, 0.3


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text that has one meaning, and what it is of: "name", "intent", "description"."""

    text: str
    of: str


@dataclass(frozen=True, slots=True)
class MatchEntry:
    """A capability of an artifact, or the artifact itself (`capability` None): what can be found.

    `words`: texts by what a word in them counts for. `sentences`: those whose meaning is compared.
    """

    capability: str | None
    name: str | None
    words: tuple[tuple[float, str], ...]
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Entries:
    """What is searched of one artifact. `facts`: those that filters look at, by name.

    `judged`: between which numbers the facts lie that tell who does a job better, by name; more is better in all. What
    is unknown, or in another unit, is not there.
    """

    artifact: str
    kind: str
    title: str
    facts: dict[str, Fact]
    entries: tuple[MatchEntry, ...]
    judged: dict[str, tuple[float, float]] = field(default_factory=dict)


def entries_of(passport: Passport) -> Entries:
    """Return what of a passport is searched: one entry for the artifact, one for each capability."""
    artifact = passport.artifact
    facts = {fact.name: fact for fact in passport.facts if _filters(fact.name)}
    names = " ".join([artifact.title, artifact.name, *artifact.aliases])
    said = " ".join(f"{fact_kind(fact.name).title} {text_of(fact)}" for fact in passport.facts if fact.claims)
    own = MatchEntry(
        None, None,
        ((_NAME, names), (_OTHER, artifact.description), (_FACT, said)),
        (Sentence(_cut(f"{_spelt(artifact.title)}: {artifact.description}"), "description"),),
    )  # fmt: skip
    return Entries(
        artifact.name,
        artifact.kind,
        artifact.title,
        facts,
        (own, *(_entry(one) for one in passport.capabilities)),
        judged_of(passport),
    )


def judged_of(passport: Passport) -> dict[str, tuple[float, float]]:
    """Return `Entries.judged` of an artifact."""
    does = (jobs().get(one.id) for one in passport.capabilities)
    names = {name for job in does if job is not None for name in job.judged_by}
    found = {}
    for fact in passport.facts:
        kind = fact_kind(fact.name) if fact.name in names else None
        if kind is None or kind.better is None or any(claim.unit != kind.unit for claim in fact.claims):
            continue
        low, high = fact_ends(fact, kind.questions)
        if (low, high) != NOWHERE:
            found[fact.name] = (low, high) if kind.better == "more" else (-high, -low)
    return found


def _entry(capability: Capability) -> MatchEntry:
    more = [*capability.best_for, *capability.requirements, *capability.inputs, *capability.outputs]
    return MatchEntry(
        capability.id, capability.name,
        (
            (_NAME, capability.name), (_INTENT, " ".join(dict.fromkeys(capability.intents))),
            (_OTHER, capability.description), (_FACT, " ".join(more)),
        ),
        tuple(_distinct(_sentences(capability))),
    )  # fmt: skip


def _sentences(capability: Capability) -> Iterator[Sentence]:
    yield Sentence(_cut(capability.name), "name")
    for intent in capability.intents:
        yield Sentence(_cut(intent), "intent")
    yield Sentence(_cut(f"{capability.name}. {capability.description}"), "description")


def _distinct(sentences: Iterator[Sentence]) -> Iterator[Sentence]:
    seen = set()
    for one in sentences:
        if one.text not in seen:
            seen.add(one.text)
            yield one


def _filters(name: str) -> bool:
    return name in {"license", "price", "offline"} or name.startswith("languages.")


def _spelt(title: str) -> str:
    """Return a title as words: a name's signs between them mean nothing."""
    return re.sub(r"[-_./]+", " ", title)


def _cut(text: str) -> str:
    return " ".join(text.split())[:_LONGEST]
