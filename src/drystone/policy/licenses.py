"""Licence policy: which SPDX expressions may be in a release, as data, and the verdict over one expression.

Reads no texts. What is not listed is not permissive; nothing found is `no_license`, never permissive.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from functools import cache, lru_cache
from importlib.resources import files
from typing import Annotated, Any, Final, Literal

from license_expression import ExpressionError
from pydantic import AfterValidator, BaseModel, ConfigDict, field_validator, model_validator

from drystone.detect.licenses.categories import categories
from drystone.detect.licenses.matching.names import declared, spdx_licensing
from drystone.detect.licenses.matching.references import facts as spdx_licenses

LicenseType = Literal["permissive", "no_license", "non_permissive"]

#: Findings of The Stack v2 that are no licence and do not count against a file
#: (bigcode-project/the-stack-v2, get_license_type; ScanCode's names).
IGNORABLE: Final = frozenset(
    f"LicenseRef-scancode-{name}"
    for name in (
        "dco-1.1", "generic-cla", "google-cla", "jetty-ccla-1.1", "newton-king-cla", "generic-exception",
        "generic-export-compliance", "generic-tos", "generic-trademark", "warranty-disclaimer",
    )
)  # fmt: skip
#: Discarded only beside something permissive, as The Stack v2 does.
UNKNOWN_REFERENCE: Final = "LicenseRef-scancode-unknown-license-reference"
#: Dedications to the public domain, which The Stack v2 counts as permissive and Blue Oak's list of licences leaves out.
PUBLIC_DOMAIN: Final = frozenset(
    {"LicenseRef-scancode-public-domain", "CC-PDDC", "CC-PDM-1.0", "CC0-1.0", "PDDL-1.0", "SAX-PD", "SAX-PD-2.0",
     "Unlicense", "NIST-PD", "NIST-PD-fallback", "libselinux-1.0", "blessing"}
)  # fmt: skip
#: Pairs whose exception only adds permissions to a licence of the list; every other pair is refused unless allowed.
PERMISSIVE_PAIRS: Final = frozenset({"Apache-2.0 WITH LLVM-exception", "Apache-2.0 WITH Swift-exception"})


@cache
def blue_oak() -> dict[str, tuple[str, ...]]:
    """Return Blue Oak Council's list, version 15.0.0: tier ("Model" ... "Lead") -> SPDX identifiers."""
    record = json.loads(files("drystone.policy").joinpath("facts/blueoak-15.0.0.json").read_bytes())
    return {tier: tuple(ids) for tier, ids in record["tiers"].items()}


@cache
def _permissive(tiers: tuple[str, ...], also: tuple[str, ...]) -> frozenset[str]:
    listed = {i for tier in tiers for i in blue_oak()[tier]}
    if also:
        listed |= {name for name, category in categories().items() if category in also}
    return frozenset(listed) | PUBLIC_DOMAIN | PERMISSIVE_PAIRS


def _listed(name: str) -> str:
    if (problem := license_problem(name)) is not None:
        raise ValueError(problem)
    return name


#: An SPDX identifier or a pair "A WITH B"; any other is refused with the one that was likely meant.
LicenseName = Annotated[str, AfterValidator(_listed)]


