"""What filters ask of an artifact's facts: it is so, it is not, or nobody knows; only the first lets it through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Final

from license_expression import ExpressionError, get_spdx_licensing

from drystone.catalog.matching.entries import Entries
from drystone.catalog.matching.shapes import MatchFilters
from drystone.catalog.passports.passport import Claim, Fact
from drystone.errors import UsageError
from drystone.policy.licenses import BLUE_OAK, Ground, LicensePolicy, evaluate

#: A licence that is wanted by what it allows (Blue Oak's list and the public domain), and not by its name.
PERMISSIVE: Final = "permissive"
#: What people write for a price of nothing.
_FREE: Final = frozenset({"free", "free of charge", "no charge"})


def checked(wanted: MatchFilters) -> MatchFilters:
    """Return what is wanted, its licence as SPDX spells it. Raises `UsageError` for a licence that is none."""
    if wanted.license is None or wanted.license == PERMISSIVE:
        return wanted
    try:
        spelt = str(get_spdx_licensing().parse(wanted.license, validate=True))
    except ExpressionError:
        raise UsageError(
            f"license: '{wanted.license[:80]}' is no SPDX licence. Give one, such as Apache-2.0, or '{PERMISSIVE}' for "
            "all that ask for little more than a notice."
        ) from None
    return replace(wanted, license=spelt)


def unmet(entries: Entries, wanted: MatchFilters) -> Iterator[tuple[str, bool]]:
    """Yield each filter that an artifact does not pass, and whether that is because nobody knows."""
    met: dict[str, bool | None] = {}
    if wanted.kind is not None:
        met["kind"] = entries.kind == wanted.kind
    if wanted.license is not None:
        met["license"] = _of_all(entries.facts.get("license"), lambda claim: _licensed(claim.text, str(wanted.license)))
    if wanted.free:
        met["price"] = _of_all(entries.facts.get("price"), lambda one: one.number == 0 or one.text.casefold() in _FREE)
    if wanted.offline:
        met["offline"] = _of_all(entries.facts.get("offline"), lambda claim: claim.value is True)
    if wanted.language is not None:
        met["language"] = _speaks(entries, wanted.language.casefold())
    for name, is_met in met.items():
        if is_met is not True:
            yield name, is_met is None


def _of_all(fact: Fact | None, meets: Callable[[Claim], bool | None]) -> bool | None:
    """Return whether all claims of a fact are what is wanted; None where there is none, or they differ in it."""
    if fact is None or fact.status == "unknown":
        return None
    if fact.status == "not_applicable":
        return False
    answers = {meets(claim) for claim in fact.claims}
    return answers.pop() if len(answers) == 1 else None


@lru_cache(maxsize=10_000)
def _licensed(text: str, wanted: str) -> bool | None:
    """Return whether an expression lets one choose the licence that is wanted; None where it is not understood."""
    policy = BLUE_OAK if wanted == PERMISSIVE else LicensePolicy(permissive=False, allow=frozenset({wanted}))
    ground = evaluate(text, policy).ground
    return None if ground is Ground.UNKNOWN else ground is Ground.ALLOWED


def _speaks(entries: Entries, language: str) -> bool | None:
    """Return whether a language is among those that an artifact names; None where it only counts them, or is silent."""
    named: set[str] = set()
    for name, fact in entries.facts.items():
        if name.startswith("languages."):
            for claim in fact.claims:
                values = claim.value if isinstance(claim.value, tuple) else (claim.value,)
                named |= {part.strip().casefold() for one in values if isinstance(one, str) for part in one.split(",")}
    return language in named if named else None
