"""How much a text looks like each language, by its tokens and their neighbours. Knows nothing of names and rules.

A linear classifier over sets of hashed token features (`data/classifier.npz`, which
`tools/train_language_classifier.py` rewrites).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from drystone.detect._kernel import TokenClassifier
from drystone.detect.languages.idioms import idioms
from drystone.detect.languages.tables import by_alias

MODEL: Final = Path(__file__).with_name("data") / "classifier.npz"
#: Bytes that are read from the start of a text.
CONSIDERED_BYTES: Final = 8 * 1024

#: Languages that are most often met weigh a little more: Linguist's `popular.yml`, and the largest of The Stack v2.
_POPULAR: Final = (
    "C", "C#", "C++", "CoffeeScript", "CSS", "Dart", "DM", "Elixir", "Go", "Groovy", "HTML", "Java", "JavaScript",
    "Kotlin", "Objective-C", "Perl", "PHP", "PowerShell", "Python", "Ruby", "Rust", "Scala", "Shell", "Swift",
    "TypeScript", "SQL", "JSON", "YAML", "XML", "Markdown", "Lua", "R", "MATLAB", "Makefile", "TeX", "INI", "Text",
    "reStructuredText",
)  # fmt: skip
_POPULAR_FACTOR: Final = 1.1
#: Where a name leaves every language open, common ones weigh more: what is seen of a rare one is most often a common
#: one that looks like it. Those of the second rank stand here.
_KNOWN: Final = (
    "Ada", "ApacheConf", "Assembly", "Awk", "Batchfile", "CMake", "Clojure", "Common Lisp", "Crystal", "Cython", "D",
    "Diff", "Dockerfile", "Elm", "Emacs Lisp", "Erlang", "F#", "Fortran", "Fortran Free Form", "GraphQL", "HCL",
    "Haskell", "Julia", "Less", "Meson", "Nginx", "Nim", "Nix", "OCaml", "Pascal", "Prolog", "Protocol Buffer",
    "Racket", "Roff", "SCSS", "Scheme", "Solidity", "Standard ML", "TOML", "Tcl", "VHDL", "Verilog", "Vim script",
    "Visual Basic .NET", "Vue", "Zig",
)  # fmt: skip
_OPEN_FACTORS: Final = (1.0, 1.15, 1.2)
#: Each idiom that a text has of a language adds this share to its score, up to four.
_IDIOM_FACTOR: Final = 0.2
#: Idioms of a language, of any other at most, and least share of the best score, with which it is that language.
_IDIOMS_SUFFICE: Final = ((3, 0, 0.5), (2, 0, 0.7), (3, 1, 0.85))
#: How often that is right, common languages being as common as they are.
_BY_IDIOMS: Final = 0.88
#: Never guessed from content alone: a notebook is JSON, prose is told by its sentences, a joke is no language of work.
_NOT_GUESSED: Final = ("Jupyter Notebook", "YASnippet", "Dogescript", "Text")
#: Templates and extensions of a language hold much of it: with these marks the language itself is not settled.
#: Each with what must be there before its pattern is looked for.
_DERIVED: Final = (
    (b"{%", re.compile(rb"\{%[-+ ]")),
    (b"{{", re.compile(rb"\{\{[^\n]{1,80}\}\}")),
    (b"%", re.compile(rb"^[ \t]*%[ ]*(?:if|for|end|def)\b", re.M)),
    *((word, re.compile(rb"^[ \t]*" + word, re.M)) for word in (b"cdef ", b"cpdef ", b"cimport ")),
    *((word, re.compile(rb"^[ \t]*" + word + rb"\b", re.M)) for word in (b"@mixin", b"@include", b"@extend")),
    *((word, re.compile(re.escape(word))) for word in (b"<%", b"__global__", b"<<<", b"xmlns:", b"<?xml")),
)
_DERIVED_FACTOR: Final = 0.6
#: A language whose alias is a word of the path, or a candidate whose name stands in the text, weighs this much more.
_NAMED_FACTOR: Final = 1.5
_WORD: Final = re.compile(r"[a-z][a-z0-9+#]*")
#: Fewer known features than this say nothing.
_LEAST_FEATURES: Final = 12


class _Model(NamedTuple):
    """The classifier with its languages: their names, places, weights, and for open choices rank and weights."""

    scorer: TokenClassifier
    names: tuple[str, ...]
    places: dict[str, int]
    prior: np.ndarray[Any, Any]
    rank: list[int]
    open_prior: np.ndarray[Any, Any]


@cache
def _model() -> _Model:
    with np.load(MODEL, allow_pickle=False) as data:
        names = tuple(map(str, data["names"]))
        starts = np.concatenate([[0], np.cumsum(data["lengths"], dtype=np.uint32)]).astype(np.uint32)
        scorer = TokenClassifier(
            data["keys"], starts, data["classes"], data["weights"], float(data["unit"]), len(names)
        )
    prior = np.array([_POPULAR_FACTOR if n in _POPULAR else 1.0 for n in names], np.float32)
    rank = [2 if n in _POPULAR else 1 if n in _KNOWN else 0 for n in names]
    open_prior = np.array(
        [0.0 if n in _NOT_GUESSED else _OPEN_FACTORS[r] for n, r in zip(names, rank, strict=True)], np.float32
    )
    return _Model(scorer, names, {n: i for i, n in enumerate(names)}, prior, rank, open_prior)


def knows(language: str) -> bool:
    """Return whether the classifier was trained with texts of `language`."""
    return language in _model().places


def _scores(content: bytes, path: str | None, prior: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], int, int]:
    """Return each language's score, and how many features of the text the classifier knows, and how many there are."""
    model = _model()
    scores, known, number = model.scorer.scores(content, CONSIDERED_BYTES)
    scores *= prior
    for language in _named(path):
        if language in model.places:
            scores[model.places[language]] *= _NAMED_FACTOR
    return scores, known, number


