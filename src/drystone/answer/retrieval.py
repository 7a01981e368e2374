"""Stretches of text that may hold an answer, and pieces of them to read: by the index of a release, or by a scan.

What is near to a question is judged by its words alone (BM25, docs/search.md). Knows no reader.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from drystone.errors import ReleaseError, UsageError
from drystone.reader.spans.markup import blank
from drystone.reader.spans.pieces import pieces
from drystone.release.layout import shown
from drystone.release.read import Release
from drystone.search import _kernel
from drystone.search.plan import plan
from drystone.search.questions.words import asking, words_of
from drystone.search.results.found import Passage
from drystone.search.search import MEMORY, Searcher

#: Passages that are taken from documentation, and from all files.
_PROSE: Final = 10
_ALL: Final = 8
#: What documentation is, as a query: code goes before it in a search, and answers seldom lie in code.
_DOCUMENTATION: Final = "(is:doc or lang:markdown or lang:restructuredtext or lang:asciidoc or lang:text)"
#: What a file that is no documentation counts for beside one.
_OTHER: Final = 0.8
#: What the rank of its passage counts for in a piece, beside the words that it has itself.
_RANK: Final = 1 / 3
#: A release without an index is read as a whole up to so many bytes of text.
SCANNED: Final = 4 << 20
#: What the first line of a passage (its heading, its function) counts for in all its pieces.
_HEADING: Final = 0.5


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some consecutive text of a file: its release (by number), content, first byte; and how near it is, 0 to 1."""

    release: int
    swhid: str
    start: int
    text: str
    near: float
    language: str | None = None


class Piece(NamedTuple):
    """What is read at a time: characters of a stretch; its text blanked; 0 to 1 how near it is to the question."""

    stretch: Stretch
    start: int
    text: str
    near: float


class Weights:
    """Words of a question and what each counts for."""

    def __init__(self, question: str, counts: dict[str, float]) -> None:
        self._words = [(keys, counts[word]) for word, keys in words_of(question) if counts.get(word, 0) > 0]
        self._sum = sum(weight for _, weight in self._words) or 1.0

    def share(self, text: str, heading: str = "") -> float:
        """Return the share (0 to 1) of the words' weight that a text has; what its heading alone has counts half."""
        here, above = _keys(text), _keys(heading)
        found = 0.0
        for keys, weight in self._words:
            found += weight * max(_has(here, keys), _HEADING * _has(above, keys))
        return found / self._sum


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
        if where:
            plan(where)  # as it was written: below it is put into another query
        found: list[Piece] = []
        for at, searcher in self._searchers.items():
            found += _searched(at, searcher, question, where, seconds)
        scanned = [(at, release) for at, release in enumerate(self._releases) if at not in self._searchers]
        if scanned:
            if where:
                raise UsageError(f"--where needs an index: drystone index {shown(str(scanned[0][1].path))}")
            found += _scanned(scanned, question)
        found.sort(key=_order)
        return found


def of_text(text: str, question: str) -> list[Piece]:
    """Return the pieces of one text, the nearest to a question first."""
    found = _weighed([Stretch(0, "", 0, text, 1.0)], question)
    found.sort(key=_order)
    return found


def _order(piece: Piece) -> tuple[float, int, str, int, int]:
    return -piece.near, piece.stretch.release, piece.stretch.swhid, piece.stretch.start, piece.start


def _searched(at: int, searcher: Searcher, question: str, where: str, seconds: float | None) -> list[Piece]:
    weights = _of_index(searcher, question)
    found: dict[tuple[str, int], Stretch] = {}
    documentation = f"({where}) {_DOCUMENTATION}" if where else _DOCUMENTATION
    for query, limit, worth in ((documentation, _PROSE, 1.0), (where, _ALL, _OTHER)):
        passages = searcher.passages(question, limit=limit, where=query, seconds=seconds)
        for passage in passages:
            stretch = _stretch(at, passage, passages[0].score / worth)
            key = (stretch.swhid, stretch.start)
            if key not in found or found[key].near < stretch.near:
                found[key] = stretch
    return [piece for stretch in found.values() for piece in _cut(stretch, weights)]


def _of_index(searcher: Searcher, question: str) -> Weights:
    """Return the words' weights in an index; a word that is nowhere weighs as much as the heaviest of the others."""
    words = [one for one in searcher.explain_words(question) if one.left_out != "it only asks"]
    most = max((one.weight for one in words), default=1.0) or 1.0
    return Weights(question, {one.word: one.weight if one.passages else most for one in words})


def _stretch(at: int, passage: Passage, best: float) -> Stretch:
    near = passage.score / best if best > 0 else 0.0
    return Stretch(at, passage.swhid.partition(";")[0], passage.bytes[0], passage.text, near, passage.language)


def _cut(stretch: Stretch, weights: Weights) -> Iterator[Piece]:
    blanked = blank(stretch.text)
    heading = stretch.text.lstrip().partition("\n")[0][:200]
    for start, end in pieces(stretch.text):
        text = blanked[start:end]
        yield Piece(stretch, start, text, _near(stretch.near, weights.share(text, heading)))


def _scanned(releases: Iterable[tuple[int, Release]], question: str) -> list[Piece]:
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
    return _weighed(stretches, question)


def _weighed(stretches: list[Stretch], question: str) -> list[Piece]:
    """Return all pieces, with how much of the words' weight each has; a word in fewer pieces weighs more."""
    cut = [(stretch, blank(stretch.text)) for stretch in stretches]
    every = [(stretch, start, text[start:end]) for stretch, text in cut for start, end in pieces(stretch.text)]
    words = [(word, keys) for word, keys in words_of(question) if not np.isin(keys, asking()).all()]
    words = words or list(words_of(question))
    known = [_keys(text) for *_, text in every]
    counts = {}
    for word, keys in words:
        have = sum(_has(here, keys) > 0 for here in known)
        counts[word] = math.log1p((len(every) - have + 0.5) / (have + 0.5))
    weights = Weights(question, counts)
    return [Piece(stretch, start, text, _near(stretch.near, weights.share(text))) for stretch, start, text in every]


def _near(passage: float, words: float) -> float:
    """Return how near a piece is, by how its passage ranks and by the words it has itself."""
    return _RANK * passage + (1 - _RANK) * words


def _keys(text: str) -> frozenset[int]:
    return frozenset(_kernel.terms(text.encode("utf-8", "replace")).tolist())


def _has(here: frozenset[int], keys: np.ndarray) -> float:
    """Return the share of a word's terms that are here: of `parse_header` the whole, `parse` and `header`."""
    return sum(key in here for key in keys.tolist()) / len(keys)
