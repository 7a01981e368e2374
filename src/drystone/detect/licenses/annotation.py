"""What licence detection finds in one text, as plain data, and its compact JSON for a Parquet column.

Knows nothing of repositories or policies; lines count from 1 and include their end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

import orjson

#: Where a licence was found: a licence text, package metadata, a README's statement, a notice file, a file's own head.
Kind = Literal["text", "metadata", "readme", "notice", "header"]

#: Below this confidence a finding goes to review.
REVIEW_LIMIT: Final = 0.75

#: A text that was looked at in part only.
TRUNCATED: Final = "truncated"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One finding: which SPDX expression, on which lines, by which rule, with which confidence (0 to 1)."""

    expression: str
    start_line: int
    end_line: int
    rule: str
    confidence: float


@dataclass(frozen=True, slots=True)
class LicenseAnnotation:
    """The licence of one text.

    `expression`: SPDX expression over all findings; None where the text names no licence that could be told.
    `conflict`: why the findings contradict each other (a tag and a text that differ), else None.
    `unanswered`: the text speaks of licensing, but in words no rule knows; such texts go to ScanCode and to review.
    `copyrights`: copyright lines as written, in order, each once. `text_sha256`: hash of the words that licence
    detection compares (not of the bytes), the key of the review queue; empty where there was nothing to compare.
    `notes`: "truncated" where only the first part was read, or what is broken in a metadata file.
    """

    expression: str | None
    kind: Kind
    evidence: tuple[Evidence, ...] = ()
    conflict: str | None = None
    unanswered: bool = False
    copyrights: tuple[str, ...] = ()
    text_sha256: str = ""
    notes: tuple[str, ...] = field(default=())

    @property
    def confidence(self) -> float:
        """The smallest confidence of the findings; 0 where nothing was found."""
        return min((e.confidence for e in self.evidence), default=0.0)

    @property
    def needs_review(self) -> bool:
        """Whether a person should look: unanswered, conflicting, or under the confidence limit."""
        return self.unanswered or self.conflict is not None or (bool(self.evidence) and self.confidence < REVIEW_LIMIT)


def dumps(annotation: LicenseAnnotation) -> str:
    """Return the annotation as one line of JSON, short keys left out where they are empty."""
    record: dict[str, object] = {"x": annotation.expression, "k": annotation.kind}
    if annotation.evidence:
        record["e"] = [
            (e.expression, e.start_line, e.end_line, e.rule, round(e.confidence, 4)) for e in annotation.evidence
        ]
    for key, value in (
        ("c", annotation.conflict),
        ("u", annotation.unanswered),
        ("r", annotation.copyrights),
        ("h", annotation.text_sha256),
        ("n", annotation.notes),
    ):
        if value:
            record[key] = value
    return orjson.dumps(record).decode()


def loads(text: str | bytes) -> LicenseAnnotation:
    """Return the annotation that `dumps` wrote. Raises `ValueError` for anything else."""
    try:
        record = orjson.loads(text)
        return LicenseAnnotation(
            expression=record["x"],
            kind=record["k"],
            evidence=tuple(Evidence(*row) for row in record.get("e", ())),
            conflict=record.get("c"),
            unanswered=record.get("u", False),
            copyrights=tuple(record.get("r", ())),
            text_sha256=record.get("h", ""),
            notes=tuple(record.get("n", ())),
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a licence annotation: {error}") from None
