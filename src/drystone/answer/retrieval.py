"""Stretches of text that may hold an answer, and pieces of them to read: by the index of a release, or by a scan.

What is near to a question is judged by its words alone (BM25, docs/search.md). Knows no reader.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from drystone.answer.kinds import asked_for, best_fit
from drystone.answer.repositories import named
from drystone.errors import ReleaseError, UsageError
from drystone.reader.spans.markup import blank
from drystone.reader.spans.pieces import pieces
from drystone.release.layout import shown
from drystone.release.read import Release
from drystone.search import _kernel
from drystone.search.questions.scores import FOR_FACTS
from drystone.search.questions.words import only_ask, words_of
from drystone.search.search import MEMORY, Searcher

#: Passages that are cut into pieces.
_PASSAGES: Final = 40
#: A release without an index is read as a whole up to so many bytes of text.
SCANNED: Final = 4 << 20
#: What makes a piece near, each 0 to 1: how its passage ranks; BM25 of the words in the piece; how much of their
#: weight it has; how much of it only the first line of its passage has (its heading, its function). Of the nearest
#: pieces by these also: how much of the weight one sentence has; how well a word of it is spelled for what is asked.
_NEAR: Final = (0.35, 0.1, 0.1, 0.05)
_SENTENCE, _SPELLED = 0.25, 0.15
_REFINED: Final = 48
_SENTENCE_ENDS: Final = re.compile(r"(?<=[.!?:])\s+|\n\s*\n")
#: BM25's own constants (docs/search.md).
_K1, _B = 1.2, 0.75


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some consecutive text of a file: its release (by number), content, first byte; and how near it is, 0 to 1."""

    release: int
    swhid: str
    start: int
    text: str
    near: float
    language: str | None = None


class Weights:
    """Words of a question and what each counts for."""

    def __init__(self, question: str, counts: Mapping[str, float]) -> None:
        self.of: dict[int, float] = {}
        for word, keys in words_of(question):
            for key in keys.tolist():
                self.of[key] = max(self.of.get(key, 0.0), counts.get(word, 0.0))
        self._sum = sum(self.of.values()) or 1.0

    def share(self, keys: Iterable[int]) -> float:
        """Return the share (0 to 1) of the words' weight that terms have, each counted once."""
        return sum(self.of.get(key, 0.0) for key in set(keys)) / self._sum

    def bm25(self, keys: Sequence[int], mean: float) -> float:
        """Return BM25 of a text's terms, 0 to 1; `mean` is how many terms the texts have that it is compared with."""
        longer = _K1 * (1 - _B + _B * len(keys) / max(mean, 1.0))
        times = Counter(key for key in keys if key in self.of)
        return sum(self.of[key] * count / (count + longer) for key, count in times.items()) / self._sum


class Piece(NamedTuple):
    """What is read at a time: characters of a stretch; its text blanked; 0 to 1 how near it is to the question, whose
    words count as `weights` says.
    """

    stretch: Stretch
    start: int
    text: str
    near: float
    weights: Weights


