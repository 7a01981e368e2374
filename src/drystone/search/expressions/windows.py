"""Three bytes side by side that every match has, each out of a set: what classes such as `[0-9]` ask of an index.

Where a pattern has few literal trigrams, it may still say that a digit stands between two letters. The pattern's
characters become positions with those that may follow (Glushkov, The abstract theory of automata, 1961); a window
begins, is centred, or ends at a position that no match leaves out. Knows patterns; knows no postings.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from drystone.search import _kernel
from drystone.search.expressions.patterns import Assertion, Chars, Choice, Node, Repeat, Series

#: Sets of bytes as numbers of 256 bits, for folded text.
Window = tuple[int, int, int]

#: Most windows that are asked for, and trigrams that one may stand for: of fewer each is asked for by name
#: (`formula.py`), and one of more nearly every text has.
_MOST_WINDOWS: Final = 3
_LEAST_TRIGRAMS: Final = 24
_MOST_TRIGRAMS: Final = 10_000
#: Larger patterns are not looked at, and how often a part that is repeated is written out.
_MOST_POSITIONS: Final = 300
_COPIES: Final = 3
#: Characters of a set that are folded one by one.
_FEW: Final = 64

_LINE_END: Final = 1 << ord("\n")
_HIGH: Final = (1 << 256) - (1 << 128)
#: What characters beyond ASCII fold to inside ASCII: the sign of Kelvin, the long s, the i without a dot.
_FOLDED_IN: Final = sum(1 << ord(c) for c in "kis")


class _TooLargeError(Exception):
    """A pattern has more positions than are looked at."""


class _Part(NamedTuple):
    """Whether a part matches nothing at all, positions it may begin and end with, and those it always has."""

    empty: bool
    first: frozenset[int]
    last: frozenset[int]
    always: frozenset[int]


_NONE: Final[frozenset[int]] = frozenset()


@dataclass
class _Positions:
    sets: list[int] = field(default_factory=list)
    after: list[set[int]] = field(default_factory=list)

    def new(self, bytes_: int) -> int:
        if len(self.sets) == _MOST_POSITIONS:
            raise _TooLargeError
        self.sets.append(bytes_)
        self.after.append(set())
        return len(self.sets) - 1

    def part(self, node: Node) -> _Part:
        if isinstance(node, Chars):
            return self.chars(node)
        if isinstance(node, Assertion):
            return _Part(True, _NONE, _NONE, _NONE)
        if isinstance(node, Series):
            found = _Part(True, _NONE, _NONE, _NONE)
            for one in node.parts:
                found = self.joined(found, self.part(one))
            return found
        if isinstance(node, Choice):
            parts = [self.part(one) for one in node.parts]
            return _Part(
                any(part.empty for part in parts),
                frozenset().union(*(part.first for part in parts)),
                frozenset().union(*(part.last for part in parts)),
                _NONE,
            )
        return self.repeat(node)

    def joined(self, a: _Part, b: _Part) -> _Part:
        for position in a.last:
            self.after[position] |= b.first
        return _Part(
            a.empty and b.empty,
            a.first | b.first if a.empty else a.first,
            a.last | b.last if b.empty else b.last,
            a.always | b.always,
        )

    def repeat(self, node: Repeat) -> _Part:
        found = _Part(True, _NONE, _NONE, _NONE)
        copies = min(node.least, _COPIES)
        for _ in range(copies):
            found = self.joined(found, self.part(node.part))
        if node.most is None or node.most > copies:
            further = self.part(node.part)
            for position in further.last:
                self.after[position] |= further.first
            found = self.joined(found, further._replace(empty=True, always=_NONE))
        return found

    def chars(self, node: Chars) -> _Part:
        bytes_ = _bytes_of(node)
        position = self.new(bytes_)
        own = frozenset({position})
        if not bytes_ & _HIGH:
            return _Part(False, own, own, own)
        further = self.new(_HIGH)  # bytes of one character after its first
        self.after[position].add(further)
        self.after[further].add(further)
        return _Part(False, own, own | {further}, own)


@lru_cache(maxsize=4096)
def _bytes_of(node: Chars) -> int:
    """Return the bytes that a character of the set has when it is folded, or more."""
    if not node.negated:
        count = sum(high - low + 1 for low, high in node.ranges)
        if count <= _FEW or all(high < 0x80 for _, high in node.ranges):
            codes = [code for low, high in node.ranges for code in range(low, high + 1)]
            return _union(_union(1 << byte for byte in _kernel.fold(chr(code).encode())) for code in codes)
    found = _HIGH | _FOLDED_IN
    for code in range(0x80):
        if any(low <= code <= high for low, high in node.ranges) != node.negated:
            found |= 1 << _kernel.fold(bytes([code]))[0]
    return found


def _union(sets: Iterable[int]) -> int:
    found = 0
    for one in sets:
        found |= one
    return found


def windows(node: Node) -> tuple[Window, ...]:
    """Return windows of which every text in which the pattern matches has one trigram each; the rarest first."""
    positions = _Positions()
    try:
        whole = positions.part(node)
    except _TooLargeError:
        return ()
    before: list[set[int]] = [set() for _ in positions.sets]
    for position, following in enumerate(positions.after):
        for one in following:
            before[one].add(position)

    def step(at: frozenset[int], to: list[set[int]], ends: frozenset[int]) -> frozenset[int] | None:
        """Return what stands beside; None where a match may have nothing there."""
        return None if at & ends else frozenset().union(*(to[one] for one in at))

    found: set[Window] = set()
    for position in whole.always:
        own = frozenset({position})
        after, ahead = step(own, positions.after, whole.last), step(own, before, whole.first)
        after2 = None if after is None else step(after, positions.after, whole.last)
        ahead2 = None if ahead is None else step(ahead, before, whole.first)
        for three in ((own, after, after2), (ahead, own, after), (ahead2, ahead, own)):
            sets = [0 if at is None else _union(positions.sets[one] for one in at) for at in three]
            if all(sets) and not any(one & _LINE_END for one in sets):
                found.add((sets[0], sets[1], sets[2]))
    few = [(_trigrams(one), one) for one in found]
    chosen = [one for count, one in sorted(few) if _LEAST_TRIGRAMS < count <= _MOST_TRIGRAMS]
    return tuple(chosen[:_MOST_WINDOWS])


def _trigrams(window: Window) -> int:
    """Return about how many trigrams that texts have a window stands for: of bytes beyond ASCII few are seen."""
    count = 1
    for one in window:
        low = one & ~_HIGH
        count *= low.bit_count() + (8 if one & _HIGH else 0)
    return count


def shown(window: Window) -> str:
    """Return a window as it is explained: `[a-z][0-9][0-9]`, bytes beyond ASCII as dots."""
    return "".join(_shown_set(one) for one in window)


def _shown_set(bytes_: int) -> str:
    codes = [code for code in range(0x20, 0x7F) if bytes_ >> code & 1]
    if len(codes) == 1 and not bytes_ & _HIGH:
        return chr(codes[0])
    parts: list[list[int]] = []
    for code in codes:
        if parts and code == parts[-1][-1] + 1:
            parts[-1].append(code)
        else:
            parts.append([code])
    written = "".join(chr(p[0]) if len(p) == 1 else f"{chr(p[0])}-{chr(p[-1])}" for p in parts)
    more = "..." if bytes_ & _HIGH else ""
    return f"[{written}{more}]"
