"""Which cell of a notebook, and which line in it, a byte of its JSON stands in. Knows nothing of what cells say."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple


class CellPlace(NamedTuple):
    """A place in a notebook: the cell and the line of its source, both from 1; line 0 is beside the source (output)."""

    cell: int
    line: int


#: Where a cell's text stands, in format 4 and in format 3.
_SOURCES: Final = frozenset((b"source", b"input"))
#: What a walk over JSON meets; a string whose end is missing goes up to the end.
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{},:]', re.DOTALL)
_ESCAPE: Final = re.compile(rb"\\(.)", re.DOTALL)


def cell_places(data: bytes, offsets: Sequence[int]) -> list[CellPlace | None]:
    """Return for each byte offset (rising) the cell of the notebook it stands in; None where it stands in none.

    Formats 3 and 4; every cell counts, of whatever kind. Linear in `data`, which may be broken JSON.
    """
    places: list[CellPlace | None] = []
    path: list[bytes] = []  # from the outermost: the key that each open bracket stands under, or b"" in a list
    key = last = b""
    cell = line = inside = 0  # inside: brackets of `path` that stand under b"cells"
    pending = list(offsets)[::-1]
    for token in _TOKEN.finditer(data):
        while pending and pending[-1] < token.start():
            pending.pop()
            places.append(CellPlace(cell, 0) if cell and inside else None)
        sign = token[0]
        if sign in (b"{", b"["):
            if sign == b"{" and path and path[-1] == b"cells":
                cell, line = cell + 1, 0
            path.append(key if sign == b"[" else b"")
            inside += path[-1] == b"cells"
            key = b""
        elif sign in (b"}", b"]"):
            if path:
                inside -= path.pop() == b"cells"
            key = b""
        elif sign == b":":
            key = last
        elif sign == b",":
            key = b""
        else:
            last = sign[1:-1]
            of_source = inside > 0 and (path[-1] in _SOURCES or key in _SOURCES)
            # Behind each line end of the string, as JSON writes it.
            ends = [m.end() for m in _ESCAPE.finditer(sign, 1) if m[1] == b"n"] if of_source else []
            while pending and pending[-1] < token.end():
                at = pending.pop() - token.start()
                within = CellPlace(cell, line + 1 + bisect_right(ends, at) if of_source else 0)
                places.append(within if cell and inside else None)
            line += len(ends)
    return [*places, *([None] * (len(offsets) - len(places)))]
