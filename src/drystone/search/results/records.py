"""Results as plain data for JSON, one shape for the command line, the web and Python (docs/search.md).

A field may be added; none changes its meaning or goes without a new number in `FORMAT`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, Literal

from typing_extensions import TypedDict  # pydantic describes these, and takes typing's own from Python 3.12 on only

if TYPE_CHECKING:
    from drystone.search.occurrences.shapes import FoundOccurrence, LedgerResult, LostFile
    from drystone.search.results.found import Found, Line, SearchResult

#: The version of these shapes, which the last record names.
FORMAT: Final = 1


class LineRecord(TypedDict):
    """A line: `spans` are characters in `text`, `bytes` the same ones in the file's text; without any it is context.

    `column` is where `text` begins in the line, in characters from 0: another one only where `cut` says that not all of
    the line is here.
    """

    number: int
    text: str
    column: int
    spans: list[tuple[int, int]]
    bytes: list[tuple[int, int]]
    cut: bool


class PlaceRecord(TypedDict):
    """Another place of the same bytes, kept or dropped for `reason`."""

    origin: str
    path: str
    kept: bool
    reason: str | None


class LostRecord(TypedDict):
    """That a later version has a file no more: by what, in words, and what its ledger says (docs/search.md)."""

    version: str
    by: str
    text: str
    stage: str | None
    reason: str | None
    evidence: Any
    path: str | None
    swhid: str | None


class FileRecord(TypedDict):
    """A file that matches: where it is from, how it may be used, its first lines that match; `more`: more do.

    `occurrences` counts the places of its bytes in the release; `lost` is of files of an older version.
    """

    kind: Literal["file"]
    release: str
    version: str
    root: str
    origin: str
    repository: str
    path: str
    language: str | None
    license: str | None
    swhid: str
    flags: list[str]
    why: str
    lines: list[LineRecord]
    more: bool
    occurrences: int
    places: list[PlaceRecord]
    lost: LostRecord | None


class SummaryRecord(TypedDict):
    """How many files match: `total`, all there are if `exact`, else at most `at_most_more` more for `reason`."""

    kind: Literal["summary"]
    format: int
    query: str
    total: int
    exact: bool
    at_most_more: int
    reason: str | None
    seconds: float
    notes: list[str]


def records(answer: SearchResult) -> Iterator[FileRecord | SummaryRecord]:
    """Yield each file that was found, then the summary."""
    yield from map(file_record, answer)
    yield summary_record(answer)


def file_record(found: Found) -> FileRecord:
    """Return a file that was found as plain data."""
    return {
        "kind": "file", "release": found.release, "version": found.version, "root": found.root,
        "origin": found.origin, "repository": found.repository, "path": found.path, "language": found.language,
        "license": found.license, "swhid": found.swhid, "flags": list(found.flags), "why": found.why,
        "lines": [_line(line) for line in found.lines], "more": found.more,
        "occurrences": found.occurrences,
        "places": [
            {"origin": each.origin, "path": each.path, "kept": each.kept, "reason": each.reason}
            for each in found.places
        ],
        "lost": _lost(found.lost) if found.lost is not None else None,
    }  # fmt: skip


def summary_record(answer: SearchResult) -> SummaryRecord:
    """Return the counts of an answer as plain data; they are right once its files have been gone through."""
    return {
        "kind": "summary", "format": FORMAT, "query": answer.query, "total": answer.files, "exact": answer.exact,
        "at_most_more": answer.at_most, "reason": answer.reason, "seconds": round(answer.seconds, 4),
        "notes": list(answer.notes),
    }  # fmt: skip


def _lost(lost: LostFile) -> LostRecord:
    return {
        "version": lost.version, "by": lost.by, "text": lost.text, "stage": lost.stage, "reason": lost.reason,
        "evidence": lost.evidence, "path": lost.path, "swhid": lost.swhid,
    }  # fmt: skip


def _line(line: Line) -> LineRecord:
    return {
        "number": line.number, "text": line.text, "column": line.column, "spans": list(line.spans),
        "bytes": list(line.byte_spans), "cut": line.cut,
    }  # fmt: skip


class OccurrenceRecord(TypedDict):
    """An occurrence of the ledger: where it lies, whether it is in, at which stage and why that was decided.

    `lines` are the first of its text that match, where the query asks for text; `more`: more do.
    """

    kind: Literal["occurrence"]
    release: str
    version: str
    origin: str
    repository: str
    path: str
    language: str | None
    license: str | None
    swhid: str | None
    decision: str
    stage: str
    reason: str | None
    evidence: Any
    kept_path: str | None
    kept_swhid: str | None
    similarity: float | None
    lines: list[LineRecord]
    more: bool


class LedgerSummaryRecord(SummaryRecord):
    """As `SummaryRecord`, of occurrences; `without_text` may match, but their text is not in the release."""

    without_text: int


def ledger_records(answer: LedgerResult) -> Iterator[OccurrenceRecord | LedgerSummaryRecord]:
    """Yield each occurrence that was found, then the summary."""
    yield from map(occurrence_record, answer)
    yield ledger_summary_record(answer)


def occurrence_record(found: FoundOccurrence) -> OccurrenceRecord:
    """Return an occurrence as plain data."""
    return {
        "kind": "occurrence", "release": found.release, "version": found.version, "origin": found.origin,
        "repository": found.repository, "path": found.path, "language": found.language, "license": found.license,
        "swhid": found.swhid, "decision": found.decision, "stage": found.stage, "reason": found.reason,
        "evidence": found.evidence, "kept_path": found.kept_path, "kept_swhid": found.kept_swhid,
        "similarity": found.similarity, "lines": [_line(line) for line in found.lines], "more": found.more,
    }  # fmt: skip


def ledger_summary_record(answer: LedgerResult) -> LedgerSummaryRecord:
    """Return the counts of an answer of the ledger as plain data."""
    return {
        "kind": "summary", "format": FORMAT, "query": answer.query, "total": answer.occurrences,
        "exact": answer.exact, "at_most_more": answer.at_most, "reason": answer.reason,
        "seconds": round(answer.seconds, 4), "notes": list(answer.notes), "without_text": answer.without_text,
    }  # fmt: skip
