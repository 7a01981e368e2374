"""One declared value: what "MIT", "UNLICENSED", "SEE LICENSE IN EULA.md" or "free for academic use" say of rights.

Knows no formats of metadata. The words that deny are npm's, Composer's, Cabal's and the Python Package Index's own, and
what authors write in their place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from drystone.detect.licenses.annotation import LicenseState
from drystone.detect.licenses.matching.names import declared, spdx_expression
from drystone.detect.licenses.matching.scan import join
from drystone.detect.licenses.strictness import strictness
from drystone.detect.licenses.texts import detect_text

#: A longer value is the text of a licence, as old setuptools had it.
_TEXT_LENGTH: Final = 200
#: Values that say nothing.
_NOTHING: Final = frozenset(
    {
        "",
        "unknown",
        "noassertion",
        "n/a",
        "na",
        "tbd",
        "todo",
        "null",
        "-",
        "?",
        "undefined",
        "unspecifiedlicense",
    }
)
_DENIES: Final = re.compile(
    r"\bunlicen[sc]ed\b|\bproprietary\b|\bcommercial\b|\ball ?rights ?reserved\b|\beula\b|\bend[- ]user\b|"
    r"\bclosed[- ]source\b|\bnon[- ]?commercial\b|\bconfidential\b|\bprivate\b|\bnot licen[sc]ed\b|"
    r"^(?:none|no licen[sc]e)\W*$|\bno licen[sc]e granted\b|"
    r"\b(?:academic|research|educational|education|evaluation|internal|personal|home)\b"
    r".{0,20}\b(?:only|use)\b|"
    r"\bnot (?:for|to be) (?:re)?(?:distribut|sale|commercial|publi)|\btrial\b|\bshareware\b|\bpropriet[aà]r|"
    r"\bdo not (?:copy|distribute|redistribute)\b",
    re.IGNORECASE,
)
#: Conditions that a licence of a known name does not have.
_RESTRICTS: Final = re.compile(
    r"\bcommons[- ]clause\b|\bnon[- ]?ai\b|\bno[- ]ai\b|\bwith (?:restrictions|conditions|additional terms)\b|"
    r"\brestricted\b|\bethical\b|\bexcept\b",
    re.IGNORECASE,
)
_SEE: Final = re.compile(
    r"(?:^|\b)see (?:the )?(?:licen[sc]e )?(?:in |file |at )?(?:the )?(?P<name>\S+)?.*$", re.IGNORECASE | re.DOTALL
)
_FILE: Final = re.compile(
    r"^(?:file|licen[sc]e file|in|custom)?[ :=]*(?P<name>[\w./-]*"
    r"(?:licen[sc]es?|copying|eula|terms|legal|notice)[\w.-]*)$",
    re.IGNORECASE,
)
#: What is added to a name: "Apache 2.0; see LICENSE".
_SEE_ALSO: Final = re.compile(r"[\s;,.:(-]+see (?:the )?(?:licen[sc]e|copying|file)\b.*$", re.IGNORECASE | re.DOTALL)
#: Cabal's and Haxelib's own words.
_OF_ONE_WORD: Final = {
    "publicdomain": ("LicenseRef-scancode-public-domain", 0.9),
    "public": ("LicenseRef-scancode-public-domain", 0.8),
}
_OPEN: Final = frozenset(
    {"other", "custom", "file", "dual", "various", "mixed", "otherlicense", "other license", "multiple"}
)
#: That the licence stands in a text of the same folder; one that a folder above inherits is none "of one's own".
OF_THIS_FOLDER: Final = "."
_SITES: Final = re.compile(
    r"^https?://(?:www\.)?(?:opensource\.org/licen[sc]es?|spdx\.org/licenses|choosealicense\.com/licenses|"
    r"licenses\.nuget\.org|(?:www\.)?gnu\.org/(?:licenses|copyleft)|(?:www\.)?apache\.org/licenses|"
    r"creativecommons\.org/licenses|(?:www\.)?mozilla\.org/(?:en-US/)?MPL)/?(?P<name>[^?#]*)",
    re.IGNORECASE,
)
_OR: Final = re.compile(r"\s*(?:,?\s+or\s+|\s*/\s*|\s*\|+\s*)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Declaration:
    """What one field says: its name, its value as written, the state, and (SPDX expression, confidence) if granted.

    `points_to`: the file in which the value says that the licence stands; empty where it names none, None where it says
    nothing of the kind.
    """

    field: str
    value: str
    state: LicenseState
    answer: tuple[str, float] | None = None
    points_to: str | None = None


def granted(field: str, value: str, expression: str, confidence: float) -> Declaration:
    """Return a declaration that grants an expression."""
    return Declaration(field, value, LicenseState.GRANTED, (expression, confidence))


def points(field: str, value: object) -> list[Declaration]:
    """Return a declaration that the licence stands in the file `value`."""
    if not isinstance(value, str) or not value.strip():
        return []
    return [Declaration(field, value.strip(), LicenseState.ABSENT, points_to=value.strip())]


def read_value(field: str, value: object) -> list[Declaration]:
    """Return what one field says, or nothing where it has no text."""
    if not isinstance(value, str) or not value.strip():
        return []
    if len(value) > _TEXT_LENGTH or "\n" in value.strip():
        found = detect_text(value.encode(), "text", strict=False)
        if found.state is LicenseState.GRANTED or found.grounds or len(value) > _TEXT_LENGTH:
            answer = (found.expression, found.confidence) if found.expression else None
            state = LicenseState.NOT_UNDERSTOOD if found.state is LicenseState.ABSENT else found.state
            return [Declaration(field, value, state, answer)]
        value = value.strip().partition("\n")[0]  # a name, and below it whose work it is
    return [_read(field, value.strip().strip("\"'").strip())]


def _read(field: str, value: str) -> Declaration:
    low = value.lower().strip(" .")
    if low in _NOTHING or low.startswith("todo"):
        return Declaration(field, value, LicenseState.ABSENT)
    if (exact := spdx_expression(value)) is not None:
        if exact.startswith("LicenseRef-") and " " not in exact and _DENIES.search(exact.replace("-", " ")):
            return Declaration(field, value, LicenseState.DENIED)  # LicenseRef-Proprietary
        return granted(field, value, exact, 0.97)
    if low in _OPEN:
        return Declaration(field, value, LicenseState.ABSENT, points_to=OF_THIS_FOLDER)
    if "://" in value:
        return _of_url(field, value)
    if low.startswith("see ") and (named := _pointed(value)) is not None:
        return Declaration(field, value, LicenseState.ABSENT, points_to=named)
    denies = _DENIES.search(value) is not None
    if denies and (choice := _choice(field, value)) is not None:
        return choice
    plain = re.sub(r"(?<=\d)_(?=\d)", ".", _SEE_ALSO.sub("", value))
    answer = _OF_ONE_WORD.get(low) or declared(plain)
    if answer is not None and not _RESTRICTS.search(value) and (not denies or strictness(answer[0]) > 0):
        return granted(field, value, *answer)
    if denies:
        return Declaration(field, value, LicenseState.DENIED)
    if (named := _pointed(value)) is not None:
        return Declaration(field, value, LicenseState.ABSENT, points_to=named)
    return Declaration(field, value, LicenseState.NOT_UNDERSTOOD)


def _choice(field: str, value: str) -> Declaration | None:
    """Read "GPLv3 or commercial": the side that is offered to all holds as a choice."""
    parts = [p for p in _OR.split(value) if p]
    known = [found for p in parts if not _DENIES.search(p) and (found := declared(p)) is not None]
    if not 1 < len(parts) <= 8 or len(known) + sum(_DENIES.search(p) is not None for p in parts) != len(parts):
        return None
    if not known:
        return None
    others = ["LicenseRef-unlisted-commercial"] if len(known) < len(parts) else []
    return granted(field, value, join([*(e for e, _ in known), *others], "OR"), min(c for _, c in known))


def _pointed(value: str) -> str | None:
    """Return the file to which a value points, empty for none by name, or None where it points to none."""
    match = _SEE.search(value) if value.lower().lstrip().startswith("see") or " see " in value.lower() else None
    match = match or _FILE.match(value)
    if match is None:
        return None
    name = (match["name"] or "").strip().strip("\"'<>()").rstrip(".,")
    if name and re.search(r"[./]|(?i:licen[sc]e|copying|eula|notice|readme|file|text|terms)", match.group()) is None:
        return None  # "see site"
    if name.lower() in {"file", "text", "terms", "below", "above"}:
        return ""
    return name if re.search(r"[./]|^[A-Z][A-Z_-]+$|^(?i:licen[sc]e|copying|eula|notice)$", name) else ""


def _of_url(field: str, value: str) -> Declaration:
    match = _SITES.search(value.strip("<> "))
    if match is not None:
        name = re.sub(r"\.(?:html?|txt|php|en\.html)$", "", match["name"].strip("/"))
        name = name.replace("LICENSE-", "Apache-") if "apache.org" in value.lower() else name
        name = f"CC {name.replace('/', ' ')}" if "creativecommons" in value.lower() else name.rpartition("/")[2]
        answer = spdx_expression(name) or (declared(name) or (None,))[0]
        if answer is not None:
            return granted(field, value, answer, 0.85)
    tail = value.rstrip("/").rpartition("/")[2]
    if re.match(r"(?i)(?:un)?licen[sc]e|copying", tail):
        return Declaration(field, value, LicenseState.ABSENT, points_to="")
    return Declaration(field, value, LicenseState.NOT_UNDERSTOOD)


def listed(field: str, value: object, operator: str = "OR") -> list[Declaration]:
    """Read a string, an object with `type` or `name`, or a list of them, which offers a choice (or holds together)."""
    if isinstance(value, list):
        parts = [d for v in value[:20] for d in listed(field, v, operator)]
        known = [p.answer for p in parts if p.answer]
        if len(parts) > 1 and (len(known) == len(parts) or (operator == "OR" and known)):
            choice = join([e for e, _ in known], operator)
            return [granted(field, parts[0].value, choice, min(c for _, c in known))]
        return parts
    if isinstance(value, dict):
        inner = value.get("type", value.get("name", value.get("@id", value.get("url"))))
        if inner is None and isinstance(value.get("file"), str):
            return points(field, value["file"])
        return listed(field, inner, operator) if not isinstance(inner, dict) else []
    return read_value(field, value)


def strings(text: str) -> Iterable[str]:
    """Return the quoted strings of some code, at most 20."""
    return [s[:200] for s in _STRINGS.findall(text)[:20]]


_STRINGS: Final = re.compile(r"[\"']([^\"'\n]{1,200})[\"']")
