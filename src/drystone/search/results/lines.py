"""Which lines of a file are shown for a query, and where in them it matches. Reads one text at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from drystone.search import plan
from drystone.search.expressions.matcher import Matcher
from drystone.search.results.found import Line
from drystone.search.segment import Segment

#: Bytes of a line that are shown; a longer one is cut around its first match.
MOST_SHOWN: Final = 400
#: Matches of one line that are noted; the line then counts as cut.
MOST_SPANS: Final = 100


def shown_lines(
    data: bytes, planned: plan.QueryPlan, segment: Segment, file: int, most: int, context: int
) -> tuple[tuple[Line, ...], bool]:
    """Return lines that match, those that define a word before others, with their context; and whether more match."""
    spans: dict[int, list[tuple[int, int]]] = {}  # line -> spans in bytes
    where: dict[int, tuple[int, int]] = {}  # line -> begin, end
    more = False
    for matcher in planned.shown:
        seen = 0
        for number, place, here in _by_line(data, matcher):
            if number not in spans:
                if seen == most:
                    more = True
                    break
                seen += 1
            where[number] = place
            spans.setdefault(number, []).extend(here)
    for number in plan.symbol_lines(planned, segment, file):
        if number not in spans:
            where[number] = _line_at(data, number)
            spans[number] = [where[number]]
    defining = plan.word_lines(planned, segment, file)[:most]
    for number in defining:
        if number not in spans:
            begin, end = where[number] = _line_at(data, number)
            here = [span for matcher in planned.shown for span in matcher.spans(memoryview(data)[begin:end])]
            spans[number] = [(begin + low, begin + high) for low, high in here[:MOST_SPANS]] or [(begin, end)]
    if len(spans) > most:
        more = True
    found: dict[int, Line] = {}
    others = [number for number in sorted(spans) if number not in defining]
    for number in sorted([*defining, *others][:most]):
        begin, end = where[number]
        if context:
            for line in (*_around(data, begin, -context, number), *_around(data, end, context, number)):
                found.setdefault(line.number, line)
        found[number] = _line(data, number, begin, end, sorted(spans[number]))
    return tuple(found[number] for number in sorted(found)), more


def _by_line(data: bytes, matcher: Matcher) -> Iterator[tuple[int, tuple[int, int], list[tuple[int, int]]]]:
    """Yield lines that match: number, begin and end, and the first `MOST_SPANS` spans that begin in each, as bytes.

    What lies behind these in a line is not looked through, so that a line of 100 MB costs no more than its beginning.
    """
    view = memoryview(data)
    number, at = 1, 0
    line: tuple[int, int] | None = None
    spans: list[tuple[int, int]] = []
    while at <= len(data):
        resume = len(data) + 1
        for first, last in matcher.spans(view[at:]):
            begin, end = first + at, last + at
            if line is None or begin > line[1]:
                if line is not None:
                    yield number, line, spans
                number += data.count(b"\n", line[1] if line else 0, begin)
                line_end = data.find(b"\n", begin)
                line = (data.rfind(b"\n", 0, begin) + 1, len(data) if line_end < 0 else line_end)
                spans = []
            spans.append((begin, min(end, line[1])))
            if len(spans) == MOST_SPANS:
                resume = line[1] + 1
                break
        at = resume
    if line is not None:
        yield number, line, spans


def _line_at(data: bytes, number: int) -> tuple[int, int]:
    begin = 0
    for _ in range(number - 1):
        begin = data.find(b"\n", begin) + 1
    end = data.find(b"\n", begin)
    return begin, len(data) if end < 0 else end


def _around(data: bytes, at: int, count: int, number: int) -> list[Line]:
    """Return `count` lines after the line that ends at `at`, or before the one that begins there."""
    found = []
    for step in range(1, abs(count) + 1):
        if count > 0:
            begin = at + 1
            if begin >= len(data):
                break
            end = data.find(b"\n", begin)
            at = end = len(data) if end < 0 else end
            found.append(_line(data, number + step, begin, end, []))
        else:
            if at == 0:
                break
            end = at - 1
            at = begin = data.rfind(b"\n", 0, end) + 1
            found.append(_line(data, number - step, begin, end, []))
    return found


def _line(data: bytes, number: int, begin: int, end: int, spans: Iterable[tuple[int, int]]) -> Line:
    spans = list(spans)[:MOST_SPANS]
    start, cut = begin, end - begin > MOST_SHOWN
    if cut:
        first = spans[0][0] if spans else begin
        begin = max(begin, min(first - MOST_SHOWN // 4, end - MOST_SHOWN))
        end = begin + MOST_SHOWN
        while begin < end and data[begin] & 0xC0 == 0x80:
            begin += 1
        while end > begin and end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
    elif data[end - 1 : end] == b"\r" and end > begin:
        end -= 1
    inside = [(max(begin, low), min(high, end)) for low, high in spans if low < end or low == high == end]
    placed = tuple((_characters(data, begin, low), _characters(data, begin, max(low, high))) for low, high in inside)
    text, column = data[begin:end].decode("utf-8", "replace"), _characters(data, start, begin)
    return Line(number, text, placed, cut, tuple((low, max(low, high)) for low, high in inside), column)


def _characters(data: bytes, begin: int, end: int) -> int:
    return len(data[begin:end].decode("utf-8", "replace"))
