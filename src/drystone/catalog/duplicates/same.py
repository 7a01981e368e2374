"""Whether two identities are one artifact: by what proves it, by what forbids it, and else by names and words."""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

from rapidfuzz import fuzz

from drystone.catalog.duplicates.names import NameParts, name_of, place_of, registry_of
from drystone.catalog.passports.passport import Identity

#: From here on two names without gaps are spellings of one, if they are as long as that. Chosen on the part "tune" of
#: benchmarks/catalog/duplicates.jsonl, as the next one is.
_SPELLING, _LONG = 94.0, 10
#: From here on two descriptions say the same.
_SAID_THE_SAME: Final = 90.0
#: Words by which a description says that this is made from another's.
_MADE_FROM: Final = re.compile(
    r"\b(fork(ed)?|mirror|copy|re-?upload(ed)?|quanti[sz]ed|convert(ed|s|er|ible)?|conversion|fine-?tun\w+|adapt\w+|"
    r"port(ed)?|weights for|subset|based on|derived|backup|not affiliated|unofficial|drop-in)\b",
    re.IGNORECASE,
)


class SameEntity(NamedTuple):
    """The verdict on two identities, and why. `maybe`: a person should look; they are not made one by themselves."""

    verdict: Literal["one", "two", "maybe"]
    said: str


def same_entity(one: Identity, other: Identity) -> SameEntity:
    """Return whether two identities are one artifact."""
    if one.kind != other.kind:
        return SameEntity("two", f"one is a {one.kind}, the other a {other.kind}")
    equal, differ = _hashes(one, other)
    if equal is not None:
        return SameEntity("one", f"both have {equal}")
    first, second = ({place_of(url) for url in _addresses(each)} - {None} for each in (one, other))
    if first & second:
        return SameEntity("one", f"both lead to {min(place for place in first & second if place)}")
    registries = [{registry_of(place) for place in places if place} - {None} for places in (first, second)]
    if registries[0] & registries[1]:
        return SameEntity("two", f"{min(filter(None, registries[0] & registries[1]))} has them under two names")
    verdict = _by_names(one, other)
    if verdict.verdict == "one" and differ is not None:
        return SameEntity("two", f"they are called alike, and differ in {differ}")
    return verdict


def _hashes(one: Identity, other: Identity) -> tuple[str | None, str | None]:
    """Return a hash that both have, and an algorithm by which all that both have differ."""
    first, second = (
        {(name.casefold(), value.casefold()) for version in each.versions for name, value in version.hashes.items()}
        for each in (one, other)
    )
    both = {name for name, _ in first} & {name for name, _ in second}
    equal = sorted(first & second)
    if equal:
        return f"{equal[0][0]} {equal[0][1][:16]}", None
    return None, min(both) if both else None


def _addresses(one: Identity) -> list[str]:
    return [text for text in (one.url, *one.aliases) if text]


def _names(one: Identity) -> list[NameParts]:
    texts = [one.name, one.title, *(alias for alias in one.aliases if "://" not in alias)]
    place = place_of(one.url)
    if place is not None and place.count("/") >= 2:
        texts.append("/".join(place.split("/")[-2:]))
    return [name for name in dict.fromkeys(map(name_of, texts)) if name.words]


def _by_names(one: Identity, other: Identity) -> SameEntity:
    """Judge by names: those of one must be those of the other, and who has them must not be two."""
    pairs = [(a, b) for a in _names(one) for b in _names(other)]
    alike = [(a, b) for a, b in pairs if _spelt_alike(a, b)]
    if not alike:
        return SameEntity("two", "no name of one is a name of the other")
    owners = [{name.owner for name in _names(each) if name.owner is not None} for each in (one, other)]
    said = f"{' '.join(alike[0][0].words)} is {' '.join(alike[0][1].words)}"
    if owners[0] & owners[1] or not (owners[0] and owners[1]):
        made = [_MADE_FROM.search(each.description) for each in (one, other)]
        if bool(made[0]) != bool(made[1]) and fuzz.token_set_ratio(one.description, other.description) < _SAID_THE_SAME:
            return SameEntity("maybe", f"{said}, but only one says that it is made from another's")
        return SameEntity("one", said)
    if any(_MADE_FROM.search(each.description) for each in (one, other)):
        return SameEntity("two", f"{said}, by two owners, and one says that it is made from another's")
    if fuzz.token_sort_ratio(one.description, other.description) >= _SAID_THE_SAME:
        return SameEntity("one", f"{said}, by two owners who say the same of it")
    return SameEntity("maybe", f"{said}, by two owners")


def _spelt_alike(one: NameParts, other: NameParts) -> bool:
    if one.joined == other.joined or one.words == other.words:
        return True
    if one.telling != other.telling or [w for w in one.words if w[0].isdigit()] != [
        w for w in other.words if w[0].isdigit()
    ]:
        return False
    if "".join(one.words) == "".join(other.words):
        return True
    shorter = min(len(one.joined), len(other.joined))
    return (
        shorter >= _LONG and one.owner is not None and one.owner == other.owner
        and fuzz.ratio(one.joined, other.joined) >= _SPELLING
    )  # fmt: skip