class Retriever:
    """Releases opened to be looked through for one question after the other. Not for several threads at once."""

    def __init__(self, releases: Sequence[Release], memory: int = MEMORY) -> None:
        """Open them; texts stay unpacked up to `memory` bytes. Raises `ReleaseError` for an index that is unusable."""
        self._releases = releases
        indexed = [at for at, release in enumerate(releases) if release.manifest.index]
        self._searchers = {at: Searcher([releases[at]], memory=memory // len(indexed)) for at in indexed}

    def find(self, question: str, where: str, seconds: float | None = None) -> list[Piece]:
        """Return the pieces that may answer a question, the nearest first.

        `where` is a query that files match. A release without an index is scanned where it is small. Raises
        `ReleaseError` where it is not, `UsageError` for `where` of such a release, `QueryError`, and `OutOfTimeError`
        where `seconds` were too few to look for the files that `where` matches.
        """
        found: list[Piece] = []
        for at, searcher in self._searchers.items():
            found += _pieces(*_searched(at, searcher, question, where, seconds), question)
        scanned = [(at, release) for at, release in enumerate(self._releases) if at not in self._searchers]
        if scanned:
            if where:
                raise UsageError(f"--where needs an index: drystone index {shown(str(scanned[0][1].path))}")
            stretches = _scanned(scanned)
            found += _pieces(stretches, _weighed(stretches, question), question)
        return sorted(found, key=_order)


def of_text(text: str, question: str) -> list[Piece]:
    """Return the pieces of one text, the nearest to a question first."""
    stretches = [Stretch(0, "", 0, text, 1.0)]
    return _pieces(stretches, _weighed(stretches, question), question)


def _order(piece: Piece) -> tuple[float, int, str, int, int]:
    return -piece.near, piece.stretch.release, piece.stretch.swhid, piece.stretch.start, piece.start


def _searched(
    at: int, searcher: Searcher, question: str, where: str, seconds: float | None
) -> tuple[list[Stretch], Weights]:
    repositories, words = named(question, searcher.origins())
    passages = searcher.passages(
        words, limit=_PASSAGES, where=where, seconds=seconds, taste=FOR_FACTS, repositories=repositories
    )
    best = passages[0].score if passages else 0.0
    stretches = [
        Stretch(at, one.swhid.partition(";")[0], one.bytes[0], one.text, one.score / best if best > 0 else 0.0,
                one.language)
        for one in passages
    ]  # fmt: skip
    return stretches, _of_index(searcher, words)


def _of_index(searcher: Searcher, question: str) -> Weights:
    """Return the words' weights in an index; a word that is nowhere weighs as much as the heaviest of the others."""
    words = [one for one in searcher.explain_words(question, taste=FOR_FACTS) if one.left_out != "it only asks"]
    most = max((one.weight for one in words), default=1.0) or 1.0
    return Weights(question, {one.word: one.weight if one.passages else most for one in words})


def _scanned(releases: Iterable[tuple[int, Release]]) -> list[Stretch]:
    stretches = []
    for at, release in releases:
        size = sum(entry.text_bytes for entry in release.manifest.of_kind("data"))
        if size > SCANNED:
            name = shown(str(release.path))
            raise ReleaseError(
                f"{name} has no index, and too much text ({size:,} bytes) to read; run drystone index {name}"
            )
        for row in release.files(columns=["swhid", "content", "language"]):
            stretches.append(Stretch(at, row["swhid"], 0, row["content"], 1.0, row["language"]))
    return stretches


def _weighed(stretches: Sequence[Stretch], question: str) -> Weights:
    """Return the words' weights among stretches that are no index: a word in fewer pieces weighs more."""
    every = [set(terms_of(stretch.text[start:end])) for stretch in stretches for start, end in pieces(stretch.text)]
    words = [(word, keys) for word, keys in words_of(question) if not only_ask(keys).all()]
    counts = {}
    for word, keys in words or list(words_of(question)):
        have = sum(not here.isdisjoint(keys.tolist()) for here in every)
        counts[word] = math.log1p((len(every) - have + 0.5) / (have + 0.5))
    return Weights(question, counts)


def _pieces(stretches: Iterable[Stretch], weights: Weights, question: str) -> list[Piece]:
    """Return the pieces of stretches with how near each is, the nearest first."""
    cut = []
    for stretch in stretches:
        blanked = blank(stretch.text)
        heading = terms_of(stretch.text.lstrip().partition("\n")[0][:200])
        cut += [(stretch, heading, start, blanked[start:end]) for start, end in pieces(stretch.text)]
    terms = [terms_of(text) for *_, text in cut]
    mean = sum(map(len, terms)) / max(len(terms), 1)
    found = []
    for (stretch, heading, start, text), keys in zip(cut, terms, strict=True):
        share = weights.share(keys)
        parts = stretch.near, weights.bm25(keys, mean), share, weights.share([*keys, *heading]) - share
        near = sum(part * weight for part, weight in zip(parts, _NEAR, strict=True))
        found.append(Piece(stretch, start, text, near, weights))
    found.sort(key=_order)
    kind = asked_for(question)
    refined = [piece._replace(near=piece.near + _refinement(piece, kind)) for piece in found[:_REFINED]]
    return sorted([*refined, *found[_REFINED:]], key=_order)


def _refinement(piece: Piece, kind: int) -> float:
    sentence = max(piece.weights.share(terms_of(one)) for one in _SENTENCE_ENDS.split(piece.text))
    return _SENTENCE * sentence + _SPELLED * best_fit(kind, piece.text)


def terms_of(text: str) -> list[int]:
    """Return the terms of a text as numbers, in order."""
    terms: list[int] = _kernel.terms(text.encode("utf-8", "replace")).tolist()
    return terms
