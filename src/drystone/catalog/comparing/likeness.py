"""How near two capabilities are by what they are asked for: their words, the rare ones counting more."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Final

import numpy as np

from drystone.catalog.passports.passport import Capability
from drystone.catalog.passports.vocabulary import jobs
from drystone.search.questions.words import asking, words_of

#: From here on two capabilities of unknown ids are the same job: the highest value at which no more than one of the 50
#: tuning pairs of benchmarks/catalog/pairs.jsonl is judged wrong.
SAME: Final = 0.2


def likeness(one: Capability, other: Capability) -> float:
    """Return how likely two capabilities are the same job, 0 to 1.

    One id is one job. Two ids of the vocabulary are two jobs. Else it is the cosine of the words of both names and
    intents, weighted by how rare a word is among the jobs of the vocabulary.
    """
    if one.id == other.id:
        return 1.0
    if one.id in jobs() and other.id in jobs():
        return 0.0
    return _cosine(_weights([one.name, *one.intents]), _weights([other.name, *other.intents]))


def _cosine(one: dict[int, float], other: dict[int, float]) -> float:
    common = sum(weight * other[word] for word, weight in one.items() if word in other)
    lengths = math.sqrt(sum(w * w for w in one.values()) * sum(w * w for w in other.values()))
    return common / lengths if lengths else 0.0


def _weights(texts: Iterable[str]) -> dict[int, float]:
    known, most = _rarity()
    return {word: known.get(word, most) for word in _words(" ".join(texts))}


def _words(text: str) -> set[int]:
    keys = [keys for _, keys in words_of(text)]
    every = np.unique(np.concatenate(keys)) if keys else np.zeros(0, np.uint64)
    return set(every[~np.isin(every, asking())].tolist())


@cache
def _rarity() -> tuple[dict[int, float], float]:
    """Return the weight of each word of the vocabulary's jobs, and that of a word which is in none."""
    every = [_words(" ".join((job.name, *job.intents))) for job in jobs().values()]
    counts = Counter(word for words in every for word in words)
    return {word: math.log((1 + len(every)) / count) for word, count in counts.items()}, math.log(1 + len(every))
