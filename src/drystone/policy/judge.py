"""Facts in, decision out. `judge` is the one place in the program that says whether an occurrence is kept or dropped.

The kinds of facts are types: what is known of a file that was never read, of bytes that are no text, of a text, of a
copy. Every combination has one answer, and the same facts always have the same one. Knows no tables and no files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, assert_never, overload

from drystone.policy.curation.screening import GenericCode, Screened, judge_screened
from drystone.policy.decision import KEPT, Drop, Kept, Reason
from drystone.policy.language import LanguagePolicy, judge_language
from drystone.policy.licenses import LicensePolicy
from drystone.policy.quality import Measures, QualityPolicy, judge_quality
from drystone.sources.base import (
    DEVICE,
    FILE,
    LOST_CONTENT,
    LOST_DIRECTORY,
    LOST_REPOSITORY,
    SUBMODULE,
    SYMLINK,
)

if TYPE_CHECKING:
    from drystone._json import Json
    from drystone.detect.languages import LanguageAnnotation
    from drystone.policy.licensed import Licensed
    from drystone.sources.base import LostThing


class Policies(NamedTuple):
    """What a release takes; the defaults are those of the policies."""

    languages: LanguagePolicy = LanguagePolicy()
    licenses: LicensePolicy = LicensePolicy()
    quality: QualityPolicy = QualityPolicy()
    generic_code: GenericCode = "keep"


class AskedOut(NamedTuple):
    """An occurrence that a request takes out, whatever it is.

    Of a copy that has other bytes `of` names what it is a copy of, and `share` how much of that it contains; without a
    share it is all of its text.
    """

    request: str
    of: str | None = None
    share: float | None = None


class Unread(NamedTuple):
    """An occurrence whose bytes were not read: its kind as sources tell kinds, its size, why, what is lost."""

    kind: str
    size: int | None = None
    problem: str | None = None
    lost: LostThing | None = None


class OfDuplicate(NamedTuple):
    """An occurrence in a repository that is collapsed: the one that is preferred has `share` of its contents."""

    repository_id: str
    share: float


class NotText(NamedTuple):
    """Bytes without a text that could be judged, and why."""

    state: Literal["binary", "undecodable", "damaged"]
    why: str | None = None


class TextFile(NamedTuple):
    """A text under a base name; `generated` is the rule by which a program wrote it, with what it saw and its limit.

    `language` is None where none is settled, and `guess` then what was found of it, however unsure.
    """

    name: str
    language: str | None
    generated: Mapping[str, Json] | None
    licensed: Licensed
    measures: Measures
    guess: LanguageAnnotation | None = None
    screened: Screened = Screened()


class Filtered(NamedTuple):
    """A text to which nothing else objects, and for which a filter of the settings is true."""

    filter: str
    expression: str


class Copy(NamedTuple):
    """An occurrence that would be kept were it not for another, which has the same bytes or (not `exact`) nearly."""

    exact: bool


class Orphan(NamedTuple):
    """A duplicate whose kept file was retracted since: why it was dropped, and how similar it was (near ones)."""

    was: str
    similarity: float | None = None


class Unchosen(NamedTuple):
    """A file of a release that a mixture of it leaves out: excluded by its rules, else over the budget.

    `was`: of a near duplicate of such a file, why it was dropped before; `similarity`: how similar it was.
    """

    excluded: bool = False
    was: str | None = None
    similarity: float | None = None


Facts = AskedOut | Unread | OfDuplicate | NotText | TextFile | Filtered | Copy | Orphan | Unchosen

_DEFAULT: Final = Policies()
_UNREAD: Final = {
    FILE: Reason.TOO_LARGE,
    SYMLINK: Reason.SYMLINK,
    SUBMODULE: Reason.SUBMODULE,
    DEVICE: Reason.DEVICE,
}
_LOST: Final = {
    LOST_CONTENT: Reason.LOST_CONTENT,
    LOST_DIRECTORY: Reason.LOST_DIRECTORY,
    LOST_REPOSITORY: Reason.LOST_REPOSITORY,
}
_NOT_TEXT: Final = {"binary": Reason.BINARY, "undecodable": Reason.UNDECODABLE, "damaged": Reason.DAMAGED}


@overload
def judge(facts: TextFile, policies: Policies = ...) -> Kept | Drop: ...
@overload
def judge(
    facts: AskedOut | Unread | OfDuplicate | NotText | Filtered | Copy | Orphan | Unchosen, policies: Policies = ...
) -> Drop: ...
def judge(facts: Facts, policies: Policies = _DEFAULT) -> Kept | Drop:
    """Return whether an occurrence is kept, or why not: the first stage that objects decides.

    `Kept` of a `TextFile` means that nothing about it objects; which of several copies stands for the others is told
    by `representative.rank`, and the others are judged as a `Copy`.
    """
    if isinstance(facts, TextFile):
        return _text_file(facts, policies)
    if isinstance(facts, Filtered):
        return Drop(Reason.FILTERED, facts._asdict())
    if isinstance(facts, Copy):
        return Drop(Reason.EXACT_DUPLICATE if facts.exact else Reason.NEAR_DUPLICATE)
    if isinstance(facts, Unread):
        return _unread(facts)
    if isinstance(facts, OfDuplicate):
        return Drop(Reason.REPOSITORY_DUPLICATE, {"repository_id": facts.repository_id, "share": facts.share})
    if isinstance(facts, NotText):
        return Drop(_NOT_TEXT[facts.state], {"why": facts.why})
    if isinstance(facts, AskedOut):  # the request is named, never who made it
        told = {"same_text" if facts.share is None else "contains": facts.of, "share": facts.share}
        known = {name: value for name, value in told.items() if value is not None}
        return Drop(Reason.OPTED_OUT, {"request": facts.request, **known})
    if isinstance(facts, Orphan):
        similarity = {} if facts.similarity is None else {"similarity": facts.similarity}
        return Drop(Reason.REPRESENTATIVE_RETRACTED, {"was": facts.was, **similarity})
    if isinstance(facts, Unchosen):
        if facts.was is not None:
            return Drop(Reason.REPRESENTATIVE_NOT_IN_MIXTURE, {"was": facts.was, "similarity": facts.similarity})
        return Drop(Reason.EXCLUDED_FROM_MIXTURE if facts.excluded else Reason.OVER_BUDGET)
    assert_never(facts)


def _unread(facts: Unread) -> Drop:
    reason = _LOST[facts.lost] if facts.lost is not None else _UNREAD.get(facts.kind, Reason.UNREADABLE)
    if reason is Reason.TOO_LARGE:
        return Drop(reason, {"size": facts.size})
    return Drop(reason, {"problem": facts.problem} if facts.problem else {})


def _text_file(facts: TextFile, policies: Policies) -> Kept | Drop:
    objection = judge_language(policies.languages, facts.language, facts.guess) or facts.licensed.drop
    if objection is not None:
        return objection
    assert facts.language is not None  # or else `judge_language` had objected
    return (
        judge_quality(policies.quality, facts.language, facts.name, facts.measures, facts.generated)
        or judge_screened(facts.screened, policies.generic_code)
        or KEPT
    )
