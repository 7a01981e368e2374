"""How readable and instructive a file is, from 0 to 5: a linear model over measures of a text and its words.

`tools/train_quality_score.py` made the model, from grades given by a written rubric (docs/training-output.md). It looks
at the beginning of a text and at its middle, so that a long file costs what a short one does. It is an opinion, kept
beside; it knows no policy.
"""

from __future__ import annotations

import re
import zlib
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

#: Name and version of the model: another one when a text may get another score.
MODEL: Final = "drystone-quality-1"
#: Hashed words, as a power of two; characters of the beginning and of the middle that are looked at.
BITS: Final = 13
_HEAD, _MIDDLE = 3000, 1500

_WORDS: Final = re.compile(r"[A-Za-z_]{2,30}|[^\sA-Za-z_0-9]")
_PLAIN: Final = re.compile(r"[A-Za-z]{2,}")
_COMMENTS: Final = ("#", ";", "%", "*", "//", "/*", "--", '"""', "..")
_DEFINES: Final = frozenset(
    ["def", "function", "fn", "func", "sub", "procedure", "class", "struct", "define", "module", "interface"]
)
_FLOWS: Final = frozenset(["return", "if", "else", "for", "while", "case", "match", "switch"])
_BRINGS: Final = frozenset(["import", "from", "include", "require", "use", "using"])
_CHECKS: Final = frozenset(["assert", "check", "expect", "check_eq", "raises", "pytest"])
_PROSE: Final = frozenset(
    ["the", "is", "are", "of", "to", "and", "this", "that", "you", "for", "can", "it", "with", "be", "not"]
)


class Seen(NamedTuple):
    """What the model sees of a file: measures of its text, and the places of its words among `1 << BITS`."""

    measures: npt.NDArray[np.float64]
    words: npt.NDArray[np.int64]


def features(path: str, language: str | None, text: str) -> Seen:
    """Return what the model sees of a file. `path` is that in the repository; `language` Linguist's name."""
    part = text if len(text) <= _HEAD + _MIDDLE else f"{text[:_HEAD]}\n{_middle(text)}"
    found = [word.lower() for word in _WORDS.findall(part)]
    distinct = set(found)
    named = {f"p:{word}" for word in _PLAIN.findall(path.lower())} | {f"l:{language or ''}"}
    places = {zlib.crc32(word.encode()) & ((1 << BITS) - 1) for word in distinct | named}
    return Seen(_measures(text, part, found, distinct), np.fromiter(sorted(places), np.int64))


def _middle(text: str) -> str:
    at = max(_HEAD, len(text) // 2 - _MIDDLE // 2)
    return text[at : at + _MIDDLE]


def _measures(text: str, part: str, found: list[str], distinct: set[str]) -> npt.NDArray[np.float64]:
    lines = [line.strip() for line in part.split("\n")]
    full = [line for line in lines if line]
    some, words = len(full) + 1, [word for word in found if word[0].isalpha()]
    count = len(words) + 1
    kinds = [sum(word in kind for word in words) for kind in (_DEFINES, _FLOWS, _BRINGS, _CHECKS, _PROSE)]
    values = [
        np.log1p(len(text)),
        np.log1p(text.count("\n")),
        len(full) / (len(lines) + 1),
        sum(line.startswith(_COMMENTS) for line in full) / some,
        np.log1p(len(words)),
        np.log1p(len(distinct)),
        len(distinct) / (len(found) + 1),
        sum(len(line) < 20 for line in full) / some,
        sum(line[0] in "'\"" for line in full) / some,
        sum(map(len, words)) / (len(part) + 1),
        sum(len(line) for line in full) / some / 50,
        *(number / count * 10 for number in kinds),
        part.count('"""') / some,
    ]
    return np.array(values)


class _Model(NamedTuple):
    """`score = bias + measures . linear + measures^2 . square + mean of words' weights times sqrt(words)`."""

    mean: npt.NDArray[np.float64]
    spread: npt.NDArray[np.float64]
    linear: npt.NDArray[np.float64]
    square: npt.NDArray[np.float64]
    words: npt.NDArray[np.float32]
    bias: float


@cache
def _model() -> _Model:
    with files("drystone.detect").joinpath("quality_score.npz").open("rb") as file, np.load(file) as kept:
        mean, spread, linear, square, words = (kept[name] for name in _Model._fields[:-1])
        return _Model(mean, spread, linear, square, words, float(kept["bias"]))


def quality_score(path: str, language: str | None, text: str) -> float:
    """Return the score of a file, from 0 (nothing to learn from) to 5 (a model to follow)."""
    model, seen = _model(), features(path, language, text)
    measures = (seen.measures - model.mean) / model.spread
    score = model.bias + measures @ model.linear + measures**2 @ model.square
    score += float(model.words[seen.words].sum()) / np.sqrt(len(seen.words))
    return float(np.clip(score, 0, 5))
