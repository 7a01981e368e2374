"""From a question to answers: pieces are read, spans scored with how near their piece is, trimmed, merged and cited.

The score. A reader's logit compares spans of different pieces, but is high as well for a span of the right kind in a
wrong place; how near a piece is to the question tells these apart. Both are added; spans that say the same add up; and
`_sure` maps the sum to 0 to 1. The numbers were chosen on 23 questions about Flask, Click and Requests.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from drystone.answer.citing import CitedRelease
from drystone.answer.retrieval import Piece, Retriever, of_text
from drystone.answer.shapes import Citation, CitedAnswer, CitedAnswers
from drystone.answer.trimming import trim
from drystone.errors import UsageError
from drystone.reader.spans.decode import Answer
from drystone.release.read import Release
from drystone.search.search import MEMORY

if TYPE_CHECKING:
    from drystone.reader import Reader

#: What gives the spans of (question, text) pairs, a list for each and in order: a reader, or a queue before one.
ReadPairs = Callable[[Sequence[tuple[str, str]]], Iterator[list[Answer]]]

#: Characters of a question.
LONGEST: Final = 1_000
#: Pieces that are read, and spans of each that are looked at.
_READ: Final = 16
SPANS: Final = 3
#: What a logit counts for, and nearness (0 to 1).
_LOGIT: Final = 0.5
_NEAR: Final = 24.0
#: How much spans that say the same add up: two of the score s are worth s + this * log(2).
_TOGETHER: Final = 4.0
#: The sum that is as likely right as wrong, and how soon it grows sure.
_MIDDLE: Final = 22.0
_STEEP: Final = 0.5
_NO_WORD: Final = (
    "no text that was looked through has a word of the question; ask in the language of the texts, in their words"
)
_ARTICLES: Final = re.compile(r"\b(?:a|an|the)\b")


class FoundSpan(NamedTuple):
    """A span that may answer: its piece, characters of the stretch, text, the reader's logit, and the joined score."""

    piece: Piece
    start: int
    end: int
    text: str
    logit: float
    score: float


class Trace(NamedTuple):
    """What came of a question before anything is cited, the best first.

    The pieces that were found, of which the first `read` were read and `due` are to be; spans that say the same, with
    how sure they are.
    """

    pieces: list[Piece]
    read: int
    groups: list[tuple[float, list[FoundSpan]]]
    due: int


class Asker:
    """Releases opened to be asked again and again. Not for several threads at once, except for what is read."""

    def __init__(self, releases: Sequence[Release], *, memory: int = MEMORY) -> None:
        """Open them; texts stay unpacked up to `memory` bytes. Raises `ReleaseError` for an index that is unusable."""
        self._retriever = Retriever(releases, memory)
        self._cited = [CitedRelease(release) for release in releases]

    def find(self, question: str, where: str = "", seconds: float | None = None) -> list[Piece]:
        """Return the pieces that may answer, the nearest first; raises as `verbs.ask_releases` does.

        Raises `OutOfTimeError` where `seconds` were too few to look for the files that `where` matches.
        """
        return self._retriever.find(check(question), where, seconds)

    def cite(self, traced: Trace, *, top_k: int, least: float) -> list[CitedAnswer]:
        """Return at most `top_k` answers that are at least `least` sure, with their citations, the surest first."""
        return cite(traced, self._cited, top_k=top_k, least=least)

    def answer(
        self, question: str, reader: Reader, *, top_k: int, max_answer_len: int, least: float, where: str
    ) -> CitedAnswers:
        """Find, read and cite; raises as `verbs.ask_releases` does."""
        *_, traced = steps(question, self.find(question, where), read_by(reader, max_answer_len))
        return self.answers(question, traced, top_k=top_k, least=least)

    def answers(self, question: str, traced: Trace, *, top_k: int, least: float) -> CitedAnswers:
        """Return the answers to a question with what to know of them."""
        answers = tuple(self.cite(traced, top_k=top_k, least=least))
        return CitedAnswers(question, answers, () if traced.pieces else (_NO_WORD,))


def read_by(reader: Reader, max_answer_len: int) -> ReadPairs:
    """Return what reads pairs with a reader."""
    return partial(reader.stream, top_k=SPANS, max_answer_len=max_answer_len)