@lru_cache(maxsize=1)  # asked twice of each
def _named(path: str | None) -> frozenset[str]:
    """Return the languages that the words of a path name."""
    words = set(_WORD.findall(path.lower())) if path else set()
    return frozenset(by_alias()[word] for word in words if word in by_alias())


def best_of(candidates: Sequence[str], content: bytes, path: str | None) -> tuple[str | None, float]:
    """Return which of `candidates` the text looks like most, and its lead; None where it shares nothing with any.

    Ties go to the first. `path` adds weight to languages that its words name. The lead is the share by which the score
    is above the second's (0 to 1).
    """
    index = _model().places
    scores, _, _ = _scores(content, path, _model().prior)
    head = content[:CONSIDERED_BYTES].lower()
    best, most, second = None, 0.0, 0.0
    for name in candidates:
        if name in index:
            score = float(scores[index[name]])
            # Short names are words of other languages too.
            if len(name) >= 3 and name.lower().encode() in head:
                score *= _NAMED_FACTOR
            if score > most:
                best, most, second = name, score, most
            else:
                second = max(second, score)
    return best, (most - second) / most if most else 0.0


def guess(content: bytes, path: str | None) -> tuple[str | None, float]:
    """Return the language that the text looks like most, and how likely that is right (0 to 1).

    Where a common language alone has several idioms, and is about as likely as the likeliest, it is that one.
    """
    model = _model()
    scores, known, number = _scores(content, path, model.open_prior)
    if known < _LEAST_FEATURES:
        return None, 0.0
    seen = idioms(content)
    for language, times in seen.items():
        if language in model.places:
            scores[model.places[language]] *= 1 + _IDIOM_FACTOR * min(times, 4)
    first = _last_of_the_most(scores)
    most = float(scores[first])
    if most <= 0:
        return None, 0.0
    found, confidence = _by_idioms(seen, scores), _BY_IDIOMS
    if found is None:
        found = model.names[first]
        own = seen.pop(found, 0)
        confidence = _confidence(
            lead=_lead(scores, first),
            level=most / math.sqrt(known),
            known=known,
            coverage=known / max(1, number),
            rank=model.rank[first],
            own=own,
            others=max(seen.values(), default=0),
        )
    if found in _named(path) and scores[model.places[found]] >= scores[first]:
        # The path's own word for it, and the text looks like it: two that agree.
        confidence = max(confidence, _BY_IDIOMS)
    if model.rank[model.places[found]] == 2 and _is_derived(content[:CONSIDERED_BYTES]):
        confidence *= _DERIVED_FACTOR
    return found, round(confidence, 3)


def _is_derived(head: bytes) -> bool:
    return any(word in head and pattern.search(head) is not None for word, pattern in _DERIVED)


def _last_of_the_most(scores: np.ndarray[Any, Any]) -> int:
    return len(scores) - 1 - int(scores[::-1].argmax())


def _lead(scores: np.ndarray[Any, Any], first: int) -> float:
    """Return the share by which the score at `first`, the most, is above the next."""
    second = max(scores[:first].max(initial=0.0), scores[first + 1 :].max(initial=0.0))
    return float((scores[first] - second) / scores[first])


def _by_idioms(seen: Counter[str], scores: np.ndarray[Any, Any]) -> str | None:
    """Return the common language whose idioms a text has and no other's, if the text also looks like it."""
    model = _model()
    ordered = sorted(seen.items(), key=lambda item: (-item[1], item[0]))
    if not ordered:
        return None
    (language, own), others = ordered[0], ordered[1][1] if len(ordered) > 1 else 0
    place = model.places.get(language)
    if place is None or model.rank[place] < 2:
        return None
    share = float(scores[place] / scores.max())
    for least, most_others, least_share in _IDIOMS_SUFFICE:
        if own >= least and own - others >= least - most_others and share >= least_share:
            return language
    return None


def _confidence(*, lead: float, level: float, known: int, coverage: float, rank: int, own: int, others: int) -> float:
    """Return how likely a guess is right: a logistic model of what was seen of about 2,800 labelled texts.

    Fitted on whole files and pieces of 3 to 14 lines from installed packages, on the development files and on 556 texts
    that no language is settled for, weighed by how common a language is; `own` and `others` count idioms.
    """
    above = own - others
    total = (
        -7.604
        + 7.01 * min(lead, 0.4)
        + 0.488 * math.log1p(min(known, 300))
        + 2.944 * coverage
        + (0.0, 3.416, 3.384)[rank]
        + 0.266 * level
        - 0.255 * (others > own)
        - 0.468 * (rank == 2 and own == 0)
        - 0.152 * (own >= 2 and above >= 1)
        + 0.719 * (own >= 3 and above >= 2)
        - 0.438 * (own >= 4 and above >= 2)
    )
    return 1 / (1 + math.exp(-total))
