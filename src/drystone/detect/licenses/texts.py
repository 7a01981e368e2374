"""Reads one text: which licence its tags, its full texts, its clauses and its notices name.

Answers are kept by the hash of a text's comparable words, so that each distinct text is looked at once. Knows nothing
of paths and formats.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections import OrderedDict
from threading import Lock
from typing import Final

from drystone.detect._kernel import ComparableWords
from drystone.detect.licenses.annotation import Evidence, Kind, LicenseAnnotation
from drystone.detect.licenses.copyrights import split_copyrights
from drystone.detect.licenses.matching.references import facts, references
from drystone.detect.licenses.matching.remainder import Remaining, remaining
from drystone.detect.licenses.matching.scan import (
    LIKELY,
    LicenseMatch,
    combine,
    find_licenses,
    join,
    speaks_of_licensing,
)
from drystone.detect.licenses.matching.tags import find_tags
from drystone.detect.licenses.strictness import UNKNOWN, strictness

#: licenseclassifier reads under 1 MB/s; longer texts go to ScanCode and to review.
_CLASSIFIER_BYTES: Final = 64 * 1024
_CACHE_SIZE: Final = 8192
#: The same for one that takes the place of a licence beside which nothing restricts.
VARIANT: Final = 0.9
#: Words in a row that no licence explains, from which a listed variant is looked for.
_SENTENCE: Final = 7
#: Variants are looked for of licences with at most so many words, and this many words around them.
_SHORT: Final = 600
_BESIDE: Final = 60
#: Rules that find a licence's text, not only its name.
_WHOLE: Final = frozenset({"spdx-text", "clauses"})
#: Share of a listed licence's word grams from which it may be named in the place of one that leaves words unexplained.
CONTAINED: Final = 0.85

_Row = tuple[int, int, str, str, float]
_Answer = tuple[str | None, tuple[_Row, ...], bool, bool]
Ranges = tuple[tuple[int, int], ...]
_Shape = tuple[bytes, bool, Ranges | None, int]
_cache: OrderedDict[_Shape, _Answer] = OrderedDict()
_lock = Lock()


def detect_text(
    data: bytes,
    kind: Kind,
    strict: bool,
    notes: tuple[str, ...] = (),
    licensing: Ranges | None = None,
) -> LicenseAnnotation:
    """Return the licence of UTF-8 text: tags first, then texts, clauses and notices.

    `strict` is for text that is about something else: there a licence counts only where it is granted, or below a
    heading that says licence (`licensing`: lines (first, last + 1), from 1; None for what is no page with headings).
    """
    body, copyrights = split_copyrights(data)
    tags = find_tags(body)
    words = ComparableWords(body)
    key = hashlib.sha256(words.text).digest()
    expression, rows, unanswered, denied = _answer(words, key, strict, body, _offsets(words, licensing))
    evidence = tuple(
        Evidence(x, words.line(words.word_at(start)), words.line(words.word_at(max(start, end - 1))), rule, confidence)
        for start, end, x, rule, confidence in rows
    )
    conflict = None
    if tags:
        tagged = join([t.expression for t in tags], "AND")
        if expression is not None and kind == "header" and _contradicts(tagged, expression):
            conflict = f"tag says {tagged}, text says {expression}"
            expression = join([tagged, expression], "AND")
        elif expression is not None and kind != "header" and not _names(expression) <= _names(tagged):
            expression = join([tagged, expression], "AND")
        else:
            expression = tagged
        evidence = (*tags, *evidence)
        if any(not e.expression for e in evidence):
            expression = None
        else:
            unanswered = False
    return LicenseAnnotation(
        expression=expression,
        kind=kind,
        evidence=evidence,
        conflict=conflict,
        unanswered=unanswered,
        denied=denied,
        copyrights=copyrights,
        text_sha256=key.hex() if words.count else "",
        notes=notes,
    )


def text_expression(text: str) -> tuple[str | None, float]:
    """Return (expression, confidence) of a licence text that metadata carries in one field."""
    found = detect_text(text.encode(), "text", strict=False)
    return found.expression, found.confidence


def _offsets(words: ComparableWords, lines: Ranges | None) -> Ranges | None:
    """Return ranges of lines as offsets into the comparable words; empty ones are left out."""
    if lines is None:
        return None
    found = []
    for first, last in lines:
        begin, end = (bisect_left(range(words.count), line, key=words.line) for line in (first, last))
        if begin < end:
            found.append((words.start(begin), words.start(end) - 1 if end < words.count else len(words.text)))
    return tuple(found)


def _answer(words: ComparableWords, key: bytes, strict: bool, body: bytes, licensing: Ranges | None) -> _Answer:
    # Sentences and headings decide as well as words; other punctuation does not.
    shape = (key, strict, licensing, hash(words.joints))
    with _lock:
        answer = _cache.get(shape)
        if answer is not None:
            _cache.move_to_end(shape)
            return answer
    if words.count and (known := references().by_hash.get(key)) is not None:
        findings = [LicenseMatch(known, 0, len(words.text), "text-hash", 1.0)]
    else:
        findings = find_licenses(words, strict, licensing or ())
    text = words.text.decode("latin-1")
    if not findings and not strict and len(body) <= _CLASSIFIER_BYTES and speaks_of_licensing(text):
        findings = _classify(body, len(text))
    restricts = any(f.rule in _WHOLE and strictness(f.expression) == UNKNOWN for f in findings)
    # The name of a licence that restricts says more than words about it.
    rest = [] if restricts else _remaining(words, text, findings, strict, licensing)
    if rest and (listed := _listed(words, text, findings, rest, strict)):
        findings, rest = listed, []
    elif not rest and any(f.rule in _WHOLE for f in findings):
        findings = _closer(words, text, findings)
    expression = combine(words, text, findings) if not rest else None
    rows: list[_Row] = [(f.start, f.end, f.expression, f.rule, f.confidence) for f in findings]
    rows += [(r.start, r.end, "", r.rule, 0.8) for r in rest]
    unanswered = expression is None and (bool(rows) or (not strict and words.count > 0 and not _sends_up(text, body)))
    answer = (expression, tuple(rows), unanswered, any(r.denies for r in rest))
    with _lock:
        _cache[shape] = answer
        if len(_cache) > _CACHE_SIZE:
            _cache.popitem(last=False)
    return answer


def _remaining(
    words: ComparableWords,
    text: str,
    findings: list[LicenseMatch],
    strict: bool,
    licensing: Ranges | None = None,
    every: bool = False,
) -> list[Remaining]:
    if len(findings) == 1 and findings[0].rule == "text-hash":
        return []
    found = [(f.start, f.end, f.expression, f.rule in _WHOLE) for f in findings]
    rest = remaining(words, text, found, strict, licensing, every)
    if not rest and not findings:
        for start, end in licensing or ():
            if (match := _NONE.search(text, start, end)) is not None:
                return [Remaining(match.start(), match.end(), "denied:no licence", True)]
    return rest


#: What stands alone below a heading that says licence and grants nothing.
_NONE: Final = re.compile(
    r"(?<= )(?:all rights reserved|unlicensed|(?:none|no licen[sc]e)(?: yet)?|proprietary|private|closed source|"
    r"alle rechte vorbehalten|tous droits r\S{1,3}serv\S{1,3}s|todos l?os d\w+ reservados|tutti i diritti riservati)$|"
    r"(?<= )(?:all rights reserved|unlicensed|alle rechte vorbehalten)\b"
)
#: Words with which a short text says that the licence of the folder above holds here too.
_SAME: Final = re.compile(
    r"\b(?:same (?:licen[sc]e|terms|conditions) as|"
    r"(?:licen[sc]e|licensing|copying|terms) (?:\w+ ){0,6}?(?:of|in|at|from) (?:the )?"
    r"(?:\w+ )?(?:root|parent|top|main|whole|entire|upper|enclosing|above))\b"
)


def _sends_up(text: str, body: bytes) -> bool:
    """Whether a short text only sends its reader to the licence of a folder above, which then holds."""
    return text.count(" ") < 40 and (b"../" in body or _SAME.search(text) is not None)


def _listed(
    words: ComparableWords, text: str, findings: list[LicenseMatch], rest: list[Remaining], strict: bool
) -> list[LicenseMatch]:
    """Return the findings with a less similar licence in the place of one, where that leaves nothing unexplained.

    So a text that adds to a licence what a listed licence adds to it gets that licence's name (Sleepycat, not BSD).
    """
    known = references()
    named = {f.expression for f in findings}
    answers: list[list[LicenseMatch]] = []
    for number, similarity, contained, first, last in known.index.match(words, 0, words.count, LIKELY - 0.1, 12):
        start, end = words.start(first), words.start(last) - 1 if last < words.count else len(text)
        other = LicenseMatch(known.ids[number], start, end, "spdx-text", round(similarity, 3))
        beside = [f for f in findings if f.end <= start or f.start >= end]
        if contained < CONTAINED or len(beside) == len(findings) or other.expression in named:
            continue
        if not all(start <= r.start and r.end <= end for r in rest):
            continue
        changed = sorted([other, *beside], key=lambda f: f.start)
        if not _remaining(words, text, changed, strict, every=True):
            answers.append(changed)
    return min(answers, key=len, default=[])


def _closer(words: ComparableWords, text: str, findings: list[LicenseMatch]) -> list[LicenseMatch]:
    """Return the findings with listed variants in the place of licences that leave a sentence of theirs unexplained.

    So BSD-2-Clause with one more sentence is BSD-2-Clause-Views, if the list has exactly that sentence.
    """
    known = references()
    for place, found in enumerate(findings):
        begin, end = words.word_at(found.start), words.word_at(max(found.start, found.end - 1)) + 1
        if found.rule not in _WHOLE or found.rule == "text-hash" or end - begin > _SHORT:
            continue
        begin, end = max(0, begin - _BESIDE), min(words.count, end + _BESIDE)

        def left(expression: str, begin: int = begin, end: int = end) -> int:
            ids = known.numbers(re.findall(r"[\w.+-]+", expression))
            return sum(b - a for a, b in known.index.unexplained(words, begin, end, ids) if b - a >= _SENTENCE)

        least = left(found.expression) - _SENTENCE
        if least < 0:
            continue
        for number, similarity, contained, first, last in known.index.match(words, begin, end, VARIANT, 12):
            if contained >= VARIANT and (remain := left(known.ids[number])) <= least:
                least = remain - 1
                start, stop = words.start(first), words.start(last) - 1 if last < words.count else len(text)
                findings[place] = LicenseMatch(known.ids[number], start, stop, "spdx-text", round(similarity, 3))
    return findings


def _classify(body: bytes, end: int) -> list[LicenseMatch]:
    """Ask licenseclassifier about a text in which no rule found anything."""
    from licenseclassifier import identify_license  # noqa: PLC0415 - loads its templates; few texts come this far

    known = facts()
    ids = dict.fromkeys(r.id for r in identify_license(body.decode("utf-8", "replace")) if r.id in known)
    return [LicenseMatch(i, 0, end, "licenseclassifier", 0.8) for i in ids]


def as_utf8(data: bytes) -> bytes | None:
    """Return text as UTF-8 bytes: UTF-16 and UTF-32 by their mark, else as it is; None for binary content."""
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return data.decode("utf-32", "replace").encode()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace").encode("utf-8", "replace")
    if b"\0" in data:
        head = data[:4096]
        for codec, step in (("utf-16-le", 1), ("utf-16-be", 0)):
            if len(head) > 16 and head[step::2].count(0) > len(head) * 0.4:
                return data.decode(codec, "replace").encode("utf-8", "replace")
        return None
    if b"\n" not in data and b"\r" in data:
        return data.replace(b"\r", b"\n")
    return data


def _names(expression: str) -> set[str]:
    plain = re.sub(r"-only\b|-or-later\b", "", expression)
    return set(re.findall(r"[\w.+-]+", plain)) - {"AND", "OR", "WITH"}


def _contradicts(tagged: str, found: str) -> bool:
    a, b = _names(tagged), _names(found)
    return not (a <= b or b <= a)
