"""Places in comparable words: where sentences begin, and in which of some ranges an offset lies."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from drystone.detect._kernel import ComparableWords

#: A sentence ends at a full stop, a question mark or an empty line; paragraphs and table cells of their own end one.
_ENDS: Final = re.compile(rb"[\n.?]")


def sentences(words: ComparableWords) -> list[int]:
    """Return the first word of each sentence, in order."""
    return [m.start() for m in _ENDS.finditer(words.joints)]


def range_at(ranges: Sequence[tuple[int, int]], offset: int) -> tuple[int, int] | None:
    """Return the one of some ranges (start, end; in order, apart) that holds an offset, or None."""
    number = bisect_right(ranges, (offset, math.inf)) - 1
    return ranges[number] if number >= 0 and offset < ranges[number][1] else None
