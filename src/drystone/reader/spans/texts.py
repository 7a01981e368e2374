"""Texts as tokens: ids, and the characters of each token and of the word around it.

BERT's tokenizers treat the pieces between white space and punctuation one by one, so `Pieces` remembers what the
tokenizer made of each and asks it about new ones only. It knows nothing of windows or models.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import accumulate, chain
from operator import itemgetter
from typing import Any

import numpy as np

#: White space that separates pieces, and punctuation that is a piece of its own: the ASCII part of what BERT's
#: pre-tokenizer splits at. Other separators stay inside a piece, where the tokenizer itself meets them.
_PIECE = re.compile(r"[^ \t\n\r!-/:-@\[-`{-~]+|[!-/:-@\[-`{-~]")
#: Pieces remembered, and the longest in characters: some tens of megabytes. A full memory begins anew.
_MOST_PIECES, _LONGEST = 1 << 17, 40

#: What is known of a piece: the ids of its tokens, the columns of the text that it was met in, and where its tokens
#: begin in them. The columns are first and last character of each token, and of the word around it, from the piece's
#: own first character; all pieces that were met together share them.
_Piece = tuple[list[int], tuple[list[int], list[int], list[int], list[int]], int]
_ids = itemgetter(0)

#: Of each ASCII character, and of all others: 0 separates pieces, 1 belongs to one, 2 is one of its own.
_KIND = np.array([len(_PIECE.findall(c + c)) for c in map(chr, range(129))], np.uint8)


class Text:
    """One text's tokens: `ids` int32 [tokens], and the characters of each token and of the word around it."""

    def __init__(self, text: str, encoding: Any) -> None:
        self.text = text
        self.ids = np.array(encoding.ids, np.int32)
        self._encoding = encoding

    @cached_property
    def spans(self) -> np.ndarray:
        """First and last character of each token, int64 [tokens, 2]."""
        return np.array(self._encoding.offsets, np.int64).reshape(-1, 2)

    @cached_property
    def _words(self) -> tuple[np.ndarray, np.ndarray]:
        return _words(self._encoding, self.spans)

    def span(self, first: int, last: int, *, words: bool) -> tuple[int, int]:
        """Return the string offsets [start, end) of tokens first..last, widened to whole words if asked for.

        White space at either end is left out, since some tokenizers count it to the word that follows.
        """
        start, end = self._bounds(first, last, words=words)
        piece = self.text[start:end]
        if piece[:1].isspace() or piece[-1:].isspace():
            start += len(piece) - len(piece.lstrip())
            end = max(start, start + len(piece.strip()))
        return start, end

    def _bounds(self, first: int, last: int, *, words: bool) -> tuple[int, int]:
        begins, ends = self._words if words else (self.spans[:, 0], self.spans[:, 1])
        return int(begins[first]), int(ends[last])

    def tokens(self, start: int, end: int) -> tuple[int, int] | None:
        """Return the first and last token that touch the characters [start, end), or None where none does."""
        inside = np.flatnonzero((self.spans[:, 1] > start) & (self.spans[:, 0] < end))
        return (int(inside[0]), int(inside[-1])) if len(inside) else None


class _PieceText(Text):
    """A text whose pieces are known; characters are looked up only for the tokens that are asked about."""

    def __init__(self, text: str, pieces: list[_Piece]) -> None:
        self.text = text
        self._pieces = pieces
        self.ids = np.fromiter(chain.from_iterable(map(_ids, pieces)), np.int32)

    @cached_property
    def _starts(self) -> list[int]:
        codes = np.frombuffer(self.text.encode("utf-32-le", "surrogatepass"), np.uint32)
        kinds = _KIND[np.minimum(codes, 128)]
        goes_on = (kinds[1:] == 1) & (kinds[:-1] == 1)
        starts: list[int] = np.flatnonzero((kinds > 0) & ~np.concatenate([[False], goes_on])).tolist()
        return starts

    @cached_property
    def _firsts(self) -> list[int]:
        return list(accumulate(map(len, map(_ids, self._pieces)), initial=0))

    @cached_property
    def spans(self) -> np.ndarray:
        every = zip(self._starts, self._pieces, strict=True)
        pairs = [
            (start + begins[i], start + ends[i])
            for start, (ids, (begins, ends, _, _), at) in every
            for i in range(at, at + len(ids))
        ]
        return np.array(pairs, np.int64).reshape(-1, 2)

    def _bounds(self, first: int, last: int, *, words: bool) -> tuple[int, int]:
        firsts, starts, pieces = self._firsts, self._starts, self._pieces
        # The piece that holds a token is the last that begins at or before it: empty pieces come first.
        i, j = bisect_right(firsts, first) - 1, bisect_right(firsts, last) - 1
        (_, begins, a), (_, ends, b) = pieces[i], pieces[j]
        column = 2 if words else 0
        return starts[i] + begins[column][a + first - firsts[i]], starts[j] + ends[column + 1][b + last - firsts[j]]


