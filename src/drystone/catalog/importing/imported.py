"""What an importer gives: a passport, and the texts that its quotes stand in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from drystone.catalog.passports.passport import ALWAYS, Basis, Claim, Fact, Passport, Procedure, Reference, Value
from drystone.catalog.passports.texts import sha256_of
from drystone.catalog.passports.vocabulary import fact_kind


@dataclass(frozen=True, slots=True)
class Imported:
    """A passport with the kept texts of its evidence by their SHA-256; `notes` say what was left out of the source."""

    passport: Passport
    texts: Mapping[str, str]
    notes: tuple[str, ...] = ()


class QuotedText:
    """A text that facts are quoted from: where it is from, and the day that it was read (YYYY-MM-DD).

    No day: it is of something that never changes.
    """

    def __init__(self, text: str, source: str, date: str | None) -> None:
        self.text, self.source, self.date = text, source, date
        self.sha256 = sha256_of(text)

    def quote(self, quote: str, locator: str | None = None) -> Reference:
        """Return a reference to words that stand in the text; `ValueError` where they do not.

        A quote that is long, or that has signs which no page shows (tabs, escapes), ends before them.
        """
        if quote not in self.text:
            raise ValueError(f"not in {self.source}: {quote[:100]}")
        quote = _UNSHOWN.split(quote[:4000], maxsplit=1)[0]
        return Reference(source=self.source, locator=locator, sha256=self.sha256, quote=quote, date=self.date)


def known(
    name: str, value: Value, evidence: Iterable[Reference], basis: Basis, method: Procedure | None = None,
    low: float | None = None, high: float | None = None, note: str | None = None,
) -> Fact:  # fmt: skip
    """Return a fact that is known, in the unit that its name has; control characters of a text become spaces."""
    if isinstance(value, str):
        value = _UNSHOWN.sub(" ", value)[:4000]
    unit = fact_kind(name).unit if isinstance(value, int | float) and not isinstance(value, bool) else None
    claim = Claim(
        value=value, unit=unit, low=low, high=high, basis=basis, evidence=tuple(evidence), method=method
    )  # fmt: skip
    return Fact(name=name, status="known", claims=(claim,), note=note)


def unknown(name: str, settled_by: str) -> Fact:
    """Return a fact that nobody knows yet, with what would settle it."""
    return Fact(name=name, status="unknown", settled_by=settled_by)


def agreed(one: Fact | None, other: Fact, settled_by: str) -> Fact:
    """Return one fact of what two sources say: disputed where they differ, else the first with the proofs of both."""
    if one is None or not one.claims:
        return other
    if not other.claims:
        return one
    claims = (*one.claims, *other.claims)
    values = {(claim.value, claim.unit) for claim in claims}
    if len(values) == 1:
        evidence = tuple(reference for claim in claims for reference in claim.evidence)
        return one.model_copy(update={"claims": (one.claims[0].model_copy(update={"evidence": evidence}),)})
    note = "; ".join(dict.fromkeys(fact.note for fact in (one, other) if fact.note)) or None
    return Fact(name=one.name, status="disputed", claims=claims, settled_by=settled_by, note=note)


def with_always(facts: list[Fact], settled_by: str) -> tuple[Fact, ...]:
    """Return facts with those that every passport has, unknown where they are not there."""
    there = {fact.name for fact in facts}
    return (*(unknown(name, settled_by) for name in ALWAYS if name not in there), *facts)


def slug(text: str) -> str:
    """Return a name of an artifact made from another text: small letters, digits, `.`, `_`, `-`."""
    return _NO_NAME.sub("-", text.casefold()).strip("-._")[:96] or "unnamed"


#: What a reference cannot quote (passport.Prose).
_UNSHOWN: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_NO_NAME: Final = re.compile(r"[^a-z0-9._]+")
