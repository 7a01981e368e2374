"""What resolving gives, as plain data. Knows no catalog and no face."""

from __future__ import annotations

from dataclasses import dataclass

from drystone.catalog.matching.shapes import MatchReason


@dataclass(frozen=True, slots=True)
class Invocation:
    """A program that has the artifact do it: in which language, its text, what must be installed or there before.

    `checked`: this program's tests run it as it stands, but for the place of the artifact.
    """

    language: str
    text: str
    requires: tuple[str, ...]
    checked: bool


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another artifact, and why it was not chosen."""

    artifact: str
    title: str
    lost: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """The artifact that does what was asked for.

    `capability`: its URI, `capability://ID`. `place`: where it lies here (a folder, or an installed reader's
    name); None where it must be got first. `fit` and `reasons` are there where an intent was asked for. `why`: in a
    sentence. `invocation`: None where no program is known for this job.
    """

    asked: str
    artifact: str
    kind: str
    title: str
    capability: str
    capability_name: str
    place: str | None
    fit: float | None
    reasons: tuple[MatchReason, ...]
    why: str
    invocation: Invocation | None
    alternatives: tuple[Alternative, ...]
    notes: tuple[str, ...]
