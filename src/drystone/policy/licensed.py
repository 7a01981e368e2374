"""The licence of one file, judged: the expression that holds for it, the evidence, and the verdict over both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from drystone.detect.licenses import Evidence, LicenseAnnotation, LicenseState, file_kind, is_license_file
from drystone.detect.licenses.annotation import families
from drystone.detect.licenses.paths import names_source_code
from drystone.policy.decision import Drop, Reason
from drystone.policy.licenses import FORBIDDEN, NOT_UNDERSTOOD, Ground, LicensePolicy, Verdict, evaluate

if TYPE_CHECKING:
    from drystone._json import Json

#: The rule of evidence that is the word of a table, not of a text.
TABLE: Final = "table"
#: The rule of evidence that names a licence file which is not there.
_ELSEWHERE: Final = "unread:points-elsewhere"
#: What The Stack v2 calls permissive: Blue Oak's list, and ScanCode's categories of that name.
_STACK_V2_PERMISSIVE: Final = LicensePolicy(categories=("Permissive", "Public Domain"))
#: Pieces of evidence that a drop shows at most.
_SHOWN: Final = 5
#: Kinds of places that are kinds of files; the other files speak by pattern.
_BASES: Final = ("metadata", "notice", "readme", "text")
_REASONS: Final = {
    Ground.ABSENT: Reason.NO_LICENSE,
    Ground.DENIED: Reason.DENIED_LICENSE,
    Ground.FORBIDDEN: Reason.LICENSE_DENIED,
    Ground.UNKNOWN: Reason.LICENSE_NOT_UNDERSTOOD,
    Ground.REFUSED: Reason.NON_PERMISSIVE_LICENSE,
}


@dataclass(frozen=True, slots=True)
class Licensed:
    """What holds for a file: SPDX expression (None: none that could be told), evidence (JSON), verdict, and the drop.

    `note`: what the ledger says besides of a kept file: conflicts that were found, and the texts (by hash) that a
    person should read or has decided on. `basis`, `confidence`, `conflict`: a release's columns of these names, less
    "license_". One object serves all files below the same licence files, so that what is the same is made once.
    """

    expression: str | None
    evidence: str
    verdict: Verdict
    drop: Drop | None
    note: Mapping[str, Json] = field(default_factory=dict)
    basis: str | None = None
    confidence: float | None = None
    conflict: str | None = None


def license_of(found: LicenseAnnotation | None, policy: LicensePolicy, gha_license_id: str | None = None) -> Licensed:
    """Judge what was found for a file (None: nothing); `gha_license_id` is heard as in `licenses.evaluate`."""
    verdict = verdict_on(found, policy, gha_license_id)
    expression = found.expression if found is not None else None
    evidence = found.evidence_json() if found is not None else "[]"
    note = _note(found) if found is not None else {}
    drop = None if verdict.allowed else Drop(_REASONS[verdict.ground], {**_read(verdict, found), **note})
    told = found is not None and bool(found.evidence)
    return Licensed(
        expression,
        evidence,
        verdict,
        drop,
        note,
        basis=basis_of(found) if found is not None else None,
        confidence=found.confidence if found is not None and told else None,
        conflict=found.conflict if found is not None else None,
    )


def basis_of(found: LicenseAnnotation) -> str | None:
    """Return the kinds of places that speak for a licence, sorted and joined by `+`; None where none do."""
    kinds = {_basis(e) for e in found.evidence}
    return "+".join(sorted(kinds)) or None


def with_table(
    found: LicenseAnnotation | None, told: str, gha_license_id: str | None = None
) -> LicenseAnnotation | None:
    """Return what was found for a file together with what a table says of it (`told_license` of a listing).

    The table's word counts where its licence files did not travel: where nothing was found, or only that the licence
    stands in a file which is not there, it holds; where only a README or metadata name a licence, what it names besides
    holds too. A licence's own text, and whatever denies or is
    not understood, hold alone.
    """
    said = _told(told, bool(gha_license_id))
    if said is None or found is None or found.state is LicenseState.ABSENT:
        return said or found
    lost = bool(found.grounds) and all(piece.rule == _ELSEWHERE for piece in found.grounds)
    if lost and not found.denied and said.state is LicenseState.GRANTED:
        return said
    texts = "text" in (basis_of(found) or "").split("+")
    both = LicenseState.GRANTED is found.state is said.state
    if texts or not both or families(said.expression) <= families(found.expression):
        return found
    expression = f"({found.expression}) AND ({said.expression})"
    return replace(found, expression=expression, evidence=(*found.evidence, *said.evidence))


@lru_cache(maxsize=4096)
def _told(told: str, site_names_one: bool) -> LicenseAnnotation | None:
    """Return what a table says, None for nothing.

    All names hold together, as in The Stack v2; where a row is permissive that would not be so, one may choose. A type
    that the names do not bear out, or that stands alone, is not understood, unless the hosting site names a licence.
    """
    type_, _, names = told.partition(":")
    named = [name for name in names.split(",") if name]
    if not named:
        silent = type_ in ("", "no_license") or site_names_one
        return None if silent else _not_understood(f"the table says {type_}, and names no licence")
    all_, one = (joiner.join(named) for joiner in (" AND ", " OR "))
    permissive = evaluate(all_, _STACK_V2_PERMISSIVE).license_type == "permissive"
    if type_ == "non_permissive" and permissive:
        return _not_understood(f"the table says {type_}, and names {', '.join(named)}")
    choice = type_ == "permissive" and not permissive
    expression = one if choice and evaluate(one, _STACK_V2_PERMISSIVE).license_type == "permissive" else all_
    return LicenseAnnotation(expression, "file", (Evidence(expression, 0, 0, TABLE, 1.0),))


def _not_understood(why: str) -> LicenseAnnotation:
    return LicenseAnnotation(None, "file", (Evidence("", 0, 0, TABLE, 1.0),), unanswered=True, notes=(why,))


@lru_cache(maxsize=65_536)
def speaks_for(found: str | None, expression: str | None) -> bool:
    """Whether a text in which `found` was read is one that a file under `expression` rests on.

    Not one that only contradicts it: where a file's head says Zlib, and the folder MIT, both are evidence, and the text
    of the MIT licence is not asked for. A text in which no licence was read may say anything, and is kept.
    """
    return not found or bool(families(found) & families(expression))


def _basis(piece: Evidence) -> str:
    """Return the kind of place that a piece of evidence is from: other files speak for themselves."""
    if piece.rule in ("review", TABLE):
        return piece.rule
    kind = file_kind(piece.path) if is_license_file(piece.path) else "header"
    if kind in _BASES:
        # Source code that has a licence's word in its name (copyright.py) speaks for itself only.
        return "header" if kind != "metadata" and names_source_code(piece.path) else kind
    return "header" if kind == "header" else "pattern"


def verdict_on(found: LicenseAnnotation | None, policy: LicensePolicy, gha_license_id: str | None = None) -> Verdict:
    """Return the verdict over what was found: denied and not understood are never taken for absent."""
    if found is None or found.state in {LicenseState.GRANTED, LicenseState.ABSENT}:
        return evaluate(found.expression if found is not None else None, policy, gha_license_id)
    return FORBIDDEN if found.state is LicenseState.DENIED else NOT_UNDERSTOOD


def _note(found: LicenseAnnotation) -> dict[str, Json]:
    note: dict[str, Json] = {}
    if found.conflict:
        note["conflict"] = found.conflict
    if found.review:
        note["review"] = list(found.review)
    return note


def _read(verdict: Verdict, found: LicenseAnnotation | None) -> dict[str, Json]:
    """Return what a drop rests on: the verdict, and where the licence was read."""
    evidence: dict[str, Json] = {"why": verdict.reason}
    if found is not None and found.evidence:
        evidence["read"] = [
            {
                "expression": e.expression or None,
                "path": e.path,
                "swhid": e.swhid,
                "lines": [e.start_line, e.end_line],
                "rule": e.rule,
            }
            for e in found.evidence[:_SHOWN]
        ]
    return evidence
