"""From the licence files of one folder to what holds in it: texts, what metadata and READMEs declare, and conflicts.

Knows nothing of other folders, of patterns and of policies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from drystone.detect.licenses.annotation import Evidence, LicenseAnnotation, LicenseState, families
from drystone.detect.licenses.matching.scan import join
from drystone.detect.licenses.strictness import strictness

#: What declares a licence beside texts, in the order in which it is heard.
DECLARING: Final = ("metadata", "readme")
#: States that drop what lies below.
REFUSING: Final = frozenset({LicenseState.DENIED, LicenseState.NOT_UNDERSTOOD})
#: Pieces of evidence that one folder or file carries at most; the expression is always whole.
_MAX_EVIDENCE: Final = 64
_UNREAD: Final = "unread declaration: "


@dataclass(frozen=True)
class Entry:
    """A licence file: its path without a leading slash, what was found in it, and its SWHID."""

    path: str
    annotation: LicenseAnnotation
    swhid: str

    @property
    def state(self) -> LicenseState:
        """What the file says of rights."""
        return self.annotation.state

    @property
    def decided(self) -> bool:
        """Whether a person decided what it says."""
        return any(e.rule == "review" for e in self.annotation.evidence)


def folder_license(entries: list[Entry]) -> LicenseAnnotation | None:
    """Combine the licence files of one folder; None where none of them says anything.

    What one of them denies, or what is not understood of it, holds for the folder whatever others grant.
    """
    texts = [e for e in entries if e.annotation.kind not in DECLARING and e.state is not LicenseState.ABSENT]
    declared = [e for e in entries if e.annotation.kind in DECLARING and e.state is not LicenseState.ABSENT]
    collection = [e for e in texts if "/licenses/" in f"/{e.path.lower()}"]
    chosen = [e for e in texts if e not in collection] or collection
    granted = [e for e in (*texts, *declared) if e.state is LicenseState.GRANTED]
    refusing = _refusing(chosen, declared)
    expression, conflict = _granted([e for e in chosen if e in granted], [e for e in declared if e in granted])
    if refusing and expression is not None:
        said = " and ".join(dict.fromkeys(f"{e.path} {_VERBS[e.state]}" for e in refusing))
        conflict = f"{said}, others say {expression}"
    conflicts = dict.fromkeys(c for c in (conflict, *(e.annotation.conflict for e in entries)) if c)
    doubtful = [
        e for e in entries if e.annotation.needs_review or e.decided or (conflict and (e in granted or e in refusing))
    ]
    review = tuple(dict.fromkeys(e.annotation.text_sha256 for e in doubtful if e.annotation.text_sha256))
    if expression is None and not refusing and not review:
        return None
    return LicenseAnnotation(
        expression=None if refusing else expression,
        kind="tree",
        evidence=unique(e for entry in (*refusing, *granted) for e in placed(entry)),
        conflict="; ".join(conflicts) or None,
        unanswered=bool(refusing),
        denied=any(e.state is LicenseState.DENIED for e in refusing),
        review=review,
    )


_VERBS: Final = {LicenseState.DENIED: "denies the right", LicenseState.NOT_UNDERSTOOD: "is not understood"}


def _refusing(chosen: list[Entry], declared: list[Entry]) -> list[Entry]:
    """Return the files that stop what others grant.

    A notice or README that is not understood stops nothing that a text or metadata grants: it is mostly about other
    works; but a README that limits what a licence grants does. A declaration that is not understood stops nothing where
    it names the family of the text beside it ("BSD-like" beside the BSD-3-Clause).
    """
    granted = [e for e in chosen if e.state is LicenseState.GRANTED]
    plain = granted or [e for e in declared if e.annotation.kind == "metadata" and e.state is LicenseState.GRANTED]
    found = [e for e in (*chosen, *declared) if e.state is LicenseState.DENIED]
    for e in (*chosen, *declared):
        if e.state is not LicenseState.NOT_UNDERSTOOD:
            continue
        if e.annotation.kind in {"notice", "readme"} and plain and not _limits(e):
            continue
        if e.annotation.kind == "metadata" and granted and _names_family(e, granted):
            continue
        found.append(e)
    return sorted(found, key=lambda e: (e.state is not LicenseState.DENIED, e.path))


#: Riders of a README that are of weight against the texts beside it; the others are mostly explanations and requests.
_LIMITS: Final = frozenset(
    f"rider:{name}"
    for name in (
        "commons clause",
        "non-ai",
        "non-commercial",
        "field of use",
        "no service",
        "private use",
        "agreement",
        "not allowed",
        "seats",
        "sale",
        "time limit",
        "excluded",
        "fee",
        "duty",
        "patents",
    )
)


def _limits(entry: Entry) -> bool:
    return entry.annotation.kind == "readme" and any(e.rule in _LIMITS for e in entry.annotation.grounds)


def _names_family(entry: Entry, granted: list[Entry]) -> bool:
    said = " ".join(n.removeprefix(_UNREAD) for n in entry.annotation.notes if n.startswith(_UNREAD))
    words = set(re.findall(r"[a-z]+", said.lower()))
    return all({name.partition("-")[0].lower() for name in families(e.annotation.expression)} & words for e in granted)


def _granted(texts: list[Entry], declared: list[Entry]) -> tuple[str | None, str | None]:
    """Return the expression over what was granted, and the conflict between declarations and texts."""
    from_texts = join([str(e.annotation.expression) for e in texts], "AND") if texts else None
    best = _declared(declared)
    expression, conflict = _met(from_texts, best)
    if expression is None:
        return None, None
    conflicts = [conflict] if conflict else []
    for e in declared:
        said = str(e.annotation.expression)
        # However many agree on something permissive: who grants a stricter licence elsewhere is not outvoted.
        if (strictness(said) > 0 or e.decided) and not families(said) <= families(expression):
            conflicts.append(f"{e.path} says {said}, others say {expression}")
            expression = join([expression, said], "AND")
    return expression, "; ".join(conflicts) or None


def _met(from_texts: str | None, declared: str | None) -> tuple[str | None, str | None]:
    """Return what holds where texts and a declaration meet, and the conflict if it is one."""
    if from_texts is None or declared is None:
        return from_texts or declared, None
    a, b = families(declared), families(from_texts)
    if a == b or (" OR " in declared and (b <= a or _variant(declared, a - b, b - a))):
        return declared, None  # the declaration orders the same licences: a choice, an exception, "or later"
    if a < b and " OR " not in from_texts:
        return from_texts, None
    conflict = None
    if not a & b or strictness(declared) > strictness(from_texts):
        conflict = f"declared {declared}, texts say {from_texts}"
    return join([from_texts, declared], "AND"), conflict


def _variant(declared: str, missing: frozenset[str], other: frozenset[str]) -> bool:
    """Whether the texts beside a choice differ from it in the wording of its permissive side alone (MIT and curl's)."""
    return strictness(declared) == 0 and bool(missing) and all(strictness(name) == 0 for name in (*missing, *other))


def _declared(entries: list[Entry]) -> str | None:
    """Return what a folder's metadata and README declare: metadata before README, the surest first."""
    for kind in DECLARING:
        found = [e for e in entries if e.annotation.kind == kind]
        if found:
            limit = min(0.8, max(e.annotation.confidence for e in found))
            return join([str(e.annotation.expression) for e in found if e.annotation.confidence >= limit], "AND")
    return None


def placed(entry: Entry) -> list[Evidence]:
    """Return the evidence of a licence file, with the file named in it, or only the file where no rule knows it."""
    found = entry.annotation.evidence
    if not found and entry.state is LicenseState.NOT_UNDERSTOOD:
        found = (Evidence("", 1, 1, "unread:words", 0.5),)
    return [replace(e, path=entry.path, swhid=entry.swhid) for e in found]


def unique(found: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Return one piece of evidence for each licence and file, the surest, in the order given."""
    kept: dict[tuple[str, str, str], Evidence] = {}
    for e in found:
        key = (e.expression or e.rule, e.path, e.swhid)
        if key not in kept or kept[key].confidence < e.confidence:
            kept[key] = e
    return tuple(kept.values())[:_MAX_EVIDENCE]
