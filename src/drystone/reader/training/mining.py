"""Questions that their context does not answer, made from those that another context answers; and shorter contexts.

A reader that only ever saw answers gives one to every text. What it must learn to refuse is what it meets when it reads
long texts piece by piece: other paragraphs of the right article, near misses that share the question's words, texts
about something else, and the rest of the right paragraph. It knows nothing of tokens or models.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from drystone.errors import UsageError
from drystone.reader.training.data import DataSet, Example

#: Of mined questions, the share with: any other paragraph of the article; one of the article's paragraphs nearest to
#: the question; one of the nearest of all other articles; any other article's; the rest of the answer's own paragraph.
_KINDS: Final = ("article", "article near", "elsewhere near", "elsewhere", "rest")
_SHARES: Final = (0.30, 0.28, 0.20, 0.10, 0.12)
#: A near miss is one of so many that share most words with the question.
_NEAREST: Final = 4
#: Characters that the rest of a paragraph must have to be a context.
_REST: Final = 150
_WORD: Final = re.compile(r"\w+")
_SENTENCE: Final = re.compile(r"(?<=[.!?])[\"')\]]*\s+|\n+")


def mine_unanswerable(data: DataSet, share: float, seed: int = 0) -> DataSet:
    """Add unanswerable questions: `share` of the answerable ones, each with a context that does not answer it.

    The contexts are other paragraphs of the article, the nearest ones (BM25) of it and of other articles, any of other
    articles, and the rest of the own paragraph. None holds one of the question's answers, as text. Raises UsageError
    where there is no context to offer.
    """
    if not share:
        return data
    random = np.random.default_rng([seed, 7])
    able = [e for e in data.examples if e.start is not None]
    offers = _Offers(data.examples)
    mined: list[Example] = []
    wanted = round(share * len(able))
    order = random.permutation(len(able)).tolist()
    # Twice as often as is wanted: a question may find no context of the kind that was drawn.
    for turn in range(2 * -(-wanted // max(len(able), 1)) if able else 0):
        for i in order:
            if len(mined) == wanted:
                break
            kind = _KINDS[int(random.choice(len(_KINDS), p=_SHARES))]
            other = offers.context(able[i], kind, random)
            if other is not None:
                name = f"{able[i].id}:mined" if not turn else f"{able[i].id}:mined{turn}"
                mined.append(Example(able[i].question, other, None, 0, name, able[i].title))
    if not mined:
        raise UsageError(
            f"{data.name}: no article has a second paragraph, nor is there another article, so no unanswerable "
            "question can be mined."
        )
    return replace(data, examples=(*data.examples, *mined))


def shorten(data: DataSet, share: float, about: int = 500, seed: int = 0) -> DataSet:
    """Cut `share` of the contexts that are longer than `about` characters to so many, at sentences around the answer.

    A context without an answer is cut anywhere. What is left is what a long text read in pieces gives.
    """
    random = np.random.default_rng([seed, 8])
    cut = []
    for example in data.examples:
        if len(example.context) > about * 1.3 and random.random() < share:
            begin, end = _stretch(example, about, random)
            moved = None if example.start is None else example.start - begin
            last = 0 if moved is None else example.end - begin
            cut.append(example._replace(context=example.context[begin:end], start=moved, end=last))
        else:
            cut.append(example)
    return replace(data, examples=tuple(cut))


def _stretch(example: Example, about: int, random: np.random.Generator) -> tuple[int, int]:
    """Return where a stretch of whole sentences around the answer begins and ends."""
    text = example.context
    edges = [0, *(m.end() for m in _SENTENCE.finditer(text)), len(text)]
    if example.start is None:
        first = last = int(random.integers(len(edges) - 1))
    else:
        first = max(i for i, at in enumerate(edges[:-1]) if at <= example.start)
        last = min(i for i, at in enumerate(edges[1:]) if at >= example.end)
    while True:
        grow = []
        if first > 0 and edges[last + 1] - edges[first - 1] <= about:
            grow.append(-1)
        if last + 2 < len(edges) and edges[last + 2] - edges[first] <= about:
            grow.append(1)
        if not grow:
            break
        if grow[int(random.integers(len(grow)))] < 0:
            first -= 1
        else:
            last += 1
    piece = text[edges[first] : edges[last + 1]]
    return edges[first], edges[first] + len(piece.rstrip())


class _Offers:
    """Contexts that a question may be paired with."""

    def __init__(self, examples: Iterable[Example]) -> None:
        self._articles: dict[str, dict[int, None]] = {}
        places: dict[str, int] = {}
        owners: list[str] = []
        for example in examples:
            own = self._articles.setdefault(example.title, {})
            if example.context not in places:
                places[example.context] = len(places)
                owners.append(example.title)
            own[places[example.context]] = None  # two articles may hold the same paragraph
        self._contexts = list(places)
        self._low = [context.lower() for context in self._contexts]
        self._owners = np.array(owners)
        self._ranking = WordRanking(self._low)

    def context(self, example: Example, kind: str, random: np.random.Generator) -> str | None:
        """Return a context of a kind that does not hold the example's answer, or None where there is none."""
        if kind == "rest":
            return _rest(example)
        own = list(self._articles[example.title])
        if kind == "article":
            return self._first(example, (own[int(i)] for i in random.permutation(len(own))[:8]))
        if kind == "elsewhere":
            return self._first(example, random.integers(len(self._contexts), size=8).tolist())
        scores = self._ranking.scores(example.question)
        if kind == "article near":
            near = sorted(own, key=lambda i: -scores[i])[: _NEAREST + 1]
        else:
            scores[self._owners == example.title] = 0
            count = min(_NEAREST, len(scores))
            near = [int(i) for i in np.argpartition(-scores, count - 1)[:count] if scores[i] > 0]
        random.shuffle(near)
        return self._first(example, near)

    def _first(self, example: Example, places: Iterable[int]) -> str | None:
        golds = [gold.lower() for gold in _golds(example)]
        for i in places:
            if self._contexts[i] != example.context and not any(gold in self._low[i] for gold in golds):
                return self._contexts[i]
        return None


