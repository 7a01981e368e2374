"""Chooses the artifact that does a job now: what can be used here first, then what is known to do it better.

Who does it better is what a comparison says of the job; where that cannot be told, the better fit, then the name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Final

from drystone.catalog.comparing.compare import job_verdict
from drystone.catalog.finding import import_from
from drystone.catalog.matching.entries import judged_of
from drystone.catalog.matching.finder import ArtifactFinder
from drystone.catalog.matching.index import unbeaten
from drystone.catalog.matching.records import Seeker
from drystone.catalog.matching.shapes import ArtifactHit
from drystone.catalog.passports.passport import Passport
from drystone.catalog.resolving.shapes import Alternative, Resolved
from drystone.catalog.resolving.snippets import invocation
from drystone.catalog.shelf.shelf import Shelf
from drystone.errors import DrystoneError, UsageError
from drystone.reader.model.installed import installed
from drystone.release.layout import shown

#: How the id of a capability is asked for.
SCHEME: Final = "capability://"
#: Hits of an intent that are looked at, and alternatives that are named.
_HITS: Final = 20
#: Artifacts that are compared besides the hits: more, and a resolution would cost more than a search.
_BEST: Final = 20
_NAMED: Final = 5
_UNTOLD: Final = "what is known does not tell who does it better"


@dataclass(frozen=True, slots=True)
class _Candidate:
    passport: Passport
    place: str | None
    fit: float | None


def resolve(
    asked: str, shelf: Shelf, finder: ArtifactFinder, among: Sequence[str] = (), seeker: Seeker | None = None
) -> Resolved:
    """Return the artifact that does what is asked for: a need in words, or `capability://ID`.

    `among`: folders of releases and readers to choose from besides the catalog; installed readers are always. A need is
    searched for, and so recorded, as `ArtifactFinder.find` does. Raises `UsageError` where nothing does it.
    """
    here, unusable = _here(among)
    hits: Sequence[ArtifactHit] = ()
    notes = unusable
    if asked.startswith(SCHEME):
        capability = asked.removeprefix(SCHEME).rstrip("/")
    else:
        found = finder.find(asked, limit=_HITS, seeker=seeker)
        hits, notes = found.hits, (*found.notes, *unusable)
        best = next((hit for hit in hits if hit.capability is not None), None)
        if best is None or best.capability is None:
            raise UsageError(f"nothing in the catalog is known to do this: {shown(asked)}")
        capability = best.capability
    fits = {hit.artifact: hit.fit for hit in hits if hit.capability == capability}
    does = [name for name, (one, _) in here.items() if any(each.id == capability for each in one.capabilities)]
    names = dict.fromkeys([*does, *fits, *finder.doing(capability, _BEST)])
    doing = [
        _Candidate(here[name][0], here[name][1], fits.get(name))
        if name in here
        else _Candidate(shelf.get(name), None, fits.get(name))
        for name in names
        if name in does or name not in here
    ]
    if not doing:
        known = {each.id for one, _ in here.values() for each in one.capabilities}
        raise UsageError(_nothing(capability, known.union(finder.capabilities())))
    return _chosen(asked, capability, doing, hits, notes)


def _here(among: Sequence[str]) -> tuple[dict[str, tuple[Passport, str]], tuple[str, ...]]:
    """Return the artifacts that can be used on this machine, by name, each with its place; and what cannot, and why."""
    found, unusable = _installed()
    named = ((import_from(place).passport, place) for place in among)
    return found | {passport.artifact.name: (passport, place) for passport, place in named}, unusable


@cache
def _installed() -> tuple[dict[str, tuple[Passport, str]], tuple[str, ...]]:
    found: dict[str, tuple[Passport, str]] = {}
    unusable: list[str] = []
    for place in installed():
        try:
            passport = import_from(place).passport
        except DrystoneError as error:
            unusable.append(f"the installed reader {place} cannot be used: {error}")
            continue
        found[passport.artifact.name] = (passport, place)
    return found, tuple(unusable)


def _chosen(
    asked: str, capability: str, doing: list[_Candidate], hits: Sequence[ArtifactHit], notes: tuple[str, ...]
) -> Resolved:
    best, *others = _ordered(capability, doing)
    artifact = best.passport.artifact
    lost = [
        Alternative(other.passport.artifact.name, other.passport.artifact.title, _lost(capability, best, other))
        for other in others[:_NAMED]
    ]
    named = {one.passport.artifact.name for one in doing}
    lost += [
        Alternative(hit.artifact, hit.title, f"it does something else: {hit.capability_name} (fit {hit.fit:.2f})")
        for hit in hits
        if hit.artifact not in named and hit.capability_name is not None
    ]
    does = next(one for one in best.passport.capabilities if one.id == capability)
    hit = next((hit for hit in hits if hit.artifact == artifact.name), None)
    why = f"{artifact.title} {does.name}"
    why += f"; it is here: {best.place}." if best.place is not None else "; it must be got first."
    return Resolved(
        asked, artifact.name, artifact.kind, artifact.title, SCHEME + capability, does.name, best.place, best.fit,
        () if hit is None else hit.reasons, why, invocation(best.passport, capability, best.place),
        tuple(lost[:_NAMED]), notes,
    )  # fmt: skip


def _ordered(capability: str, doing: Sequence[_Candidate]) -> list[_Candidate]:
    """Return candidates, best first: what is here, what nobody is known to do better, what fits better, by name."""
    found: list[_Candidate] = []
    for is_far in (False, True):
        group = [one for one in doing if (one.place is None) is is_far]
        left = unbeaten(capability, [judged_of(one.passport) for one in group]).tolist()
        keyed = [
            ((not is_left, one.fit is None, -(one.fit or 0.0), one.passport.artifact.name), one)
            for is_left, one in zip(left, group, strict=True)
        ]
        found += [one for _, one in sorted(keyed, key=lambda pair: pair[0])]
    return found


def _lost(capability: str, best: _Candidate, other: _Candidate) -> str:
    """Say why another candidate was not chosen."""
    if best.place is not None and other.place is None:
        return f"it is not here, as {best.passport.artifact.title} is"
    told = job_verdict(capability, best.passport, other.passport)
    if told.ahead is not None:
        return told.said.rstrip(".") if told.ahead == 0 else "another one is known to do it better"
    if best.fit != other.fit and best.fit is not None:
        if other.fit is None:
            return f"{_UNTOLD}; it was not found for this"
        return f"{_UNTOLD}; it fits less, {other.fit:.2f} against {best.fit:.2f}"
    return f"{_UNTOLD}; the names decided"


def _nothing(capability: str, known: Iterable[str]) -> str:
    near = get_close_matches(capability, sorted(known), n=3)
    hint = f" Did you mean {' or '.join(SCHEME + one for one in near)}?" if near else ""
    return f"{shown(SCHEME + capability)}: no artifact of the catalog does this.{hint}"
