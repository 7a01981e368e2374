"""Spans as people would mark them: no markup at their ends, and code tokens whole. Knows texts alone."""

from __future__ import annotations

import re
from typing import Final

from drystone.reader.spans.words import code_words

#: At the ends of a span these say nothing.
_ENDS: Final = " \t\r\n\v\f,;:.!?\"'`“”‘’*|=<>"
_GAP: Final = re.compile(r"\n[ \t\r]*\n\s*")
#: Words of a span that is short.
_SHORT: Final = 5
#: Marked code: `a`, ``a``, without a role's abbreviation.
_CODE_MARK: Final = re.compile(r"`{1,2}(?=[^`\s])~?([^`\n]{1,100}?)(?: <[^<>`\n]*>)?`{1,2}")
_OPEN: Final = {"(": ")", "[": "]", "{": "}"}


def trim(text: str, blanked: str, start: int, end: int) -> tuple[int, int]:
    """Return a span of `text` without markup at its ends or a break of paragraphs in it, and with whole code tokens.

    `blanked` is the text with its markup blanked. A short span that has a piece of marked code and words beside it
    becomes the code. The span is empty (`start == end`) where nothing is left of it.
    """
    start, end = _paragraph(blanked, start, end)
    start, end = _marked(text, start, end)
    start, end = _whole_tokens(blanked, start, end)
    return _tidy(blanked, start, end)


def _paragraph(blanked: str, start: int, end: int) -> tuple[int, int]:
    """Return the longest part of a span that has no empty line in it, the first of several."""
    gaps = [match.span() for match in _GAP.finditer(blanked, start, end)]
    begins = [start, *(last for _, last in gaps)]
    ends = [*(first for first, _ in gaps), end]
    spans = list(zip(begins, ends, strict=True))
    return max(spans, key=lambda span: len(blanked[span[0] : span[1]].strip()))


def _marked(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the one piece of marked code that a short span has beside words; else the span."""
    if len(text[start:end].split()) > _SHORT or "`" not in text[start:end]:
        return start, end
    codes = [match.span(1) for match in _CODE_MARK.finditer(text, max(0, start - 200), min(len(text), end + 200))]
    inside = [(low, high) for low, high in codes if low < end and high > start]
    return inside[0] if len(inside) == 1 else (start, end)


def _whole_tokens(blanked: str, start: int, end: int) -> tuple[int, int]:
    """Return a span with the tokens of code that its ends cut made whole."""
    for first, last in code_words(blanked, start - 200, end + 200):
        if last > start and first < end:
            start, end = min(start, first), max(end, last)
    return start, end


def _tidy(blanked: str, start: int, end: int) -> tuple[int, int]:
    """Return a span without white space, signs and brackets at its ends that say nothing there."""
    while start < end:
        first, last = blanked[start], blanked[end - 1]
        inside = blanked[start:end]
        if last in _ENDS or last in _OPEN or (last in ")]}" and inside.count(last) > inside.count(_opening(last))):
            end -= 1
        elif (
            (first in _ENDS and not _begins_token(inside))
            or first in ")]}"
            or (first in _OPEN and inside.count(first) > inside.count(_OPEN[first]))
        ):
            start += 1
        else:
            break
    return start, end


def _begins_token(text: str) -> bool:
    """Whether a text begins with a sign that belongs to its first token: `.env`, `./run`."""
    return text[0] == "." and bool(re.match(r"\.{1,2}/?\w", text))


def _opening(closing: str) -> str:
    return {close: open_ for open_, close in _OPEN.items()}[closing]