class LicensePolicy(BaseModel):
    """Which licences may be in a release.

    `profile`: "permissive" takes nothing without a licence; "stack-v2" takes files for which no licence was found, as
    The Stack v2 did. `no_license` says it for itself, and wins where it is set. `permissive`: take what Blue Oak's list
    has in `tiers`, and the public domain. What is denied or not understood is never taken. `categories`: ScanCode
    LicenseDB categories that are permissive too. `allow` and `deny`: SPDX identifiers, or pairs "A WITH B"; one denied
    is never a branch that could be chosen. `tree_rule`: how a licence file in a folder meets those above it: all hold
    together ("union", as in The Stack v2), or the nearest alone. The default is permissive only, union.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    profile: Literal["permissive", "stack-v2"] = "permissive"
    permissive: bool = True
    no_license: bool | None = None
    allow: tuple[LicenseName, ...] = ()
    deny: tuple[LicenseName, ...] = ()
    tiers: tuple[Literal["Model", "Gold", "Silver", "Bronze", "Lead"], ...] = (
        "Model", "Gold", "Silver", "Bronze", "Lead",
    )  # fmt: skip
    categories: tuple[Literal["Permissive", "Public Domain", "Copyleft Limited", "Copyleft"], ...] = ()
    tree_rule: Literal["union", "nearest"] = "union"

    @property
    def takes_unlicensed(self) -> bool:
        """Whether files are taken for which no licence was found: `no_license`, or what the profile says."""
        return self.profile == "stack-v2" if self.no_license is None else self.no_license

    @field_validator("allow", "deny")
    @classmethod
    def _sorted(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(set(names)))

    @model_validator(mode="after")
    def _clear(self) -> LicensePolicy:
        if both := sorted({*self.allow} & {*self.deny}):
            raise ValueError(f"{', '.join(both)}: allowed and denied at once; leave it in one of the two")
        return self


class Ground(Enum):
    """What a verdict rests on; what is not understood is never taken for absent."""

    ALLOWED = "allowed"
    #: No licence was found.
    ABSENT = "absent"
    #: The policy denies it, and no branch avoids that.
    DENIED = "denied"
    #: It cannot be understood, or names what no list knows.
    UNKNOWN = "unknown"
    #: The text or declaration itself denies the right to use the file freely.
    FORBIDDEN = "forbidden"
    #: It is understood, and the policy does not take it.
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a policy says of one expression; `reason` is for people and names the identifiers it rests on."""

    license_type: LicenseType
    allowed: bool
    ground: Ground
    reason: str


#: Blue Oak's list and the public domain; nothing without a licence.
BLUE_OAK: Final = LicensePolicy()
#: The Stack v2 keeps permissive and unlicensed files. Its own list also held ScanCode's categories: add
#: `categories=("Permissive", "Public Domain")` for that wider reading.
STACK_V2: Final = LicensePolicy(profile="stack-v2")


def evaluate(expression: str | None, policy: LicensePolicy = BLUE_OAK, gha_license_id: str | None = None) -> Verdict:
    """Return the verdict over an SPDX expression; OR needs one branch, AND all, and WITH is listed as a pair.

    `gha_license_id` is what the hosting site says of the whole repository (GHArchive); it is heard only where nothing
    was found in the repository itself: permissive where listed, and not permissive where it names or suspects
    anything else ("NOASSERTION"), as in The Stack v2. Never raises: an expression that cannot be read is unknown.
    """
    if expression is None and gha_license_id:
        if gha_license_id == "NOASSERTION":
            why = "unknown: the hosting site reports a licence without naming it"
            return Verdict("non_permissive", False, Ground.UNKNOWN, why)
        return evaluate(gha_license_id, policy)
    return _evaluate(expression, policy)


@lru_cache(maxsize=100_000)
def _evaluate(expression: str | None, policy: LicensePolicy) -> Verdict:
    if expression is None:
        return _nothing(policy)
    try:
        tree = spdx_licensing().parse(expression, validate=False)
    except (ExpressionError, ValueError, RecursionError, AttributeError, TypeError):
        why = f"unknown: {expression[:80]} is not an SPDX expression"
        return Verdict("non_permissive", False, Ground.UNKNOWN, why)
    tree = _without_ignorable(tree, policy) if tree is not None else None
    if tree is None:
        return _nothing(policy)
    listed = _permissive(policy.tiers, policy.categories)
    permissive = _holds(tree, lambda name: name in listed)
    granted = _holds(tree, lambda name: name not in policy.deny and _allowed(name, listed, policy))
    license_type: LicenseType = "permissive" if permissive else "non_permissive"
    if granted:
        chosen = [n for n in _names(tree) if n not in policy.deny and _allowed(n, listed, policy)]
        return Verdict(license_type, True, Ground.ALLOWED, f"allowed: {', '.join(chosen)}")
    denied = [n for n in _names(tree) if n in policy.deny]
    if denied:
        return Verdict(license_type, False, Ground.DENIED, f"denied: {', '.join(denied)}")
    unknown = [n for n in _names(tree) if not _known(n)]
    if unknown:
        return Verdict(license_type, False, Ground.UNKNOWN, f"unknown: {', '.join(unknown)}")
    missing = [n for n in _names(tree) if not _allowed(n, listed, policy)]
    lacking = "not permissive" if policy.permissive else "not on the allow list"
    return Verdict(license_type, False, Ground.REFUSED, f"{lacking}: {', '.join(missing)}")


