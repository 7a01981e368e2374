"""What is looked for and what is found, as plain data. Knows no index, no database and no face."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

#: What ranked the artifacts: words and sentence vectors, or words alone.
Method = Literal["words and vectors", "words alone"]
Outcome = Literal["success", "failure"]


@dataclass(frozen=True, slots=True)
class MatchFilters:
    """What artifacts must be known to be, besides doing the job; None: whatever they are.

    `license`: an SPDX identifier, or `permissive`. `free`: costs nothing. `offline`: works without a network.
    `language`: a natural or programming language.
    """

    kind: str | None = None
    license: str | None = None
    free: bool = False
    offline: bool = False
    language: str | None = None


@dataclass(frozen=True, slots=True)
class MatchReason:
    """Why an artifact was found: which of its words are those asked for, or which sentence means nearly the same.

    `by`: "words" or "meaning". `text`: the words that it has, or the sentence. `of`: what that stands in (name,
    intent, description of a capability or of the artifact). `value`: its part of the fit, 0 to 1.
    """

    by: Literal["words", "meaning"]
    text: str
    of: str
    value: float


@dataclass(frozen=True, slots=True)
class Confidence:
    """How often it did what was asked for, as people reported: a Beta posterior from the uniform prior.

    `mean`, `low`, `high` (95 %) are None where nobody reported. `reports`: sessions that did; `weight`: what they
    count for now, as old ones count less. `matched`: searches that showed the artifact, without bots and repeats.
    """

    mean: float | None = None
    low: float | None = None
    high: float | None = None
    reports: int = 0
    weight: float = 0.0
    matched: int = 0


@dataclass(frozen=True, slots=True)
class ArtifactHit:
    """An artifact that was found, with the capability that fits best (None: only the artifact's own text does).

    `fit`: 0 to 1. `token`: brings back what came of it; None where searches are not recorded.
    """

    artifact: str
    kind: str
    title: str
    capability: str | None
    capability_name: str | None
    fit: float
    reasons: tuple[MatchReason, ...]
    confidence: Confidence = field(default_factory=Confidence)
    token: str | None = None


@dataclass(frozen=True, slots=True)
class FoundArtifacts:
    """What a search gave, best first.

    `unknown`: artifacts that fit and were left out because nobody knows whether they are what the filters want, by
    filter. `searched`: artifacts looked at. `record`: id of the match record; None where none is kept. `notes`: what
    the reader of the list must know.
    """

    query: str
    hits: tuple[ArtifactHit, ...]
    method: Method
    searched: int
    unknown: dict[str, int]
    record: str | None
    notes: tuple[str, ...]
