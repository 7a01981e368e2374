"""Puts what was measured into a passport: beside what others said, never over it."""

from __future__ import annotations

from collections.abc import Iterable

from drystone.catalog.passports.passport import Claim, Fact, Passport


def with_facts(passport: Passport, measured: Iterable[Fact]) -> Passport:
    """Return a passport with facts that were measured.

    What was unknown becomes known. Where a fact has claims by others that say something else, it is disputed; an
    earlier claim by the same method is replaced. An unknown fact takes nothing away.
    """
    new = {fact.name: fact for fact in measured}
    facts = [_joined(fact, new.pop(fact.name)) if fact.name in new else fact for fact in passport.facts]
    return passport.model_copy(update={"facts": (*facts, *new.values())})


def _joined(old: Fact, new: Fact) -> Fact:
    claim = new.claim
    if claim is None:
        return old if old.claims else new
    others = tuple(
        one for one in old.claims if one.method is None or claim.method is None or one.method.name != claim.method.name
    )
    if all(_agrees(one, claim) for one in others):
        return new
    settled = old.settled_by or "measuring all of it, not a sample"
    return Fact(name=old.name, status="disputed", claims=(*others, claim), settled_by=settled, note=old.note)


def _agrees(one: Claim, other: Claim) -> bool:
    """Return whether a claim says the same: the same value, or one in the interval of what was measured."""
    if (one.value, one.unit) == (other.value, other.unit):
        return True
    number = one.number
    if number is None or one.unit != other.unit or other.low is None or other.high is None:
        return False
    return other.low <= number <= other.high
