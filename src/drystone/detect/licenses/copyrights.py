"""Copyright lines of a text: who claims it, as written. Attribution asks for them; licence comparison leaves them out.

Knows nothing of licences.
"""

from __future__ import annotations

import re
from typing import Final

_SIGNS: Final = (b"copyright", b"(c)", b"\xc2\xa9", b"&copy;", b"copr.")
_LEAD: Final = re.compile(
    rb"^[\W_]{0,60}(?:(?:portions|parts|original code|some parts|all code|files?|modifications|contributions|this file|"
    rb"written|dnl|rem|spdx-filecopyrighttext:?)[\W_]{1,10}){0,2}"
    rb"(?:is |are )?(?:copyright|\(c\)|\xc2\xa9|&copy;|copr\.|$)",
    re.IGNORECASE,
)
#: What must follow for the line to name a holder rather than to speak about copyright.
_HOLDER: Final = re.compile(
    rb"(?:\(c\)|\xc2\xa9|&copy;)|\b(?:19|20)\d\d\b|[cC]opyright:?\s+(?:by\s|the\s|[A-Z<\[{@$]|\xc3)|SPDX-FileCopyrightText"
)
_NOT_HOLDER: Final = re.compile(
    rb"^[\W_]*(?:copyright (?:notice|holder|owner|law|act|license|statement|interest|and|or|in|is|infring|protect|"
    rb"claim|"
    rb"disclaim|\(c\) notice))",
    re.IGNORECASE,
)
_SAYS_MORE: Final = re.compile(
    rb"licen[sc]e|gpl|under the|free software|public domain|redistribut|permi|proprietary|confidential|unpublished|"
    rb"secret|"
    rb"unauthori|prohibit|forbid|not be|may not|do not|without|only\b",
    re.IGNORECASE,
)
_EDGES: Final = b" \t\r\f\v*/#;%!\"'-<>|=+"
_MAX_LINE: Final = 400
_MAX_LINES: Final = 500


def _signs(data: bytes) -> list[tuple[int, int]]:
    """Return where the signs of a copyright stand, in order. Searches for literals outrun one for a pattern."""
    lowered = data.lower()
    found: list[tuple[int, int]] = []
    for sign in _SIGNS:
        size = len(sign)
        at = lowered.find(sign)
        while at >= 0:
            if sign != b"copr." or _begins_word(lowered, at):
                found.append((at, at + size))
            at = lowered.find(sign, at + size)
    found.sort()
    return found


def _begins_word(data: bytes, at: int) -> bool:
    return at == 0 or not (data[at - 1 : at].isalnum() or data[at - 1] == 0x5F)


def split_copyrights(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Return (`data` with its copyright lines emptied, the copyright lines, each once and in order).

    Line numbers stay. At most 500 lines are collected; a line longer than 400 bytes is not one.
    """
    found: dict[str, None] = {}
    pieces: list[bytes] = []
    kept = at = 0
    for first, last in _signs(data):
        if first < at:
            continue
        start = data.rfind(b"\n", max(kept, first - _MAX_LINE), first) + 1
        start = max(start, kept)
        end = data.find(b"\n", last, last + _MAX_LINE)
        if end < 0:
            end = len(data) if len(data) - last <= _MAX_LINE else last + _MAX_LINE
        at = end
        line = data[start:end]
        if len(line) > _MAX_LINE or not _LEAD.match(line) or _NOT_HOLDER.match(line) or not _HOLDER.search(line):
            continue
        text = line.strip(_EDGES).decode("utf-8", "replace").strip()
        if len(found) < _MAX_LINES:
            found[" ".join(text.split())] = None
        if _SAYS_MORE.search(line):
            continue  # "copyright 2009 by the project - free software under the terms of the LGPL 2.1"
        pieces.append(data[kept:start])
        kept = end
    if not found:
        return data, ()
    pieces.append(data[kept:])
    return b"".join(pieces), tuple(found)
