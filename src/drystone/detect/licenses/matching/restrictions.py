"""Words that deny or restrict: in prose and headers what forbids, beside a licence whatever takes away from it.

Reads one sentence of comparable words at a time; the patterns are data (facts/restrictions.tsv). Knows nothing of which
sentences are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Final, NamedTuple

from drystone.detect.patterns import PatternEnds, PatternSet

#: Riders whose own words leave no doubt that they are about the use of the software.
PLAIN_RIDERS: Final = frozenset({"non-ai", "commons clause", "non-commercial", "field of use", "no service"})
#: The name of the rules for terms that lie elsewhere.
AGREEMENT: Final = "agreement"
#: A sentence about names and marks: "the name of X may not be used to endorse" restricts no use of the software.
_NAMES: Final = re.compile(
    r"\b(?:endorse\w*|promot\w*|trade ?marks?|service marks?|trade names?|logos? of|names? of|the names?)\b"
)
#: A sentence that holds one of these limits what the author answers for, not what others may do.
_LIABLE: Final = ("liable", "liabilit", "damages", "merchantability", "warrant")


class Restriction(NamedTuple):
    """A rule and where its words stand in the sentence; `denies` tells "may not be used" from "under conditions"."""

    rule: str
    start: int
    end: int
    denies: bool


class _Rule(NamedTuple):
    name: str
    denies: bool
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class _Rules:
    """The rules of facts/restrictions.tsv by kind; `cues` tells in one fast pass which of them may match.

    The i-th of its patterns stands for rules of the i-th (kind, name) of `meaning`. `places` are the cues of what
    denies, and all cues.
    """

    denied: tuple[_Rule, ...]
    abroad: tuple[_Rule, ...]
    rider: tuple[_Rule, ...]
    about: re.Pattern[str]
    harmless: re.Pattern[str]
    copying: re.Pattern[str]
    cues: PatternSet
    meaning: tuple[tuple[str, str], ...]
    places: tuple[PatternEnds, PatternEnds]


@cache
def _rules() -> _Rules:
    rows = files("drystone.detect.licenses").joinpath("facts/restrictions.tsv").read_text("utf-8").splitlines()
    words: dict[str, str] = {}
    kinds: dict[str, list[_Rule]] = {"denied": [], "abroad": [], "rider": []}
    harmless: list[str] = []
    about: list[str] = []
    cues: list[tuple[str, str, str]] = []
    for row in rows:
        if not row or row.startswith("#"):
            continue
        kind, name, written = row.split("\t")
        # Comparable words are bytes read as Latin-1, so that other scripts are, too.
        pattern = re.sub(r"\{([a-z_]+)\}", lambda m: words[m[1]], written.encode().decode("latin-1"))
        if kind == "word":
            words[name] = f"(?:{pattern})"
        elif kind == "harmless":
            harmless.append(pattern)
        elif kind == "about":
            about.append(pattern)
        elif kind.endswith("cue"):
            cues.append((kind, name, written))
        else:
            begin = "" if kind == "abroad" else r"\b"  # words of Chinese and Japanese stand within others
            rule = _Rule(name, kind in {"denied", "abroad"}, re.compile(rf"{begin}(?:{pattern})"))
            kinds["denied" if kind == "terms" else kind].append(rule)
    return _Rules(
        denied=tuple(kinds["denied"]),
        abroad=tuple(kinds["abroad"]),
        rider=tuple(kinds["rider"]),
        about=re.compile("|".join(about)),
        harmless=re.compile("|".join(harmless)),
        copying=re.compile(words["copy"] + "|no part|without"),
        cues=PatternSet([cue for _, _, cue in cues], lines=False),
        meaning=tuple((kind, name) for kind, name, _ in cues),
        places=(
            PatternEnds([cue for kind, _, cue in cues if kind == "cue"]),
            PatternEnds([cue for _, _, cue in cues]),
        ),
    )


def _search(rules: tuple[_Rule, ...], sentence: str, names: set[str]) -> Iterator[Restriction]:
    """Yield what the rules of some names find in a sentence once its harmless words are taken out."""
    cleaned: str | None = None
    for name, denies, pattern in rules:
        if name not in names or pattern.search(sentence) is None:
            continue
        if cleaned is None:
            cleaned = _rules().harmless.sub(lambda m: "_" * (m.end() - m.start()), sentence)
        match = pattern.search(sentence if name == "rights reserved" else cleaned)
        if match is not None:
            yield Restriction(name, match.start(), match.end(), denies)


def forbids_something_else(hit: Restriction, sentence: str) -> bool:
    """Whether words of another language forbid something in a sentence that speaks of no rights and no software."""
    return hit.rule.startswith("denied, ") and _rules().about.search(sentence) is None


def cue_places(text: str, riders: bool) -> list[int]:
    """Return the offsets behind words that a sentence which denies has, or with `riders` one that holds a rider.

    A sentence without one of them neither denies nor rides. One pass over the text.
    """
    return _rules().places[riders].ends(text.encode("latin-1"))


def restrictions(sentence: str, beside: bool) -> Iterator[Restriction]:
    """Yield what denies in a sentence, and where it stands beside a licence also what takes away from that.

    What denies holds wherever it stands; riders ("source code must be published") mean something only beside a licence.
    """
    rules = _rules()
    possible = [rules.meaning[i] for i in rules.cues.matching(sentence.encode("latin-1"))]
    if not possible:
        return
    names = {name for kind, name in possible if kind == "cue"}
    if "no copying" in names and (_NAMES.search(sentence) is not None or rules.copying.search(sentence) is None):
        names.remove("no copying")
    yield from islice(_search(rules.denied, sentence, names), 1)
    if "abroad" in names:
        yield from islice(_search(rules.abroad, sentence, {rule.name for rule in rules.abroad}), 1)
    riders = {name for kind, name in possible if kind == "rider cue"}
    if not beside or not riders or any(word in sentence for word in _LIABLE):
        return
    about_names = _NAMES.search(sentence) is not None
    yield from _search(rules.rider, sentence, riders & PLAIN_RIDERS if about_names else riders)
