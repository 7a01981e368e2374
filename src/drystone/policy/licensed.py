"""The licence of one file, judged: the expression that holds for it, the evidence, and the verdict over both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from drystone.policy.decision import Drop, Reason
from drystone.policy.licenses import Ground, LicensePolicy, Verdict, evaluate

if TYPE_CHECKING:
    from drystone._json import Json
    from drystone.detect.licenses import LicenseAnnotation

#: Pieces of evidence that a drop shows at most.
_SHOWN: Final = 5
_REASONS: Final = {
    Ground.ABSENT: Reason.NO_LICENSE,
    Ground.DENIED: Reason.DENIED_LICENSE,
    Ground.UNKNOWN: Reason.NON_PERMISSIVE_LICENSE,
    Ground.REFUSED: Reason.NON_PERMISSIVE_LICENSE,
}


@dataclass(frozen=True, slots=True)
class Licensed:
    """What holds for a file: SPDX expression (None: none found), evidence (JSON), verdict, and the drop if it is one.

    One object serves all files below the same licence files, so that what is the same for them is made once.
    """

    expression: str | None
    evidence: str
    verdict: Verdict
    drop: Drop | None


def license_of(found: LicenseAnnotation | None, policy: LicensePolicy, gha_license_id: str | None = None) -> Licensed:
    """Judge what was found for a file (None: nothing); `gha_license_id` is heard as in `licenses.evaluate`."""
    expression = found.expression if found is not None else None
    verdict = evaluate(expression, policy, gha_license_id)
    evidence = found.evidence_json() if found is not None else "[]"
    drop = None if verdict.allowed else Drop(_REASONS[verdict.ground], _read(verdict, found))
    return Licensed(expression, evidence, verdict, drop)


def _read(verdict: Verdict, found: LicenseAnnotation | None) -> dict[str, Json]:
    """Return what a drop rests on: the verdict, and where the licence was read."""
    evidence: dict[str, Json] = {"why": verdict.reason}
    if found is not None and found.conflict:
        evidence["conflict"] = found.conflict
    if found is not None and found.evidence:
        evidence["read"] = [
            {
                "expression": e.expression,
                "path": e.path,
                "swhid": e.swhid,
                "lines": [e.start_line, e.end_line],
                "rule": e.rule,
            }
            for e in found.evidence[:_SHOWN]
        ]
    return evidence
