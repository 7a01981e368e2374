"""An answer with what it rests on, as plain data and as JSON. Knows no release and no reader."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, Literal, TypedDict

if TYPE_CHECKING:
    from drystone.search.occurrences.shapes import LostFile

#: Of the JSON: another number where a field changes its meaning or goes.
FORMAT: Final = 1

#: What became of a quote: it `stands`; it `moved` (elsewhere in its text, or its text to another path); its text is
#: there and `changed`, so that it stands there no more; the file was `withdrawn` (by an opt-out or a retraction), or
#: is `gone` by something else; or it was `never_there`: the very version that is cited does not say it.
State = Literal["stands", "moved", "changed", "withdrawn", "gone", "never_there"]


@dataclass(frozen=True, slots=True)
class LicenseDuties:
    """What one licence asks of who passes the quote on (docs/governance.md): facts, not advice.

    `license` is its SPDX identifier; the others are as in `policy.obligations.Obligations`.
    """

    license: str
    attribution: str
    notice: str
    share_alike: str
    patent: str
    limits: tuple[str, ...]
    redistribution: str


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a quote stands, and under which licence.

    `quote` is `bytes` (from, up to but not including) of the file's text as UTF-8 in the release, whose SHA-256 is
    `released_sha256`; `lines` are from 1, inclusive. `swhid` names the original bytes, with origin, revision (where it
    is known), path and lines. `release`, `version` and `root` (its root hash) name the release. `license` is the SPDX
    expression, null where none was found; `asks` what each licence in it asks; `attribution` a line to paste. `date`
    (YYYY-MM-DD) is that of the revision, else of the visit; null where neither is known. `prefix` and `suffix` are the
    text right before and after the quote, of its own lines and two more on each side, at most 400 bytes each (names of
    the W3C's TextQuoteSelector). `permalink` outlives this version: `resolve_permalink` says what became of the quote.
    """

    quote: str
    release: str
    version: str
    root: str
    repository: str
    origin: str
    revision: str | None
    path: str
    lines: tuple[int, int]
    bytes: tuple[int, int]
    swhid: str
    released_sha256: str
    language: str | None
    license: str | None
    asks: tuple[LicenseDuties, ...]
    attribution: str
    date: str | None
    prefix: str
    suffix: str
    permalink: str


@dataclass(frozen=True, slots=True)
class CitedAnswer:
    """An answer, how sure it is (0 to 1), and all places where it was found, the surest first."""

    text: str
    score: float
    citations: tuple[Citation, ...]


class AnswersRecord(TypedDict):
    """Answers as JSON: `found` is false where `answers` is empty; `notes` say what to know of that."""

    format: int
    question: str
    found: bool
    notes: list[str]
    answers: list[dict[str, object]]


@dataclass(frozen=True, slots=True)
class CitedAnswers:
    """The answers to a question, the surest first; empty where the releases hold none that is sure enough.

    `notes` say what to know of an empty one.
    """

    question: str
    answers: tuple[CitedAnswer, ...]
    notes: tuple[str, ...] = ()

    @property
    def found(self) -> bool:
        """Whether there is an answer."""
        return bool(self.answers)

    def as_dict(self) -> AnswersRecord:
        """Return plain data for JSON, as `verify_citations` reads it (docs/answers.md)."""
        answers = [asdict(answer) for answer in self.answers]
        return {
            "format": FORMAT, "question": self.question, "found": self.found, "notes": list(self.notes),
            "answers": answers,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class CheckedCitation:
    """What came of reading a quote's bytes again in `release` at `version`.

    `quote` is null of a permalink, which holds only its hash; `path` is where it was cited from. `said` says the state
    in a sentence. `now` is the citation of the quote as it stands there now, where it `stands` or `moved`. `lost` says
    how the version lost the file, where it did: by which request, or by which rule. `notes` say what to know of the
    reading: that an index which is not of this release was not used.
    """

    quote: str | None
    path: str
    state: State
    said: str
    release: str
    version: str
    now: Citation | None = None
    lost: LostFile | None = None
    notes: tuple[str, ...] = ()
