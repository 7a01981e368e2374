"""Many or long texts read piece by piece: which pieces there are, and answers of all of them in one order.

A piece is read alone. Its spans' logits, before any softmax, compare across pieces and documents; its scores are the
probabilities that this piece answers so, "no answer here" included, which is of use where the model learnt to give no
answer: one that did not is sure of a span in any short piece. So logits rank. Knows no reader.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from drystone.reader.spans.decode import Answer
from drystone.reader.spans.markup import blank
from drystone.reader.spans.pieces import pieces


@dataclass(frozen=True, slots=True)
class DocumentAnswer(Answer):
    """An answer from one of several documents: `documents[document][start:end] == text`; None for the empty answer.

    `logit` ranks. `score` is the probability that the piece in which it stands answers so, `null_score` that this piece
    does not answer.
    """

    document: int | None = None


class DocumentPiece(NamedTuple):
    """Characters of a document that are read at a time, from `start` on; markup blanked in place."""

    document: int
    start: int
    text: str


def pieces_of(documents: Sequence[str]) -> Iterator[DocumentPiece]:
    """Yield the pieces of documents that hold a letter or digit, in order."""
    for number, document in enumerate(documents):
        clean = blank(document)
        for start, end in pieces(document):
            if any(map(str.isalnum, clean[start:end])):
                yield DocumentPiece(number, start, clean[start:end])


def ranked(
    read: Iterable[tuple[DocumentPiece, Sequence[Answer]]],
    documents: Sequence[str],
    top_k: int,
    *,
    handle_impossible: bool,
) -> list[DocumentAnswer]:
    """Return the best `top_k` answers of pieces that were read, by logit, best first; ties go to the earlier one.

    With `handle_impossible` the empty answer competes, with the doubt of the piece that doubts least: it stands before
    the first answer whose score is lower.
    """
    found: list[DocumentAnswer] = []
    least = 1.0
    for piece, answers in read:
        for one in answers:
            start, end = one.start + piece.start, one.end + piece.start
            text = documents[piece.document][start:end]
            found.append(DocumentAnswer(text, start, end, one.score, one.null_score, one.logit, piece.document))
            least = min(least, one.null_score)
    found.sort(key=lambda a: (-a.logit, a.document or 0, a.start, a.end))
    if handle_impossible:
        place = next((at for at, one in enumerate(found) if one.score < least), len(found))
        found.insert(place, DocumentAnswer("", 0, 0, least, least, float("-inf")))
    return found[:top_k]
