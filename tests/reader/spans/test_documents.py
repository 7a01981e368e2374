"""Texts in pieces, and answers of all pieces in one order."""

from __future__ import annotations

from drystone.reader.spans.decode import Answer
from drystone.reader.spans.documents import DocumentPiece, pieces_of, ranked

_DOCUMENTS = ["# Bridge\n\nIt was built in *1852*.\n", "!?\n", "Nothing of the kind. " * 60]


def _answer(start: int, end: int, score: float, null_score: float) -> Answer:
    return Answer("", start, end, score, null_score, 10 * score)


def test_pieces_cover_what_can_be_read_and_keep_offsets() -> None:
    found = list(pieces_of(_DOCUMENTS))
    assert {piece.document for piece in found} == {0, 2}
    assert len(found) >= 3
    for piece in found:
        raw = _DOCUMENTS[piece.document][piece.start : piece.start + len(piece.text)]
        assert len(raw) == len(piece.text)
        assert all(b in (a, " ") for a, b in zip(raw, piece.text, strict=True))
    assert "*" not in found[0].text and "1852" in found[0].text


def test_answers_of_all_pieces_stand_in_one_order_and_are_slices() -> None:
    read = [
        (DocumentPiece(0, 2, ""), [_answer(0, 6, 0.4, 0.5)]),
        (DocumentPiece(2, 10, ""), [_answer(0, 2, 0.9, 0.1), _answer(3, 6, 0.4, 0.1)]),
        (DocumentPiece(2, 100, ""), []),
    ]
    found = ranked(read, _DOCUMENTS, 5, handle_impossible=False)
    assert [(a.document, a.start, a.score) for a in found] == [(2, 10, 0.9), (0, 2, 0.4), (2, 13, 0.4)]
    assert all(_DOCUMENTS[a.document or 0][a.start : a.end] == a.text for a in found)
    assert len(ranked(read, _DOCUMENTS, 1, handle_impossible=False)) == 1


def test_the_empty_answer_has_the_doubt_of_the_piece_that_doubts_least() -> None:
    read = [
        (DocumentPiece(0, 0, ""), [_answer(2, 8, 0.01, 0.98)]),
        (DocumentPiece(2, 0, ""), [_answer(0, 7, 0.3, 0.6)]),
    ]
    empty, first, last = ranked(read, _DOCUMENTS, 5, handle_impossible=True)
    assert (empty.text, empty.document, empty.score) == ("", None, 0.6)
    assert (first.text, last.text) == ("Nothing", "Bridge")
    assert ranked([], _DOCUMENTS, 1, handle_impossible=True)[0].null_score == 1.0
    assert ranked([], _DOCUMENTS, 1, handle_impossible=False) == []
