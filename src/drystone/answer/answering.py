"""From a question to answers: pieces are read, spans scored (`scoring`), merged where they say the same, and cited."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from drystone.answer.citing import CitedRelease
from drystone.answer.retrieval import Piece, Retriever, of_text
from drystone.answer.scoring import FoundSpan, ScoreWeights, SpanScorer, fitted
from drystone.answer.shapes import Citation, CitedAnswer, CitedAnswers
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
_READ: Final = 12
SPANS: Final = 10
_NO_WORD: Final = (
    "no text that was looked through has a word of the question; ask in the language of the texts, in their words"
)
_ARTICLES: Final = re.compile(r"\b(?:a|an|the)\b")


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


def read_by(reader: Reader, max_answer_len: int, *, align_to_words: bool = True) -> ReadPairs:
    """Return what reads pairs with a reader."""
    return partial(reader.stream, top_k=SPANS, max_answer_len=max_answer_len, align_to_words=align_to_words)


def steps(question: str, found: list[Piece], read: ReadPairs, weights: ScoreWeights | None = None) -> Iterator[Trace]:
    """Yield what came of a question so far: before the first piece is read, and after each.

    `weights`: None for those that were fitted.
    """
    weights = weights or fitted()
    asked, readable = check(question), _readable(found)
    yield Trace(found, 0, [], len(readable))
    scorer = SpanScorer(asked, readable, weights)
    spans: list[FoundSpan] = []
    # Within the only piece there is nothing to find: where an answer begins and ends is the reader's to say.
    order = _by_logit if len(readable) == 1 else _order
    answers = read([(asked, piece.text) for piece in readable])
    for place, of_piece in enumerate(answers):
        spans = sorted([*spans, *scorer.spans(place, of_piece)], key=order)
        yield Trace(found, place + 1, _merged(spans, weights), len(readable))


def every_span(question: str, found: list[Piece], read: ReadPairs, weights: ScoreWeights) -> Iterator[FoundSpan]:
    """Yield all spans of the pieces that are read, as they come and as they are, for fitting weights."""
    readable = _readable(found)
    scorer = SpanScorer(question, readable, weights)
    for place, of_piece in enumerate(read([(question, piece.text) for piece in readable])):
        yield from scorer.spans(place, of_piece)


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


def answer_text(
    text: str, question: str, reader: Reader, *, top_k: int, max_answer_len: int, align_to_words: bool
) -> list[Answer]:
    """Return at most `top_k` spans of one text; raises as `verbs.ask_text` does."""
    asked = check(question)
    if not text.strip():
        raise UsageError("context: is empty.")
    *_, last = steps(asked, of_text(text, asked), read_by(reader, max_answer_len, align_to_words=align_to_words))
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


def _readable(found: list[Piece]) -> list[Piece]:
    return [piece for piece in found[:_READ] if any(map(str.isalnum, piece.text))]


def _order(span: FoundSpan) -> tuple[float, str, int, int]:
    return -span.score, span.piece.stretch.swhid, span.start, span.end


def _by_logit(span: FoundSpan) -> tuple[float, int, int]:
    return -span.logit, span.start, span.end


def _merged(spans: list[FoundSpan], weights: ScoreWeights) -> list[tuple[float, list[FoundSpan]]]:
    """Return spans that say the same together, with how sure they are, the surest first.

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
        groups.setdefault(plain(span.text), []).append(span)
    scores = [group[0].score + weights.again * math.log(len(group)) for group in groups.values()]
    sure = [weights.how_sure(score, scores) for score in scores]
    return sorted(zip(sure, groups.values(), strict=True), key=lambda one: -one[0])


def _cite(span: FoundSpan, cited: list[CitedRelease]) -> Citation | None:
    stretch = span.piece.stretch
    start = stretch.start + len(stretch.text[: span.start].encode())
    end = start + len(span.text.encode())
    return cited[stretch.release].cite(stretch.swhid, stretch.language, start, end, span.text)


def plain(text: str) -> str:
    """Return a text by which equal answers are known: without case, articles, signs at words' ends and white space."""
    words = (word.strip("\"'`*.,;:!?()[]") for word in text.casefold().split())
    return " ".join(_ARTICLES.sub(" ", " ".join(words)).split()) or text
