"""What the ledger says in answer to a search, as plain data: occurrences, copies of a file, and why a file was lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from drystone._json import Json
    from drystone.search.results.found import Line
    from drystone.search.results.records import LedgerSummaryRecord, OccurrenceRecord

#: How a file that one version has left a later one: `retracted` (its whole repository was taken back), `opted_out` (the
#: file was), `dropped` (by a rule: `reason` and `stage` say which), `duplicate` (another file stands for it now),
#: `changed` (other bytes lie at its path), `moved` (the same bytes lie at another path), `removed` (its repository has
#: it no more), `repository_missing` (its repository is not in the later version).
LostBy = Literal["retracted", "opted_out", "dropped", "duplicate", "changed", "moved", "removed", "repository_missing"]


@dataclass(frozen=True, slots=True)
class FoundOccurrence:
    """One path in one repository, kept or dropped, as the ledger of a release has it.

    `swhid` names the file with origin, anchor, path and the lines that match; None where its bytes were never read.
    `lines` are the first of these, where the query asks for text and the release has it; `more`: more do. `evidence` is
    what the decision rests on. `kept_path` and `kept_swhid` name the file that stands for a duplicate.
    """

    release: str
    version: str
    path: str
    origin: str
    repository: str
    language: str | None
    license: str | None
    swhid: str | None
    decision: str
    stage: str
    reason: str | None
    evidence: Json
    kept_path: str | None
    kept_swhid: str | None
    similarity: float | None
    lines: tuple[Line, ...] = ()
    more: bool = False


@dataclass(slots=True)
class LedgerResult:
    """What a query found in ledgers: an iterator over occurrences, and counts that are right once it has ended.

    `occurrences` matched; with `exact` no more do. Else `at_most` more may, and `reason` says why: "limit" or "time"
    (nobody looked further), or "text". `without_text` counts those that match but for a part of the query that asks
    for the text, which is not in the release: whether they match is not known, so they are not among the results.
    """

    query: str
    results: Iterator[FoundOccurrence] = field(default_factory=lambda: iter(()))
    occurrences: int = 0
    exact: bool = False
    at_most: int = 0
    without_text: int = 0
    reason: str | None = None
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[FoundOccurrence]:
        return self.results

    def records(self) -> Iterator[OccurrenceRecord | LedgerSummaryRecord]:
        """Yield what was found as plain data for JSON: each occurrence, then how many there are (docs/search.md)."""
        from drystone.search.results.records import ledger_records  # noqa: PLC0415  (it stands on this module)

        return ledger_records(self)


@dataclass(frozen=True, slots=True)
class Copies:
    """All occurrences of the same bytes in one release, the kept one first; `total` counts them, and is exact."""

    release: str
    version: str
    swhid: str
    total: int
    places: tuple[FoundOccurrence, ...]


@dataclass(frozen=True, slots=True)
class LostFile:
    """That a later version (`version`) of the release has a file no more, and by what.

    `stage`, `reason` and `evidence` are those of its row in the later ledger, where there is one; `path` and `swhid`
    name what lies at its place, or where it lies, now. `text` says it in a sentence.
    """

    version: str
    by: LostBy
    text: str
    stage: str | None = None
    reason: str | None = None
    evidence: Json = None
    path: str | None = None
    swhid: str | None = None
