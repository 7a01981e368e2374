"""Makes one passport of two: every name is kept, and where they say different things, both are heard."""

from __future__ import annotations

from drystone.catalog.passports.passport import Fact, Passport
from drystone.errors import UsageError


def merged(kept: Passport, other: Passport) -> Passport:
    """Return the passport of an artifact that was listed twice, under the name of `kept`.

    The names of the other become aliases. A fact that one does not know is the other's; where both know it and differ
    it is disputed. Raises `UsageError` where they are of two kinds.
    """
    one, two = kept.artifact, other.artifact
    if one.kind != two.kind:
        raise UsageError(f"{one.name} is a {one.kind}, {two.name} a {two.kind}: they cannot be one.")
    if one.name == two.name:
        raise UsageError(f"{one.name} is named twice")
    known = {name.casefold() for name in (one.name, one.title, *([one.url] if one.url else []))}
    names = [*one.aliases, two.name, two.title, *two.aliases, *([two.url] if two.url else [])]
    aliases = {name.casefold(): name for name in reversed(names) if name.casefold() not in known}
    versions = {version.name: version for version in (*two.versions, *one.versions)}
    artifact = one.model_copy(
        update={"aliases": tuple(reversed(aliases.values())), "versions": tuple(versions.values())}
    )
    does = {capability.id: capability for capability in (*other.capabilities, *kept.capabilities)}
    seconds = {fact.name: fact for fact in other.facts}
    facts = [_both(fact, seconds.pop(fact.name, None)) for fact in kept.facts]
    made = kept.model_copy(
        update={"artifact": artifact, "capabilities": tuple(does.values()), "facts": (*facts, *seconds.values())}
    )
    return Passport.model_validate(made.model_dump())


def _both(one: Fact, other: Fact | None) -> Fact:
    if other is None or not other.claims:
        return one
    if not one.claims:
        return other
    said = {(claim.value, claim.unit) for claim in one.claims}
    more = tuple(claim for claim in other.claims if (claim.value, claim.unit) not in said)
    if not more:
        return one
    settled = one.settled_by or other.settled_by or "looking at what each claim rests on"
    return Fact(name=one.name, status="disputed", claims=(*one.claims, *more), settled_by=settled, note=one.note)
