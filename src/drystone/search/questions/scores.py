"""Files and passages that fit words best: BM25 over texts, over the names they define, and over paths.

A file's score is its best passage's, and a little for more of them, for each word that it has anywhere, and for its
path; tests, documentation and what nobody wrote for use count for less. docs/search.md has the formula and the measures
that chose it; the kernel computes it. Okapi BM25: Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009.
Knows segments; knows no text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from drystone.detect.languages.tables import languages
from drystone.search import _kernel
from drystone.search.filters import Mask
from drystone.search.questions.words import keys_of, only_ask, words_of
from drystone.search.segment import FLAGS, Segment

#: How soon more of the same term counts for little, and how far length is allowed for.
_K1, _B = 1.2, 0.75
#: What a term counts for in a path, beside one in a text.
_PATH = 0.6
#: What further passages of a file count for: this share of the second, half of it of the third, ...
_MORE: Final = 0.3
#: What a term counts for by standing anywhere in a file, beside its weight.
_COVER: Final = 0.3


class Taste(NamedTuple):
    """What is looked for, and so which files and terms count for less.

    `priors`: by what the scores of files are multiplied, by kind; "code" of those of no other kind; the smallest that
    holds, but with `whatever_folder` documentation counts fully wherever it lies. `defined`: what a term counts
    for in the names that a passage defines, beside one in a text. A term in a larger part of all passages than `common`
    tells them apart so little that it is left out beside others. `elsewhere`: by what the scores of files outside the
    repositories that are named are multiplied.
    """

    priors: Mapping[str, float]
    defined: float
    common: float
    elsewhere: float
    whatever_folder: bool


#: Who asks where something is done: code, and tests and documentation seldom.
FOR_CODE: Final = Taste(
    {"code": 1.0, "test": 0.6, "documentation": 0.65, "vendored": 0.6, "generated": 0.6, "data": 0.8},
    defined=0.7, common=0.1, elsewhere=1.0, whatever_folder=False,
)  # fmt: skip
#: Who asks for a fact: documentation, and code where it says more.
FOR_FACTS: Final = Taste(
    {"code": 0.7, "test": 0.3, "documentation": 1.0, "vendored": 0.3, "generated": 0.3, "data": 0.5},
    defined=0.3, common=1.0, elsewhere=0.3, whatever_folder=True,
)  # fmt: skip
Floats = npt.NDArray[np.float32]
Keys = npt.NDArray[np.uint64]


class Hit(NamedTuple):
    """A passage by its segment and number there, its file, where it begins and ends in the text, and its score."""

    segment: int
    passage: int
    file: int
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class FileHit:
    """A file by its segment and number there, with its best passages.

    Its score is `prior` times the sum of `parts`: "text" and "definitions" of the best passage, "passages" (further
    ones), "words" (how many of those asked for it has), "path".
    """

    segment: int
    file: int
    score: float
    prior: float
    parts: Mapping[str, float]
    passages: tuple[Hit, ...]


class WordWeight(NamedTuple):
    """A word that was asked for: passages that have it, what it counts for, and why it counts for nothing in texts."""

    word: str
    passages: int
    weight: float
    left_out: str | None


class _Asked(NamedTuple):
    """Distinct terms, what each counts for in texts, in definitions and in paths, and in how many passages it is."""

    keys: Keys
    texts: Floats
    defined: Floats
    paths: Floats
    passages: npt.NDArray[np.float64]
    asks: Mask


class Ranking:
    """The ranking over some segments. What depends on them alone is computed once."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = segments
        lengths = [segment.passages.terms for segment in segments]
        self._passages = max(1, sum(map(len, lengths)))
        self._files = max(1, sum(segment.count for segment in segments))
        mean = max(1.0, sum(float(one.sum()) for one in lengths) / self._passages)
        self._norms = [(_K1 * (1 - _B + _B * one.astype(np.float32) / mean)).astype(np.float32) for one in lengths]
        self._divisions = [_kernel.Division(segment.passages.first) for segment in segments]
        self._kept: dict[str, list[Floats]] = {}

    def _priors(self, taste: Taste) -> list[Floats]:
        key = repr(taste)
        if key not in self._kept:
            self._kept[key] = [priors(segment, taste) for segment in self._segments]
        return self._kept[key]

    def _asked(self, words: str, taste: Taste) -> _Asked:
        keys = keys_of(words)
        texts, defined, paths = (np.zeros(len(keys)) for _ in range(3))
        for segment in self._segments:
            texts += segment.terms.counts(keys)
            defined += segment.defined.counts(keys)
            paths += segment.path_terms.counts(keys)
        asks = only_ask(keys)
        if asks.all():
            asks[:] = False
        common = (texts > taste.common * self._passages) & ~asks
        if (common | asks | (texts == 0)).all():
            common[:] = False
        weights = _idf(texts, self._passages)
        weights[common] = 0
        of_defined, of_paths = taste.defined * _idf(defined, self._passages), _PATH * _idf(paths, self._files)
        for one in (weights, of_defined, of_paths):
            one[asks] = 0
        return _Asked(keys, _float32(weights), _float32(of_defined), _float32(of_paths), texts, asks)

    def words(self, words: str, taste: Taste = FOR_CODE) -> Iterator[WordWeight]:
        """Yield what each word of a question counts for."""
        asked = self._asked(words, taste)
        for word, keys in words_of(words):
            at = np.searchsorted(asked.keys, keys)
            reason = None
            if asked.asks[at].all():
                reason = "it only asks"
            elif not asked.passages[at].any():
                reason = "no passage has it"
            elif not asked.texts[at].any():
                reason = "more than a tenth of all passages have it"
            yield WordWeight(word, int(asked.passages[at].max()), float(asked.texts[at].sum()), reason)

    def _scores(
        self, asked: _Asked, masks: Sequence[Mask] | None, taste: Taste, repositories: Collection[str] = ()
    ) -> Iterator[tuple[int, _kernel.Scores]]:
        """Yield the scores of each segment that may have any."""
        if not len(asked.keys):
            return
        for number, segment in enumerate(self._segments):
            chosen = self._priors(taste)[number]
            if repositories:
                origins, codes = segment.codes("origin")
                worth = np.array([1 if one in repositories else taste.elsewhere for one in origins], np.float32)
                chosen = chosen * worth[codes]
            if masks is not None:
                if not masks[number].any():
                    continue
                chosen = chosen * masks[number]
            yield number, _kernel.Scores(
                self._divisions[number], segment.terms, segment.defined, segment.path_terms, self._norms[number],
                asked.keys, asked.texts, asked.defined, asked.paths, chosen, _K1, _MORE,
                _COVER / (_K1 + 1),
            )  # fmt: skip

    def best(
        self,
        words: str,
        most: int,
        masks: Sequence[Mask] | None = None,
        taste: Taste = FOR_CODE,
        repositories: Collection[str] = (),
    ) -> list[Hit]:
        """Return the `most` best passages of files that the masks (one for each segment) let through, best first.

        Files of other origins than `repositories`, where there are any, count for less as `taste` says.
        """
        found: list[tuple[float, int, int]] = []
        for number, scores in self._scores(self._asked(words, taste), masks, taste, repositories):
            found += [(-score, number, passage) for passage, score in scores.passages(most)]
        return [self._hit(number, passage, -score) for score, number, passage in sorted(found)[:most]]

    def best_files(self, words: str, most: int, passages: int, masks: Sequence[Mask] | None = None) -> list[FileHit]:
        """Return the `most` best files, best first, each with its `passages` best passages in the order of scores."""
        found: list[FileHit] = []
        for number, scores in self._scores(self._asked(words, FOR_CODE), masks, FOR_CODE):
            for file, _, score, text, defined, more, cover, path in scores.files(most):
                parts = {"text": text, "definitions": defined, "passages": more, "words": cover, "path": path}
                best = tuple(self._hit(number, one, of) for one, of in scores.passages_of(file, passages))
                found.append(FileHit(number, file, score, float(self._priors(FOR_CODE)[number][file]), parts, best))
        found.sort(key=lambda hit: (-hit.score, hit.segment, hit.file))
        return found[:most]

    def _hit(self, number: int, passage: int, score: float) -> Hit:
        division = self._segments[number].passages
        file = int(np.searchsorted(division.first, passage, side="right")) - 1
        return Hit(number, passage, file, int(division.starts[passage]), int(division.ends[passage]), score)


