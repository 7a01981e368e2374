"""What licence detection finds, as plain data, and its compact JSON for a Parquet column.

Knows nothing of policies; lines count from 1 and include their end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from enum import Enum
from typing import Final, Literal

import orjson

#: Where a licence was found: a licence text, package metadata, a README's statement, a notice file, a file's own head;
#: `tree` is what holds for a folder, `file` what holds for one file.
Kind = Literal["text", "metadata", "readme", "notice", "header", "tree", "file"]


class LicenseState(Enum):
    """What a text, a declaration, a folder or a file's head says of the right to use it."""

    #: It names a licence that was understood, be it permissive or not.
    GRANTED = "granted"
    #: It says that others may not copy, change, pass on or use it freely (proprietary, EULA, non-commercial).
    DENIED = "denied"
    #: It speaks of rights in words that no rule knows, or adds conditions to a licence that it names.
    NOT_UNDERSTOOD = "not_understood"
    #: It says nothing about rights.
    ABSENT = "absent"


#: Below this confidence a finding goes to review.
REVIEW_LIMIT: Final = 0.75

#: A text that was looked at in part only.
TRUNCATED: Final = "truncated"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One finding: which SPDX expression, on which lines, by which rule, with which confidence (0 to 1).

    `path` and `swhid` name the file it stands in; both are empty where the finding is about the file at hand, and for
    what a table says (the rule `table`), which has no lines either: they are 0. Words that deny or restrict have no
    expression (""), and a rule that begins with `denied:` or `rider:`.
    """

    expression: str
    start_line: int
    end_line: int
    rule: str
    confidence: float
    path: str = ""
    swhid: str = ""


#: How patterns are written: in REUSE.toml `*` stays within a folder and `**` does not; Debian's `*` matches all.
Globs = Literal["reuse", "debian"]
#: What a pattern says beside what a file says itself, in REUSE's words: only where the file says nothing, both
#: together, or alone. Empty for debian/copyright, which meets a file's head as a folder's licence does.
Precedence = Literal["closest", "aggregate", "override", ""]


@dataclass(frozen=True, slots=True)
class PathRule:
    """What one line of REUSE.toml or of a Debian copyright file says of the files that `pattern` matches.

    `expression`: SPDX expression; None where what stands there is not understood. `line` counts from 1.
    """

    pattern: str
    expression: str | None
    globs: Globs
    precedence: Precedence
    line: int = 1


@dataclass(frozen=True, slots=True)
class LicenseAnnotation:
    """The licence of one text, folder or file.

    `expression`: SPDX expression over all findings; None where no licence was found that could be told.
    `conflict`: why the findings contradict each other (a tag and a text that differ), else None.
    `unanswered`: the text speaks of licensing, but in words no rule knows, or restricts a licence that it names.
    `denied`: the text denies the right to use it freely. Where either is set there is no expression, and the evidence
    tells which words say so (`grounds`).
    `copyrights`: copyright lines as written, in order, each once. `text_sha256`: hash of the words that licence
    detection compares (of the bytes for metadata), the key of the review queue; empty for folders and empty texts.
    `paths`: what REUSE.toml and Debian copyright files say by pattern, relative to the folder they speak for; the last
    pattern that matches a file holds. `notes`: "truncated" where only the first part was read, why a licence file could
    not be read, or what is broken in a metadata file. `points_to`: where metadata says only that the licence stands in
    another file, its path as written; empty where no file is named. `review`: for folders and files, the hashes of the
    texts a person should look at, or has decided on. `precedence` and `adds`: for what a pattern or a `.license` file
    says of one file, how it meets what the file says itself, and which expression holds beside that in any case.
    """

    expression: str | None
    kind: Kind
    evidence: tuple[Evidence, ...] = ()
    conflict: str | None = None
    unanswered: bool = False
    denied: bool = False
    copyrights: tuple[str, ...] = ()
    text_sha256: str = ""
    notes: tuple[str, ...] = ()
    paths: tuple[PathRule, ...] = ()
    points_to: tuple[str, ...] = ()
    review: tuple[str, ...] = ()
    precedence: Precedence = ""
    adds: str | None = None

    @property
    def state(self) -> LicenseState:
        """Which of the four states holds; what denies is stronger than what grants beside it."""
        if self.denied:
            return LicenseState.DENIED
        if self.expression is not None:
            return LicenseState.GRANTED
        return LicenseState.NOT_UNDERSTOOD if self.unanswered else LicenseState.ABSENT

    @property
    def grounds(self) -> tuple[Evidence, ...]:
        """The words that deny or restrict, as evidence without an expression."""
        return tuple(e for e in self.evidence if not e.expression)

    @property
    def confidence(self) -> float:
        """The smallest confidence of the findings; 0 where nothing was found."""
        return min((e.confidence for e in self.evidence), default=0.0)

    @property
    def needs_review(self) -> bool:
        """Whether a person should look: unanswered, conflicting, or under the confidence limit."""
        if self.unanswered or self.denied or self.conflict is not None or self.review:
            return True
        return bool(self.evidence) and self.confidence < REVIEW_LIMIT

    @property
    def cause(self) -> str:
        """Why a person should look, in one word; empty where nobody needs to."""
        if self.conflict is not None:
            return "conflict"
        if self.denied:
            return "denied"
        if self.unanswered:
            return "unanswered"
        return "unsure" if self.needs_review else ""

    @property
    def ids(self) -> tuple[str, ...]:
        """The identifiers of the expression, sorted."""
        return identifiers(self.expression)

    def to_json(self) -> str:
        """Return the annotation as one line of JSON with short keys, left out where they are empty."""
        record: dict[str, object] = {"x": self.expression, "k": self.kind}
        if self.evidence:
            record["e"] = [_row(e) for e in self.evidence]
        for key, value in (
            ("c", self.conflict),
            ("u", self.unanswered),
            ("d", self.denied),
            ("r", self.copyrights),
            ("h", self.text_sha256),
            ("n", self.notes),
            ("p", [astuple(rule) for rule in self.paths]),
            ("f", self.points_to),
            ("w", self.review),
            ("o", self.precedence),
            ("a", self.adds),
        ):
            if value:
                record[key] = value
        return orjson.dumps(record).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> LicenseAnnotation:
        """Return the annotation that `to_json` wrote. Raises `ValueError` for anything else."""
        try:
            record = orjson.loads(text)
            return cls(
                expression=record["x"],
                kind=record["k"],
                evidence=tuple(Evidence(*row) for row in record.get("e", ())),
                conflict=record.get("c"),
                unanswered=record.get("u", False),
                denied=record.get("d", False),
                copyrights=tuple(record.get("r", ())),
                text_sha256=record.get("h", ""),
                notes=tuple(record.get("n", ())),
                paths=tuple(PathRule(*rule) for rule in record.get("p", ())),
                points_to=tuple(record.get("f", ())),
                review=tuple(record.get("w", ())),
                precedence=record.get("o", ""),
                adds=record.get("a"),
            )
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"not a licence annotation: {error}") from None

    def evidence_json(self) -> str:
        """Return the evidence as a JSON list of objects with the fields of a release's `license_evidence` column."""
        return orjson.dumps(
            [
                {
                    "expression": e.expression or None,
                    "swhid": e.swhid or None,
                    "path": e.path or None,
                    "start_line": e.start_line or None,
                    "end_line": e.end_line or None,
                    "rule": e.rule,
                    "confidence": round(e.confidence, 4),
                }
                for e in self.evidence
            ]
        ).decode()