#: Verdicts over what names no licence; a policy can take neither, and a person can decide on both in a review.
NOT_UNDERSTOOD: Final = Verdict("non_permissive", False, Ground.UNKNOWN, "what is said of rights is not understood")
FORBIDDEN: Final = Verdict("non_permissive", False, Ground.FORBIDDEN, "the right to use it freely is denied")


def _nothing(policy: LicensePolicy) -> Verdict:
    return Verdict("no_license", policy.takes_unlicensed, Ground.ABSENT, "no licence found")


def _allowed(name: str, listed: frozenset[str], policy: LicensePolicy) -> bool:
    return name in policy.allow or (policy.permissive and name in listed)


def _key(node: Any) -> str:
    """Return a leaf's name: an identifier, or a pair "A WITH B" as one name."""
    return str(node.render()) if hasattr(node, "exception_symbol") else str(node.key)


def _is_leaf(node: Any) -> bool:
    return not getattr(node, "args", ()) or hasattr(node, "exception_symbol")


def _holds(node: Any, accepts: Any) -> bool:
    if _is_leaf(node):
        return bool(accepts(_key(node)))
    results = (_holds(child, accepts) for child in node.args)
    return any(results) if isinstance(node, spdx_licensing().OR) else all(results)


def _names(node: Any) -> list[str]:
    found = [_key(node)] if _is_leaf(node) else [n for child in node.args for n in _names(child)]
    return list(dict.fromkeys(found))


def _known(name: str) -> bool:
    parts = name.split(" WITH ")
    return "unknown" not in name and all(p in spdx_licensing().known_symbols or p in spdx_licenses() for p in parts)


def _without_ignorable(tree: Any, policy: LicensePolicy) -> Any:
    """Drop what is no licence from the parts of a conjunction; return None where nothing is left."""
    if _is_leaf(tree):
        return None if _key(tree) in IGNORABLE else tree
    if not isinstance(tree, spdx_licensing().AND):
        return tree
    kept = [part for part in (_without_ignorable(a, policy) for a in tree.args) if part is not None]
    listed = _permissive(policy.tiers, policy.categories)
    if any(_holds(part, lambda name: name in listed) for part in kept):
        kept = [p for p in kept if not (_is_leaf(p) and _key(p) == UNKNOWN_REFERENCE)]
    if not kept:
        return None
    return kept[0] if len(kept) == 1 else spdx_licensing().AND(*kept)


@lru_cache(maxsize=65_536)
def license_names(expression: str | None) -> tuple[str, ...]:
    """Return the identifiers of an expression, "A WITH B" as one; none for None, the text itself where unreadable."""
    if expression is None:
        return ()
    try:
        return tuple(_names(spdx_licensing().parse(expression, validate=False)))
    except (ExpressionError, ValueError, RecursionError, AttributeError, TypeError):
        return (expression,)


def unknown_identifiers(identifiers: Iterable[str]) -> list[str]:
    """Return those of a policy's identifiers (or pairs) that SPDX does not list, so that settings refuse them."""
    return [i for i in identifiers if not _known(i)]


def license_problem(name: str) -> str | None:
    """Return what is wrong with an SPDX identifier or pair, with the one likely meant; None where SPDX lists it."""
    if not unknown_identifiers([name]):
        return None
    identifier, _, exception = name.partition(" WITH ")
    said = declared(identifier)
    meant = said[0] if said else _nearest(identifier, spdx_licenses())
    if exception:
        meant_exception = _nearest(exception, spdx_licensing().known_symbols)
        meant = f"{meant} WITH {meant_exception}" if meant and meant_exception else None
    if meant is None:
        return "no SPDX identifier; see https://spdx.org/licenses/"
    later = meant.removesuffix("-only") + "-or-later"  # who writes "GPL-3.0" may mean either
    either = f" or {later!r}" if meant.endswith("-only") and not unknown_identifiers([later]) else ""
    return f"no SPDX identifier; did you mean {meant!r}{either}?"


def _nearest(name: str, known: Iterable[str]) -> str | None:
    by_lower = {each.lower(): each for each in known}
    near = get_close_matches(name.lower(), by_lower, 1)
    return by_lower[near[0]] if near else None


def expression_problem(expression: str) -> str | None:
    """Return what is wrong with an SPDX expression; None where it names what SPDX lists, or a `LicenseRef-`."""
    named = [name for name in license_names(expression) if not name.startswith("LicenseRef-")]
    return next((problem for name in named if (problem := license_problem(name)) is not None), None)
