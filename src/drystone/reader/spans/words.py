"""What is one word where a tokenizer sees several: names, paths, flags and numbers of code, and marks on a letter.

The rules hold for any text. Knows no tokens and no models.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Final

from drystone.errors import MissingExtraError

#: What a word of code is made of: `8080`, `PYTEST_ADDOPTS`, `--flag`, `a.b.c`, `/etc/hosts`, `text/html`, `f()`.
_WORD: Final = re.compile(r"(?:--?|\.{0,2}/|\.|@|\$)?\w+(?:[-./:+@\\]+\w+|\(\))*")
#: Signs that make it one of code, and not a word of a sentence.
_CODE: Final = re.compile(r"[\d_/\\.:@$+]|^-|\w[A-Z]|\(\)")
#: A letter or digit, as str.isalnum has it; a search looks at a span without a copy of it.
_ALPHANUMERIC: Final = re.compile(r"[^\W_]")
#: Characters after which, or before which, a word of code may go on.
_JOINS: Final = frozenset("-./:+@\\_(")
#: Characters looked at on each side of a span.
_AROUND: Final = 200
#: What joins the characters on both of its sides into one that is seen: zero-width joiner.
_JOINER: Final = "\u200d"
#: What belongs to the character before it and is no mark: the joiner, Thai and Lao AM, and the colours of an emoji.
_EXTENDS: Final = frozenset(f"{_JOINER}\u0e33\u0eb3\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")
#: Vowels and final consonants of Korean syllables that are written in parts.
_JAMO: Final = re.compile(r"[\u1160-\u11ff\ud7b0-\ud7ff]")


def code_words(text: str, low: int, high: int) -> Iterator[tuple[int, int]]:
    """Yield where words of code begin and end, between two characters of a text."""
    for match in _WORD.finditer(text, max(low, 0), min(high, len(text))):
        if _CODE.search(match[0]):
            yield match.span()


def unicode_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a span with the words whole that its ends cut, by Unicode's rules (Standard Annex 29).

    They need no spaces: a character of Chinese or a cluster of Thai is a word, and punctuation is none of its word.
    Words are looked at up to 200 characters from an end.
    """
    try:
        import regex  # noqa: PLC0415  an extra, and needed for few tokenizers
    except ImportError:
        raise MissingExtraError("regex, which finds words by Unicode's rules", "reader") from None

    def boundaries(at: int) -> tuple[int, int, list[int]]:
        low, high = max(at - _AROUND, 0), min(at + _AROUND, len(text))
        return low, high, [low + match.start() for match in regex.finditer(r"(?w)\b", text[low:high])]

    low, _, places = boundaries(start)
    begins = bisect_right(places, start)
    first = places[begins - 1] if begins else low
    _, high, places = boundaries(end)
    ends = bisect_left(places, end)
    last = places[ends] if ends < len(places) else high
    found = text[first:last]
    first += len(found) - len(found.lstrip())  # a mark without a letter is joined to the space before it
    return first, first + len(found.strip())


def whole(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a span with the words of code that its ends cut made whole, and ends that cut no character in two.

    A span without letter or digit becomes empty (`start == end`).
    """
    if not _ALPHANUMERIC.search(text, start, end):
        return start, start
    before = (-1, -1)
    while before != (start, end):  # a mark may stand inside a word of code
        before = start, end
        start, end = _whole_characters(text, *_whole_words(text, start, end))
    return start, end


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    if (end < len(text) and text[end] in _JOINS) or (start and (text[start - 1] in _JOINS or text[start - 1] == "$")):
        for first, last in code_words(text, start - _AROUND, end + _AROUND):
            if first < start < last:
                start = first
            if first < end < last:
                end = last
    return start, end


def _whole_characters(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a span that neither begins nor ends inside a grapheme cluster: with all marks of its first and last
    character, and what a joiner joins (Unicode Standard Annex 29, rules 6 to 9a and 11, as far as spans meet them)."""
    while 0 < start < len(text) and not text[start - 1].isspace() and _joined(text, start):
        start -= 1
    while 0 < end < len(text) and _joined(text, end):
        end += 1
    return start, end


def _joined(text: str, at: int) -> bool:
    """Whether the character at a place belongs to the one before it."""
    return text[at - 1] == _JOINER or _continues(text[at])


def _continues(character: str) -> bool:
    if character < "\u0300":
        return False
    return character in _EXTENDS or unicodedata.category(character)[0] == "M" or bool(_JAMO.match(character))