class Pieces:
    """A memory of what a tokenizer makes of pieces of text; safe to use from several threads.

    Make one with `for_tokenizer`, which knows for which tokenizers this is exact.
    """

    def __init__(self, encode: Callable[[list[str]], list[Any]], added: Sequence[str]) -> None:
        self._encode, self._added = encode, tuple(added)
        self._known: dict[str, _Piece] = {}

    @classmethod
    def for_tokenizer(cls, tokenizer_json: str, encode: Callable[[list[str]], list[Any]]) -> Pieces | None:
        """Return a memory, or None where the tokenizer looks further than one piece.

        It does not where normalizer and pre-tokenizer are BERT's and the model is WordPiece: all three look at single
        characters or at one word (tokenizers, normalizers/bert.rs, pre_tokenizers/bert.rs, models/wordpiece).
        """
        parts = json.loads(tokenizer_json)
        kinds = [(parts.get(name) or {}).get("type") for name in ("normalizer", "pre_tokenizer", "model")]
        added = parts.get("added_tokens") or []
        if kinds != ["BertNormalizer", "BertPreTokenizer", "WordPiece"] or any(t.get("normalized") for t in added):
            return None
        return cls(encode, [t["content"] for t in added])

    def texts(self, texts: Sequence[str]) -> list[Text | None]:
        """Return each text's tokens; None for one that holds an added token, which may reach over pieces."""
        known = self._known
        found: list[Text | None] = [None] * len(texts)
        unmet: list[tuple[int, list[str]]] = []
        for i, text in enumerate(texts):
            if any(token in text for token in self._added):
                continue
            pieces = _PIECE.findall(text)
            try:
                found[i] = _PieceText(text, list(map(known.__getitem__, pieces)))
            except KeyError:
                unmet.append((i, pieces))
        if not unmet:
            return found
        fresh = self._look_up(sorted({piece for _, pieces in unmet for piece in pieces if piece not in known}))
        kept = {piece: value for piece, value in fresh.items() if len(piece) <= _LONGEST}
        if len(known) + len(kept) > _MOST_PIECES:
            self._known = kept  # what this call and other threads still read of the old dictionary stays there
        known.update(kept)
        for i, pieces in unmet:
            try:
                found[i] = _PieceText(texts[i], list(map(known.__getitem__, pieces)))
            except KeyError:
                found[i] = _PieceText(texts[i], [known.get(piece) or fresh[piece] for piece in pieces])
        return found

    def _look_up(self, pieces: list[str]) -> dict[str, _Piece]:
        # Joined by spaces, all pieces are one text, which the tokenizer takes far quicker than as many texts.
        (encoding,) = self._encode([" ".join(pieces)])
        spans = np.array(encoding.offsets, np.int64).reshape(-1, 2)
        words = _words(encoding, spans) if len(spans) else (spans[:, 0], spans[:, 1])
        starts = np.cumsum([0, *(len(piece) + 1 for piece in pieces)])
        edges = np.searchsorted(spans[:, 0], starts)
        relative = starts.repeat(np.diff(edges, append=len(spans)))
        ids = encoding.ids
        a, b, c, d = ((column - relative).tolist() for column in (spans[:, 0], spans[:, 1], *words))
        columns = (a, b, c, d)
        places = zip(pieces, edges.tolist(), edges[1:].tolist(), strict=False)
        return {piece: (ids[i:j], columns, i) for piece, i, j in places}


def _words(encoding: Any, spans: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First and last character of the word around each token; a token outside words is its own word."""
    words = encoding.word_ids
    if None in words:
        # Added tokens belong to no word: give each an id that no other has.
        words = [-1 - i if word is None else word for i, word in enumerate(words)]
    ids = np.array(words, np.int64)
    first = np.flatnonzero(np.r_[True, ids[1:] != ids[:-1]])
    sizes = np.diff(np.r_[first, len(ids)])
    begins = np.minimum.reduceat(spans[:, 0], first)
    ends = np.maximum.reduceat(spans[:, 1], first)
    return np.repeat(begins, sizes), np.repeat(ends, sizes)
