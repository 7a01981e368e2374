"""What the registry and those who use it hand each other, as plain data: no database is needed to hold it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, get_args

#: What a reviewer answers for a text that is no licence.
NO_LICENSE: Final = "NONE"

#: Where a request to opt out is in its life, and what a moderator may say to one.
Status = Literal["received", "verified", "accepted", "partly", "contested", "rejected", "withdrawn"]
STATUSES: Final[tuple[Status, ...]] = get_args(Status)
Outcome = Literal["accepted", "partly", "rejected"]
#: Days until a request must be decided, and then until a release must have applied it: a month, as Article 12 (3) of
#: the General Data Protection Regulation gives for requests of its kind.
DUE_DAYS: Final = 30
#: How one place comes from another.
PlaceKind = Literal["rename", "redirect", "fork"]
PLACE_KINDS: Final[tuple[PlaceKind, ...]] = get_args(PlaceKind)


@dataclass(frozen=True, slots=True)
class Review:
    """One text in the queue: why it waits, what detection made of it, and where it was first seen.

    `evidence` is JSON. `decision` is the newest decision, or None while the text waits.
    """

    text_sha256: str
    cause: str
    expression: str | None = None
    evidence: str = "[]"
    origin: str | None = None
    path: str | None = None
    swhid: str | None = None
    sample: str | None = None
    decision: ReviewDecision | None = None


@dataclass(frozen=True, slots=True)
class ReviewDecision:
    """What a person decided of one text: an SPDX expression or "NONE", who, when (ISO 8601, UTC), and why."""

    text_sha256: str
    expression: str
    reviewer: str
    decided_at: str
    reason: str


@dataclass(frozen=True)
class ReviewSnapshot:
    """Decisions as one build applies them: text hash -> expression or "NONE". Picklable; never changes."""

    items: tuple[tuple[str, str], ...] = ()

    @property
    def decisions(self) -> Mapping[str, str]:
        """The decisions as a read-only mapping."""
        return MappingProxyType(dict(self.items))

    @property
    def sha256(self) -> str:
        """Hash of the decisions; part of what a release's root hash depends on."""
        return hashlib.sha256(json.dumps(self.items, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Applied:
    """What one request made fall in one release: whole repositories, and occurrences elsewhere with their bytes."""

    request: str
    occurrences: int = 0
    bytes: int = 0
    repositories: int = 0