def _row(e: Evidence) -> tuple[object, ...]:
    row = (e.expression, e.start_line, e.end_line, e.rule, round(e.confidence, 4))
    return (*row, e.path, e.swhid) if e.path or e.swhid else row


def identifiers(expression: str | None) -> tuple[str, ...]:
    """Return the licence and exception identifiers of an SPDX expression, sorted."""
    if expression is None:
        return ()
    return tuple(sorted(set(re.findall(r"[\w.+:-]+", expression)) - {"AND", "OR", "WITH"}))


def families(expression: str | None) -> frozenset[str]:
    """Return the identifiers without "-only" and "-or-later"."""
    return frozenset(re.sub(r"-only$|-or-later$", "", i) for i in identifiers(expression))


def reviewed(annotation: LicenseAnnotation, decisions: Mapping[str, str]) -> LicenseAnnotation:
    """Return the annotation as a reviewer decided it, where `decisions` (text hash -> expression or "NONE") has it."""
    decision = decisions.get(annotation.text_sha256) if annotation.text_sha256 else None
    if decision is None:
        return annotation
    if decision == "NONE":
        return replace(annotation, expression=None, evidence=(), conflict=None, unanswered=False, denied=False)
    first = min((e.start_line for e in annotation.evidence), default=1)
    last = max((e.end_line for e in annotation.evidence), default=1)
    evidence = (Evidence(decision, first, last, "review", 1.0),)
    return replace(annotation, expression=decision, evidence=evidence, conflict=None, unanswered=False, denied=False)
