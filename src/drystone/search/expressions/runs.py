"""What of a pattern is bytes one after the other, each out of a set: the kernel looks for them at the rate of memory.

Many patterns are no more than that (`import os`, `;$`, `(?i)copyright`, `[A-Z]{5,}_[A-Z]{5,}`: five capitals before
the underscore are enough), and no engine looks for them. Of others every match holds such runs, one after the other.
Knows patterns; knows no engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from drystone.search.expressions.patterns import Assertion, Chars, Node, Repeat, Series, is_one

#: Most places of a run.
_MOST: Final = 64
#: Places of one byte or a letter in either case that some run must have, for texts to be looked through for runs first.
_LEAST: Final = 3
#: A place of so few bytes is one of them.
_FEW: Final = 2

_LINE_END: Final = 1 << ord("\n")
_ALL: Final = (1 << 256) - 1
_HIGH: Final = _ALL - ((1 << 128) - 1)
_WORD: Final = sum(1 << ord(c) for c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")


class Runs(NamedTuple):
    """Runs as the kernel takes them (`_kernel.holding`).

    Where `exact`, a text matches if it holds the one run; else every text that matches holds them, apart and in order.
    """

    sets: list[bytes]
    before: bool = False
    after: bool = False
    exact: bool = False


def runs_of(node: Node) -> Runs:
    """Return the runs of a pattern; none where texts are not to be looked through for them."""
    parts = list(_flat(node))
    found = _exact(parts)
    if found is not None:
        return found
    runs: list[list[int]] = [[]]
    for part in parts:
        if isinstance(part, Assertion):  # which takes no place
            continue
        least, one, goes_on = _counted(part)
        sets = None if one is None else _sets(one)
        if sets is not None:
            runs[-1] += (sets * least)[: _MOST - len(runs[-1])]
        if sets is None or goes_on or len(runs[-1]) >= _MOST:
            runs.append([])
    told = [run for run in runs if any(map(_is_few, run))]
    if not any(sum(map(_is_few, run)) >= _LEAST for run in told):
        return Runs([])
    return Runs([packed(run) for run in told])


def packed(sets: list[int]) -> bytes:
    """Return sets of bytes, each a number of 256 bits, as the kernel takes a run."""
    return b"".join(one.to_bytes(32, "little") for one in sets)


def _exact(parts: list[Node]) -> Runs | None:
    """Return the run that a pattern comes to, where it comes to one."""
    parts = list(parts)
    left = parts.pop(0) if parts and isinstance(parts[0], Assertion) else None
    right = parts.pop() if parts and isinstance(parts[-1], Assertion) else None
    while parts and left is None and _counted(parts[0])[0] == 0:  # nothing of it must be there
        del parts[0]
    while parts and right is None and _counted(parts[-1])[0] == 0:
        del parts[-1]
    sets: list[int] = []
    for at, part in enumerate(parts):
        least, one, goes_on = _counted(part)
        at_left, at_right = at == 0 and left is None, at == len(parts) - 1 and right is None
        if one is None or (goes_on and not at_left and not at_right):
            return None
        found = _sets(one)
        if found is None and least == 1 and (at_left or at_right):
            found = _edge(one)  # the byte that stands beside the rest
        if found is None or len(sets) + least * len(found) > _MOST:
            return None
        sets += found * least
    if not any(map(_is_few, sets)):
        return None
    before, after = _beside(left, sets[0], first=True), _beside(right, sets[-1], first=False)
    if before is None or after is None:
        return None
    whole = [*before[0], *sets, *after[0]]
    return Runs([packed(whole)], before[1], after[1], True)


def _flat(node: Node) -> Iterator[Node]:
    """Yield the parts of a series, those of series in it among them."""
    if isinstance(node, Series):
        for part in node.parts:
            yield from _flat(part)
    else:
        yield node


def _counted(node: Node) -> tuple[int, Chars | None, bool]:
    """Return how often a character stands there at least, which one (None: it is none), and whether more may follow."""
    if isinstance(node, Chars):
        return 1, node, False
    if isinstance(node, Repeat):
        one = node.part if isinstance(node.part, Chars) else None
        return node.least, one, node.least != node.most
    return 1, None, True


def _sets(node: Chars) -> list[int] | None:
    """Return the sets of the bytes of a character; None where it is not always as many."""
    if is_one(node):
        return [1 << byte for byte in chr(node.ranges[0][0]).encode()]
    if node.negated or node.classes or not node.ranges or any(high >= 0x80 for _, high in node.ranges):
        return None
    return [_ascii(node)]


def _edge(node: Chars) -> list[int] | None:
    """Return the set of the first and of the last bytes of a character that may be any beyond ASCII."""
    if not node.negated or node.classes or any(high >= 0x80 for _, high in node.ranges):
        return None
    return [(_ALL & ~_ascii(node))]


def _ascii(node: Chars) -> int:
    return sum(((1 << high + 1) - (1 << low)) for low, high in node.ranges)


def _is_few(one: int) -> bool:
    return one.bit_count() <= _FEW


def _beside(assertion: Node | None, own: int, *, first: bool) -> tuple[list[int], bool] | None:
    """Return the set of what stands beside a run, and whether the edge of a text does as well; None: not known."""
    if assertion is None:
        return [], False
    sign = assertion.sign if isinstance(assertion, Assertion) else ""
    if sign == ("^" if first else "$"):
        return [_LINE_END], True
    if sign == "\\b" and not own & ~_WORD:
        return [_ALL & ~_WORD], True
    return None