def _rest(example: Example) -> str | None:
    """Return the longer of what stands before and after the answer's sentence."""
    text, golds = example.context, [gold.lower() for gold in _golds(example)]
    assert example.start is not None
    edges = [0, *(m.end() for m in _SENTENCE.finditer(text)), len(text)]
    before = text[: max(at for at in edges if at <= example.start)].strip()
    after = text[min(at for at in edges if at >= example.end) :].strip()
    longer = max(before, after, key=len)
    if len(longer) < _REST or any(gold in longer.lower() for gold in golds):
        return None
    return longer


def _golds(example: Example) -> Sequence[str]:
    return example.golds or (example.context[example.start : example.end],)


class WordRanking:
    """BM25 (Robertson and Zaragoza 2009) over texts in memory, k1 1.2 and b 0.75; words in more than a tenth of many
    texts count for nothing."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._count = len(texts)
        found: dict[str, list[tuple[int, int]]] = {}
        lengths = np.zeros(self._count)
        for i, text in enumerate(texts):
            counts: dict[str, int] = {}
            for word in _words(text):
                counts[word] = counts.get(word, 0) + 1
            lengths[i] = sum(counts.values())
            for word, often in counts.items():
                found.setdefault(word, []).append((i, often))
        norm = 1.2 * (0.25 + 0.75 * lengths / max(lengths.mean(), 1.0))
        most = max(self._count // 10, 20)
        self._postings: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        for word, pairs in found.items():
            if len(pairs) <= most:
                at = np.array([i for i, _ in pairs], np.int32)
                times = np.array([n for _, n in pairs], float)
                rare = np.log(1 + (self._count - len(at) + 0.5) / (len(at) + 0.5))
                self._postings[word] = at, rare * times * 2.2 / (times + norm[at])

    def scores(self, question: str) -> np.ndarray:
        """Return a score for each text."""
        total = np.zeros(self._count)
        for word in dict.fromkeys(_words(question.lower())):  # sums in one order in every process
            if word in self._postings:
                at, values = self._postings[word]
                total[at] += values
        return total


def _words(text: str) -> Iterator[str]:
    return (m[0] for m in _WORD.finditer(text))