def steps(question: str, found: list[Piece], read: ReadPairs) -> Iterator[Trace]:
    """Yield what came of a question so far: before the first piece is read, and after each."""
    asked, readable = check(question), [piece for piece in found[:_READ] if any(map(str.isalnum, piece.text))]
    yield Trace(found, 0, [], len(readable))
    spans: list[FoundSpan] = []
    answers = read([(asked, piece.text) for piece in readable])
    for done, (piece, of_piece) in enumerate(zip(readable, answers, strict=True), 1):
        spans = sorted([*spans, *_trimmed(piece, of_piece)], key=_order)
        yield Trace(found, done, [(_sure(score), group) for score, group in _merged(spans)], len(readable))


def cite(traced: Trace, cited: list[CitedRelease], *, top_k: int, least: float) -> list[CitedAnswer]:
    """Return at most `top_k` answers that are at least `least` sure, with their citations, the surest first."""
    answers: list[CitedAnswer] = []
    for sure, group in traced.groups:
        if sure < least or len(answers) == top_k:
            break
        citations = [citation for span in group if (citation := _cite(span, cited)) is not None]
        if citations:  # an answer that stands nowhere is none
            answers.append(CitedAnswer(citations[0].quote, sure, tuple(dict.fromkeys(citations))))
    return answers


def answer_text(text: str, question: str, reader: Reader, *, top_k: int, max_answer_len: int) -> list[Answer]:
    """Return at most `top_k` spans of one text; raises as `verbs.ask_text` does."""
    asked = check(question)
    if not text.strip():
        raise UsageError("context: is empty.")
    *_, last = steps(asked, of_text(text, asked), read_by(reader, max_answer_len))
    best = [(sure, group[0]) for sure, group in last.groups[:top_k]]
    return [Answer(span.text, span.start, span.end, sure, 1 - sure, span.logit) for sure, span in best]


def check(question: str) -> str:
    """Return a question as it is asked. Raises `UsageError` where it is empty or too long."""
    asked = " ".join(question.split())
    if not asked:
        raise UsageError("the question is empty.")
    if len(asked) > LONGEST:
        raise UsageError(f"the question has {len(asked):,} characters; at most {LONGEST:,} are read.")
    return asked


def _trimmed(piece: Piece, answers: Sequence[Answer]) -> Iterator[FoundSpan]:
    """Yield the spans of a piece, trimmed, with their scores."""
    whole = piece.stretch.text
    for one in answers:
        raw = whole[piece.start : piece.start + len(piece.text)]
        start, end = trim(raw, piece.text, one.start, one.end)
        if start < end:
            start, end = start + piece.start, end + piece.start
            score = _LOGIT * one.logit + _NEAR * piece.near
            yield FoundSpan(piece, start, end, whole[start:end], one.logit, score)


def _order(span: FoundSpan) -> tuple[float, str, int, int]:
    return -span.score, span.piece.stretch.swhid, span.start, span.end


def _merged(spans: list[FoundSpan]) -> list[tuple[float, list[FoundSpan]]]:
    """Return spans that say the same together, with their common score, the best first.

    Of spans that overlap in one place the best alone is looked at.
    """
    groups: dict[str, list[FoundSpan]] = {}
    taken: dict[tuple[int, str], list[tuple[int, int]]] = {}
    for span in spans:
        stretch = span.piece.stretch
        here = taken.setdefault((stretch.release, stretch.swhid), [])
        low, high = stretch.start + span.start, stretch.start + span.end
        if any(low < other_high and high > other_low for other_low, other_high in here):
            continue
        here.append((low, high))
        groups.setdefault(_plain(span.text), []).append(span)
    scored = [(_sum([span.score for span in group]), group) for group in groups.values()]
    return sorted(scored, key=lambda one: -one[0])


def _sum(scores: list[float]) -> float:
    most = max(scores)
    return most + _TOGETHER * math.log(sum(math.exp((score - most) / _TOGETHER) for score in scores))


def _cite(span: FoundSpan, cited: list[CitedRelease]) -> Citation | None:
    stretch = span.piece.stretch
    start = stretch.start + len(stretch.text[: span.start].encode())
    end = start + len(span.text.encode())
    return cited[stretch.release].cite(stretch.swhid, stretch.language, start, end, span.text)


def _plain(text: str) -> str:
    """Return a text by which equal answers are known: without case, articles, signs at words' ends and white space."""
    words = (word.strip("\"'`*.,;:!?()[]") for word in text.casefold().split())
    return " ".join(_ARTICLES.sub(" ", " ".join(words)).split()) or text


def _sure(score: float) -> float:
    return 1 / (1 + math.exp(-_STEEP * (score - _MIDDLE)))
