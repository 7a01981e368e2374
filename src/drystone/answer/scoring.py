"""How likely a span answers: what the reader says of it, where it stands, and how it is spelled, joined by weights.

A span's score is a weighted sum of its `FEATURES`; spans that say the same are one answer with the best of their scores
and a little for each further piece. How sure an answer is follows from its score and from its share among all answers
to the question (a logistic function of both). `weights.json` has all weights, as `python -m benchmarks.answers.fit`
wrote them for the default reader.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from drystone.answer.kinds import asked_for, fits
from drystone.answer.retrieval import Piece, terms_of
from drystone.answer.trimming import trim
from drystone.reader.spans.decode import Answer
from drystone.search.questions.words import asking

#: What is known of a span. Of the reader: its logit, and by how much the best of its piece is higher; the logarithm of
#: its probability in the piece, and of "no answer here". How well it is spelled for what is asked, and that squared.
#: The share of its words that are in the question. Its words (up to 10) and the logarithm of its characters. How near
#: its piece is, by how much the nearest is nearer, and its place among them. The share of the question's words within
#: 160 characters, and within its sentence. Whether it begins its line but for marks, is marked as code or quoted, names
#: what its piece is about, which begins with it but for marks (and that times the spelling), and is the number of an
#: issue or change.
FEATURES: Final = (
    "logit", "below_best", "probability", "no_answer", "spelling", "spelling_squared", "asked", "words", "characters",
    "near", "below_nearest", "place", "close", "sentence", "first", "marked", "title", "title_spelling", "issue",
)  # fmt: skip
_AROUND: Final = 160
_SMALLEST: Final = 1e-9
_FIRST: Final = re.compile(r"[ \t]*(?:\.\.[ ][\w:-]+::[ ]|\#{1,6}[ ]|[*+-][ ]|``|`|\*\*|class[ ]|def[ ])?[\"'`*]*\Z")
_TITLE: Final = re.compile(
    r"\s*(?:\.\.[ ][\w:-]+::[ ]+|\#{1,6}[ ]|[*+-][ ]|class[ ]|(?:async[ ])?def[ ])?[\"'`*.:~\w]*\Z"
)
_ISSUE: Final = re.compile(
    r"(?:#|\b(?:issues?|pr|pull|tickets?|gh|bug|bpo):?[ ]?`?\#?|/(?:issues|pull)/)\Z", re.IGNORECASE
)
_MARKS: Final = "`\"'*"


class FoundSpan(NamedTuple):
    """A span that may answer: its piece, characters of the stretch, text, the reader's logit, score and features."""

    piece: Piece
    start: int
    end: int
    text: str
    logit: float
    score: float
    features: npt.NDArray[np.float64]


class ScoreWeights(NamedTuple):
    """Weights of the features (in their order) after `mean` is taken off and they are divided by `scale`.

    `again`: what the logarithm of the number of pieces that say the same counts for. `sure`: what 1, the score, and the
    logarithm of an answer's share among all count for in how sure it is.
    """

    mean: npt.NDArray[np.float64]
    scale: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    again: float
    sure: tuple[float, float, float]

    def score(self, features: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the scores of spans by their features, [spans, features]."""
        scores: npt.NDArray[np.float64] = ((features - self.mean) / self.scale) @ self.weights
        return scores

    def how_sure(self, score: float, all_scores: Sequence[float]) -> float:
        """Return how sure (0 to 1) an answer is, by the scores of all answers to the question."""
        most = max(all_scores)
        share = score - most - math.log(sum(math.exp(one - most) for one in all_scores))
        constant, of_score, of_share = self.sure
        odds = constant + of_score * score + of_share * share
        return 1 / (1 + math.exp(-max(-500.0, min(500.0, odds))))  # further out a float overflows


@cache
def fitted() -> ScoreWeights:
    """Return the weights that were fitted for the default reader."""
    data = json.loads(resources.files("drystone.answer").joinpath("weights.json").read_text("utf-8"))
    named = data["features"]
    mean, scale, weights = (np.array([named[name][key] for name in FEATURES]) for key in ("mean", "scale", "weight"))
    constant, of_score, of_share = data["sure"]
    return ScoreWeights(mean, scale, weights, data["again"], (constant, of_score, of_share))


class SpanScorer:
    """Scores spans of the pieces of one question, the nearest first."""

    def __init__(self, question: str, pieces: Sequence[Piece], weights: ScoreWeights) -> None:
        self._kind = asked_for(question)
        self._asked = frozenset(terms_of(question)) - frozenset(asking().tolist())
        self._pieces, self._weights = pieces, weights

    def spans(self, place: int, answers: Sequence[Answer]) -> list[FoundSpan]:
        """Return what was read in one of the pieces (by its place among them), trimmed, with scores."""
        piece = self._pieces[place]
        whole, size = piece.stretch.text, len(piece.text)
        raw = whole[piece.start : piece.start + size]
        best = max((one.logit for one in answers), default=0.0)
        found: dict[tuple[int, int], tuple[Answer, list[float]]] = {}
        for one in answers:
            start, end = trim(raw, piece.text, one.start, one.end)
            if start < end and (start, end) not in found:
                of_reader = [one.logit, best - one.logit, math.log(max(one.score, _SMALLEST))]
                of_reader.append(math.log(max(one.null_score, _SMALLEST)))
                of_place = [piece.near, self._pieces[0].near - piece.near, float(place)]
                of_text, title = self._of_text(raw[start:end]), float(bool(_TITLE.match(raw[:start])))
                of_start = [title, title * of_text[0], float(bool(_ISSUE.search(raw[:start])))]
                around = _of_surroundings(piece, raw, start, end)
                features = [*of_reader, *of_text, *of_place, *around, *of_start]
                found[start, end] = one, features
        if not found:
            return []
        table = np.array([features for _, features in found.values()])
        scores = self._weights.score(table).tolist()
        return [
            FoundSpan(piece, start + piece.start, end + piece.start, raw[start:end], one.logit, score, row)
            for ((start, end), (one, _)), score, row in zip(found.items(), scores, table, strict=True)
        ]

    def _of_text(self, text: str) -> list[float]:
        spelled = fits(self._kind, text)
        own = set(terms_of(text))
        asked = len(own & self._asked) / len(own) if own else 0.0
        return [spelled, spelled * spelled, asked, min(len(text.split()), 10), math.log(len(text))]


def _of_surroundings(piece: Piece, raw: str, start: int, end: int) -> list[float]:
    blanked = piece.text
    around = blanked[max(0, start - _AROUND) : start] + " " + blanked[end : end + _AROUND]
    low = max(blanked.rfind("\n\n", 0, start), blanked.rfind(". ", 0, start)) + 1
    high = min(at if at >= 0 else len(blanked) for at in (blanked.find("\n\n", end), blanked.find(". ", end)))
    sentence = blanked[low:start] + " " + blanked[end:high]
    first = bool(_FIRST.match(raw[raw.rfind("\n", 0, start) + 1 : start]))
    marked = start > 0 and raw[start - 1] in _MARKS and raw[end : end + 1] in _MARKS and end < len(raw)
    return [piece.weights.share(terms_of(around)), piece.weights.share(terms_of(sentence)), float(first), float(marked)]
