"""Short licences by the clauses that make them, for texts that people reworded (names in the warranty, other bullets).

A shape is told by which clauses are there and which are not: three clauses make BSD-3-Clause, whatever the wording
of its disclaimer. Works on comparable words (lower case, single spaces); every pattern is linear by construction:
literal words with bounded gaps. Knows nothing of reference texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

from drystone.detect.patterns import PatternSet, unnamed


@dataclass(frozen=True)
class Shape:
    """One licence recognised by its clauses; `start` and `end` are offsets into the searched text."""

    expression: str
    start: int
    end: int
    confidence: float


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(patterns) + r")\b")


#: Where a short licence may begin. One alternation, so that a text is searched once.
_START: Final = re.compile(
    r"\b(?:(?P<mit>permission is (?:hereby )?granted free of charge to any (?:person|one|individual|entity)|"
    r"permission is hereby granted to any person obtaining a copy|"
    r"any person obtaining a copy of this software and associated documentation)"
    r"|(?P<bsd>redistributions? and use (?:in|of|with|this)|redistributions? (?:of|in) source(?: code)?(?: forms?)?|"
    r"redistribution(?:s)? (?:in|of) binary form)"
    r"|(?P<isc>permission to use copy modify (?:and |or |and or )*distribute this (?:software|program|code|file|source)"
    r"(?: and its documentation)? for any purpose)"
    r"|(?P<cmu>by obtaining using and or copying this software and or its associated documentation you agree)"
    r"|(?P<zlib>permission is (?:hereby )?granted to anyone to use this (?:software|program|code|library) for any "
    r"purpose|in no event will the authors? be held liable for any damages arising)"
    r"|(?P<unlicense>this is free and unencumbered software released into the public domain)"
    r"|(?P<wtfpl>do what the f\S* you want to public license)"
    r"|(?P<beer>beer ?ware license|buy me a beer in return)"
    r"|(?P<fsfap>copying and distribution of this file with or without modification are permitted)"
    r"|(?P<fsf>the free software foundation (?:inc )?gives unlimited permission to copy|"
    r"the (?:author|copyright holders?)s? gives? unlimited permission to copy|"
    r"gives? unlimited permission to copy)"
    r"|(?P<cc0>to the extent possible under law the (?:authors?|person|persons|copyright)))\b"
)


@cache
def _cue() -> PatternSet:
    """Return what tells in one fast pass whether any of them begins in a text."""
    return PatternSet([unnamed(_START.pattern)], lines=False)


_NOTICE = _any(
    r"above copyright notices?.{0,120}? (?:shall|must|should|are|is|be|to be|appears?|included|retained)",
    r"copyright notice and this permission notice",
    r"(?:this|the) (?:permission|copyright|license) notice (?:shall|must|should|be|appear)",
)
_EVIL = _any("used for good not evil")
_X11 = _any(r"except as contained in this notice the names?")
_ICU = _any(r"appear in supporting documentation")
_NCSA = _any(r"deal with the software", r"redistributions of source code")
_SOURCE = _any(
    r"(?:re)?distributions? (?:of|in|as)(?: the| this)? (?:source|code|any form)(?: code)?(?: form)?(?: forms)? "
    r"(?:(?:sphinx|rest|xml|docbook|sgml|markdown|latex|asciidoc|html|files?|and|so|forth) ){0,6}?"
    r"(?:must|should|shall|may|need to|has to|have to)(?: also)? (?:\w+ ){0,3}?(?:retain|contain|reproduce|"
    r"include|keep|"
    r"preserve|carry)",
    r"source code must retain",
    r"retains? the above copyright",
)
_BINARY = _any(
    r"(?:re)?distributions? (?:in|of|as)(?: the)? (?:binary|compiled|executable|object)(?: code| forms?)? "
    # Of documentation: "in compiled form (converted to PDF, HTML and other formats)".
    r"(?:(?:converted|transformed|rendered) to (?:\w+ ){1,12}?formats? )?"
    r"(?:must|should|shall)(?: also)? (?:\w+ ){0,3}?(?:reproduce|retain|contain|include|display)",
    r"binary forms? must reproduce",
)
_ENDORSE = _any(
    r"(?:endorse or promote|promote or endorse|endorse and promote|promote products derived)",
    r"neither the names? of",
    r"may not be used to (?:endorse|promote)",
)
_ADVERTISE = _any(
    r"advertising materials?(?: \w+){0,12} (?:must|should|shall) display",
    r"all advertising materials mentioning",
)
_APACHE = _any(r"end ?user documentation included with the redistribution")
_BSD_EXTRA = _any(
    "nuclear",
    "military",
    "non ?commercial",
    "patents?",
    "weapons?",
    "must be (?:obtained|purchased|returned)",
    "must not be misrepresented",
    "may not be sold",
    "not for profit",
    "without charge",
    "educational",
)
_BSD_END = _any(
    r"even if advised of the possibility of such damages?",
    r"advised of the possibility of such",
    r"possibility of such damages?",
    r"fitness for a particular purpose(?: are| is)?(?: disclaimed)?",
)
_MIT_END = _any(
    r"(?:use or )?other dealings in (?:the|this) (?:software|materials|program)(?: or documentation)?",
    r"(?:arising from|out of or in connection with|in connection with) (?:the )?(?:software|use)",
)
_ISC_END = _any(
    r"in connection with the use or performance of this software", r"fitness for a particular purpose", r"warrant\w+"
)
_ISC_NOTICE = _any(
    r"provided that (?:the|this|these|all)(?: \w+){0,4} notices?",
    r"above copyright notice",
)
#: The disclaimer of the BSD licences behind the ISC's grant is another licence (OSSP).
_OSSP = _any(r"even if advised of the possibility of such damages?")
_HPND = _any(
    "supporting documentation", "not be used in advertising", "without specific written prior", "and its documentation"
)
_CMU_GRANT = _any(
    r"permission to use copy modify and distribute this software and its associated documentation for any purpose "
    r"and without fee is hereby granted"
)
_CMU_NAME = _any(
    r"not be used in advertising or publicity pertaining to distribution of the software without specific written "
    r"prior permission"
)
_ZLIB_CLAUSE = _any(
    r"origin of this (?:software|program|library|code|source code|work) must not be misrepresented",
    r"must not be misrepresented as being the original",
)
_ZLIB_GRANT = _any(
    r"permission is (?:hereby )?granted to anyone to use this (?:software|program|code|library|work) for any purpose"
)
_ZLIB_ACK = _any(r"an acknowledge?ment .{0,80}?is required(?! but)")
_ZLIB_END = _any(
    r"(?:this|the) notice (?:may|must|shall) not be removed or altered(?: from any(?: source)?(?: distribution)?)?",
    r"misrepresented as being the original(?: \w+)?",
)
_FSF_MODIFY = _any(r"with or without modifications?")
_FSF_KEEP = _any(r"as long as this (?:notice|permission)", r"notice is preserved", r"provided .{0,60}?notice")
_FSF_WARRANTY = _any(r"without any warranty")


def _end(text: str, start: int, stop: int, *patterns: re.Pattern[str]) -> int:
    """Return where the last of the patterns ends within the window, or `start`."""
    last = start
    for pattern in patterns:
        for match in pattern.finditer(text, start, stop):
            last = max(last, match.end())
    return last


def _mit(text: str, start: int, stop: int) -> Shape | None:
    end = _end(text, start, stop, _MIT_END, _NOTICE, _X11)
    if end == start:
        end = min(stop, start + 400)
    if _EVIL.search(text, start, stop):
        return Shape("JSON", start, end, 0.95)
    if _NCSA.search(text, start, stop):
        return (
            Shape("NCSA", start, max(end, _end(text, start, stop, _ENDORSE)), 0.8)
            if _ENDORSE.search(text, start, stop)
            else None
        )
    if not _NOTICE.search(text, start, stop):
        # Without the condition it is MIT-0, if the disclaimer is there; else the text may have been cut.
        return Shape("MIT-0", start, end, 0.85) if _MIT_END.search(text, start, stop) else None
    if _ICU.search(text, start, stop):
        return Shape("ICU" if _X11.search(text, start, stop) else "MIT", start, end, 0.8)
    if (found := _X11.search(text, start, stop)) is not None:
        return Shape("X11", start, max(end, min(stop, found.end() + 150)), 0.9)
    return Shape("MIT", start, end, 0.93)


def _bsd(text: str, start: int, stop: int) -> Shape | None:
    source = _SOURCE.search(text, start, stop)
    binary = _BINARY.search(text, start, stop)
    endorse = _ENDORSE.search(text, start, stop)
    advertise = _ADVERTISE.search(text, start, stop)
    if source is None and binary is None:
        return None
    end = _end(text, start, stop, _SOURCE, _BINARY, _ENDORSE, _ADVERTISE, _BSD_END)
    confidence = 0.93 if _BSD_END.search(text, start, stop) else 0.8
    if _APACHE.search(text, start, stop) and source and binary:
        return Shape("Apache-1.1", start, end, 0.8 if "apache" in text[max(0, start - 200) : end] else 0.6)
    if _BSD_EXTRA.search(text, start, end):
        confidence = 0.5
    if source is None or binary is None:
        if endorse or advertise:
            return Shape("BSD-3-Clause" if advertise is None else "BSD-4-Clause", start, end, min(confidence, 0.6))
        return Shape("BSD-1-Clause", start, end, min(confidence, 0.8)) if binary is None else None
    if advertise:
        return Shape("BSD-4-Clause", start, end, confidence if endorse else 0.7)
    return Shape("BSD-3-Clause" if endorse else "BSD-2-Clause", start, end, confidence)


def _isc(text: str, start: int, stop: int) -> Shape | None:
    window = min(stop, start + 2500)
    end = _end(text, start, window, _ISC_END)
    if end == start:
        return None
    if _HPND.search(text, start, min(window, start + 900)) or _OSSP.search(text, start, min(window, start + 1600)):
        return None
    if _ISC_NOTICE.search(text, start, min(window, start + 400)):
        return Shape("ISC", start, end, 0.92)
    return Shape("0BSD", start, end, 0.85)


def _cmu(text: str, start: int, stop: int) -> Shape | None:
    window = min(stop, start + 2500)
    if any(p.search(text, start, window) is None for p in (_CMU_GRANT, _ICU, _CMU_NAME)):
        return None
    return Shape("MIT-CMU", start, _end(text, start, window, _CMU_NAME, _ISC_END), 0.92)


def _zlib(text: str, start: int, stop: int) -> Shape | None:
    if not _ZLIB_GRANT.search(text, start, stop) or not _ZLIB_CLAUSE.search(text, start, stop):
        return None
    end = _end(text, start, stop, _ZLIB_END, _ZLIB_CLAUSE)
    expression = "zlib-acknowledgement" if _ZLIB_ACK.search(text, start, stop) else "Zlib"
    return Shape(expression, start, end, 0.93)


def _fsf(text: str, start: int, stop: int) -> Shape | None:
    window = min(stop, start + 700)
    if not _FSF_MODIFY.search(text, start, window):
        return Shape("FSFUL", start, min(stop, start + 120), 0.85)
    if not _FSF_KEEP.search(text, start, window):
        return None
    end = _end(text, start, window, _FSF_KEEP, _FSF_WARRANTY)
    return Shape("FSFULLR", start, end, 0.9)


def _fixed(expression: str, length: int, confidence: float) -> Callable[[str, int, int], Shape | None]:
    def shape(_text: str, start: int, stop: int) -> Shape:
        return Shape(expression, start, min(stop, start + length), confidence)

    return shape


_SHAPES: Final[dict[str, Callable[[str, int, int], Shape | None]]] = {
    "mit": _mit,
    "bsd": _bsd,
    "isc": _isc,
    "cmu": _cmu,
    "zlib": _zlib,
    "unlicense": _fixed("Unlicense", 1100, 0.95),
    "wtfpl": _fixed("WTFPL", 350, 0.95),
    "beer": _fixed("Beerware", 200, 0.9),
    "fsfap": _fixed("FSFAP", 230, 0.93),
    "fsf": _fsf,
    "cc0": _fixed("CC0-1.0", 250, 0.9),
}
#: Shapes whose later clauses repeat their own start; they run until another kind begins or themselves begin anew.
_ANEW: Final = {"bsd": "redistribution and use", "mit": "permission is", "zlib": "permission is"}


_MAX_STARTS: Final = 200
_MAX_SPAN: Final = 8000


def find_shapes(text: str, begin: int, end: int) -> list[Shape]:
    """Return the short licences within `text[begin:end]`, in order."""
    if not _cue().matching(text[begin:end].encode("latin-1")):
        return []
    starts = [(m.start(), m.lastgroup or "") for m in _START.finditer(text, begin, end)]
    found: list[Shape] = []
    done = begin
    # Both bounds keep hostile texts linear; real texts stay far below them.
    for number, (start, kind) in enumerate(starts[:_MAX_STARTS]):
        if start < done:
            continue
        stop = min(end, start + _MAX_SPAN)
        if kind == "mit" and text.startswith("deal with", text.find("deal ", start, start + 250)):
            if (shape := _mit(text, start, stop)) is not None:
                found.append(shape)
                done = shape.end
            continue
        for later, other in starts[number + 1 :]:
            if other != kind or (kind in _ANEW and later > start + 300 and text.startswith(_ANEW[kind], later)):
                stop = later
                break
        shape = _SHAPES[kind](text, start, stop)
        if shape is not None:
            found.append(shape)
            done = max(done, shape.end)
    return found
