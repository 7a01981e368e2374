"""What a text says beside the licences found in it: the words that none of them explains, read sentence by sentence.

Words that restrict there make a plain licence unknown. Knows nothing of files, folders or metadata formats.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from drystone.detect._kernel import ComparableWords, sentences_with
from drystone.detect.licenses.matching.places import range_at
from drystone.detect.licenses.matching.references import references
from drystone.detect.licenses.matching.restrictions import (
    AGREEMENT,
    PLAIN_RIDERS,
    Restriction,
    cue_places,
    forbids_something_else,
    restrictions,
)
from drystone.detect.licenses.strictness import strictness

#: A sentence is read in pieces of this many words, so that a text without full stops costs no more than others.
_PIECE: Final = 90
#: With each piece go so many words of the next, so that what restricts is not cut.
_MORE: Final = 20
#: In prose, riders are looked for this many words around a licence.
_NEAR: Final = 70
#: Of a text with more unexplained words than this, only sentences about the software or its licence are read.
_LONG: Final = 150
_MAX_FOUND: Final = 8
_ABOUT: Final = re.compile(
    r"\b(?:licen[sc]\w*|permi\w+|grant\w*|conditions?|software|use of|using|distribut\w+|redistribut\w+|"
    r"(?:this|the) (?:file|code|program|work|library|project|package|source|above|product))\b"
)


#: In a file's head, whose other comments stand near, a rider speaks of the licence by name.
_LAW: Final = re.compile(r"\b(?:licen[sc]\w*|software|redistribut\w+|distribut(?:e|ed|ion))\b")
#: What prose asks of those who contribute, or says of donations, restricts nobody's use.
_GIVING: Final = re.compile(r"\b(?:contribut(?:e|or|ors|ion|ions|ing)|pull requests?|patches|donations?|donors?|cla)\b")
#: Riders known by a name of their own.
_NAMED: Final = frozenset({"commons clause"})
#: Rules that sentences about a service or a tool match as well.
_OF_SERVICES: Final = frozenset({AGREEMENT, "licence to be bought"})
_OURS: Final = re.compile(r"\b(?:this|the) (?:software|library|project|package|repository|code|product|program)\b")
#: In a head that grants nothing, what may not be sold is the file only near words on code or copying: shops and games
#: sell other things.
_SOLD: Final = re.compile(
    r"\b(?:(?:this|the) (?:\w+ )?(?:code|software|program|file|source|library|script|module|package|work)|freely|"
    r"free to|is free|(?:re)?distribut\w+|cop(?:y|ied|ies|ying)|modif(?:y|ied)|permission|rights)\b"
)


class Remaining(NamedTuple):
    """Words that deny or restrict: offsets into the comparable words, the rule, and whether they deny."""

    start: int
    end: int
    rule: str
    denies: bool


def remaining(
    words: ComparableWords,
    text: str,
    found: Sequence[tuple[int, int, str, bool]],
    prose: bool,
    licensing: Sequence[tuple[int, int]] | None = None,
    every: bool = False,
) -> list[Remaining]:
    """Return what restricts in the words that the licences of `found` do not explain.

    `found` has (start, end, expression, whole) of each licence: offsets, SPDX expression, and whether its text stands
    there, not only its name. In `prose` (a README, a source file's head) only what plainly denies counts, and riders
    near a licence or below a heading that says licence (`licensing`, as offsets; None for what is no page).
    Beside copyleft, which is often explained at length, only the riders that name what they forbid count, unless
    `every` rider is asked for.
    """
    # Riders mean something only near a licence, below a heading, or where a text is about nothing else.
    marks = cue_places(text, bool(found or licensing or not prose))
    if not marks:
        return []
    ids = [i for _, _, expression, _ in found for i in re.findall(r"[\w.+-]+", expression)]
    known = references()
    ranges = known.index.unexplained(words, 0, words.count, known.numbers(ids))
    pieces = sentences_with(words, ranges, marks, _PIECE, _MORE)
    if not pieces:
        return []
    spans = [(words.start(a), words.start(b - 1) + 1) for a, b in ranges]
    named = sorted((start, end) for start, end, _, whole in found if not whole)
    result: list[Remaining] = []
    loose = not prose and sum(b - a for a, b in ranges) <= _LONG
    steps = [strictness(expression) for _, _, expression, _ in found]
    copyleft = not every and bool(steps) and max(steps) > 0
    places = _around(words, found)
    for first, last, start, end in pieces:
        sentence = text[start:end]
        at = bisect_right(places, (last, words.count)) - 1
        below = range_at(licensing or (), start) is not None
        near = below or (at >= 0 and first <= places[at][1])
        beside = loose or near or not (prose or found)
        hits = _read(sentence, prose, near, beside, bool(found), loose or below, copyleft)
        for hit in hits:
            if licensing is not None and not below and hit.rule in _OF_SERVICES and _OURS.search(sentence) is None:
                continue  # a page speaks also of the services and tools that the software works with
            if prose and licensing is None and not found and _sells_something_else(hit, text, start, end):
                continue
            span = (start + hit.start, start + hit.end)
            if _foreign(span, spans, named):
                result.append(Remaining(*span, f"{'denied' if hit.denies else 'rider'}:{hit.rule}", hit.denies))
                break
        if len(result) >= _MAX_FOUND:
            break
    return result


def _sells_something_else(hit: Restriction, text: str, start: int, end: int) -> bool:
    """Whether a hit is about a sale in a sentence far from any word on rights."""
    if hit.rule != "no copying" or "be sold" not in text[start:end] or "licen" in text:
        return False
    return _SOLD.search(text, max(0, start - 200), end + 200) is None


def _around(words: ComparableWords, found: Sequence[tuple[int, int, str, bool]]) -> list[tuple[int, int]]:
    """Return the ranges of words near a licence, in order and apart."""
    ranges: list[tuple[int, int]] = []
    for start, end in sorted((a, b) for a, b, _, _ in found):
        first, last = words.word_at(start) - _NEAR, words.word_at(max(start, end - 1)) + _NEAR
        if ranges and first <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], max(last, ranges[-1][1]))
        else:
            ranges.append((first, last))
    return ranges


def _read(
    sentence: str, prose: bool, near: bool, beside: bool, granted: bool, loose: bool, copyleft: bool
) -> Iterator[Restriction]:
    for hit in restrictions(sentence, beside):
        if prose and not loose and forbids_something_else(hit, sentence):
            continue
        plain = hit.rule in PLAIN_RIDERS
        if hit.denies or hit.rule == AGREEMENT:
            if hit.denies or (not copyleft and (near or not granted)):
                yield hit
        elif prose and not plain and _GIVING.search(sentence) is not None:
            continue
        elif (not copyleft or plain) and (hit.rule in _NAMED or loose or _concerns(sentence, prose and not plain)):
            yield hit


def _concerns(sentence: str, by_name: bool) -> bool:
    """Whether a sentence is about the software or its licence, and if need be says so by their names."""
    return _ABOUT.search(sentence) is not None and (not by_name or _LAW.search(sentence) is not None)


def _foreign(hit: tuple[int, int], spans: list[tuple[int, int]], named: list[tuple[int, int]]) -> bool:
    """Whether a hit has words of its own: some that no licence explains and that are not a licence's name."""
    for number in range(max(0, bisect_right(spans, (hit[0], 0)) - 1), len(spans)):
        start, end = max(spans[number][0], hit[0]), min(spans[number][1], hit[1])
        if spans[number][0] >= hit[1]:
            break
        before = bisect_right(named, (start, end)) - 1
        if start < end and not (before >= 0 and end <= named[before][1]):
            return True
    return False