def priors(segment: Segment, taste: Taste = FOR_CODE) -> Floats:
    """Return by what the score of each file of a segment is multiplied."""
    prior = taste.priors
    known = languages()
    names, codes = segment.codes("language")
    kinds = [known[name].type if name in known else "" for name in names]
    prose = np.array([kind == "prose" for kind in kinds], bool)[codes]
    code = np.array([kind == "programming" for kind in kinds], bool)[codes]
    flags = segment.flags
    found = np.where(code, prior["code"], prior["data"])
    documentation = prose | (flags & FLAGS["doc"] > 0)
    found[documentation] = prior["documentation"]
    for flag, name in (("test", "test"), ("vendor", "vendored"), ("generated", "generated")):
        here = flags & FLAGS[flag] > 0
        if name != "test" and taste.whatever_folder:
            here &= ~documentation
        found[here] = np.minimum(found[here], prior[name])
    return found.astype(np.float32)


def _float32(numbers: npt.NDArray[np.float64]) -> Floats:
    return numbers.astype(np.float32)


def _idf(counts: npt.NDArray[np.float64], documents: int) -> npt.NDArray[np.float64]:
    weights = np.log1p((documents - counts + 0.5) / (counts + 0.5)) * (_K1 + 1)
    return np.where(counts > 0, weights, 0.0)
