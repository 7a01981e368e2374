"""How much a text looks like each language, by its tokens and their neighbours. Knows nothing of names and rules.

A linear classifier over sets of hashed token features (`data/classifier.npz`, which
`tools/train_language_classifier.py` rewrites).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from drystone.detect._kernel import TokenClassifier
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
#: A language whose alias is a word of the path, or a candidate whose name stands in the text, weighs this much more.
_NAMED_FACTOR: Final = 1.5
_WORD: Final = re.compile(r"[a-z][a-z0-9+#]*")
#: Fewer known features than this say nothing.
_LEAST_FEATURES: Final = 12


@cache
def _model() -> tuple[TokenClassifier, tuple[str, ...], dict[str, int], np.ndarray[Any, Any]]:
    with np.load(MODEL, allow_pickle=False) as data:
        names = tuple(map(str, data["names"]))
        starts = np.concatenate([[0], np.cumsum(data["lengths"], dtype=np.uint32)]).astype(np.uint32)
        scorer = TokenClassifier(
            data["keys"], starts, data["classes"], data["weights"], float(data["unit"]), len(names)
        )
    prior = np.array([_POPULAR_FACTOR if n in _POPULAR else 1.0 for n in names], np.float32)
    return scorer, names, {n: i for i, n in enumerate(names)}, prior


def knows(language: str) -> bool:
    """Return whether the classifier was trained with texts of `language`."""
    return language in _model()[2]


def _scores(content: bytes, path: str | None) -> tuple[np.ndarray[Any, Any], int]:
    scorer, _, index, prior = _model()
    scores, known, _ = scorer.scores(content, CONSIDERED_BYTES)
    scores *= prior
    if path:
        for word in set(_WORD.findall(path.lower())):
            language = by_alias().get(word)
            if language in index:
                scores[index[language]] *= _NAMED_FACTOR
    return scores, known


def best_of(candidates: Sequence[str], content: bytes, path: str | None) -> str | None:
    """Return which of `candidates` the text looks like most; None where it shares nothing with any.

    Ties go to the first. `path` adds weight to languages that its words name.
    """
    index = _model()[2]
    scores, _ = _scores(content, path)
    head = content[:CONSIDERED_BYTES].lower()
    best, most = None, 0.0
    for name in candidates:
        if name in index:
            score = float(scores[index[name]])
            # Short names are words of other languages too.
            if len(name) >= 3 and name.lower().encode() in head:
                score *= _NAMED_FACTOR
            if score > most:
                best, most = name, score
    return best


def guess(content: bytes, path: str | None) -> tuple[str | None, float]:
    """Return the language that the text looks like most, and by which share it leads the second (0 to 1)."""
    names = _model()[1]
    scores, known = _scores(content, path)
    if known < _LEAST_FEATURES:
        return None, 0.0
    second, first = np.argsort(scores, kind="stable")[-2:]
    return names[first], float((scores[first] - scores[second]) / scores[first])
