"""What trigrams a text must hold for a pattern to match in it.

After Russ Cox, Regular Expression Matching with a Trigram Index (2012), over the folded bytes of characters, so that
case and Unicode are of no account: a text may be looked at in vain, but none that matches is missed. A trigram over a
line end is in no index and so is never asked for. Knows patterns; knows no postings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import product
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from drystone.search import _kernel
from drystone.search.expressions.patterns import Assertion, Chars, Choice, Node, Repeat, Series, is_one
from drystone.search.expressions.windows import Window, shown, windows

#: Most strings that are told apart, and bytes of them all, before their trigrams are taken and they are forgotten.
_MOST_STRINGS: Final = 24
_MOST_BYTES: Final = 4096
#: Most characters of a set that are told apart.
_MOST_CHARS: Final = 48
#: Most trigrams of one string that are asked for.
_MOST_TRIGRAMS: Final = 256

_AND, _OR, _ALL, _WINDOW = 1 << 31, 1 << 30, 1 << 29, 1 << 28

Strings = frozenset[bytes]


class Formula(NamedTuple):
    """All of `trigrams`, `parts` and `windows`, or one of `trigrams` and `parts`; `all` asks for nothing."""

    sign: str  # "all", "and" or "or"
    trigrams: frozenset[int] = frozenset()
    parts: frozenset[Formula] = frozenset()
    windows: tuple[Window, ...] = ()

    def words(self) -> npt.NDArray[np.uint32]:
        """Return the formula as the kernel reads it (kernel/search/query.hpp)."""
        found: list[int] = []
        self._write(found)
        return np.array(found, np.uint32)

    def _write(self, found: list[int]) -> None:
        if self.sign == "all":
            found.append(_ALL)
            return
        count = len(self.trigrams) + len(self.parts) + len(self.windows)
        found.append((_AND if self.sign == "and" else _OR) | count)
        found += sorted(self.trigrams)
        for part in sorted(self.parts, key=_order):
            part._write(found)
        for window in self.windows:
            found.append(_WINDOW)
            found += [one >> at & 0xFFFFFFFF for one in window for at in range(0, 256, 32)]

    def __str__(self) -> str:
        if self.sign == "all":
            return "everything"
        parts = [repr(t.to_bytes(3, "big"))[2:-1] for t in sorted(self.trigrams)]
        parts += [f"({part})" for part in sorted(self.parts, key=_order)]
        parts += [shown(window) for window in self.windows]
        return (" " if self.sign == "and" else " | ").join(parts)


ALL: Final = Formula("all")


def _order(formula: Formula) -> tuple[str, list[int], int]:
    return formula.sign, sorted(formula.trigrams), len(formula.parts)


def both(a: Formula, b: Formula) -> Formula:
    """Return what asks for both."""
    if a in {ALL, b}:
        return b
    if b == ALL:
        return a
    if len(a.trigrams) > _MOST_TRIGRAMS and a.sign == "and":
        return a  # asks for enough
    trigrams: frozenset[int] = frozenset()
    parts: frozenset[Formula] = frozenset()
    for one in (a, b):
        if one.sign == "and":
            trigrams |= one.trigrams
            parts |= one.parts
        else:
            parts |= {one}
    return Formula("and", trigrams, parts)


def either(formulas: Iterable[Formula]) -> Formula:
    """Return what asks for one of them at least."""
    trigrams: frozenset[int] = frozenset()
    parts: frozenset[Formula] = frozenset()
    for one in formulas:
        if one == ALL:
            return ALL
        if one.sign == "or":
            trigrams |= one.trigrams
            parts |= one.parts
        elif len(one.trigrams) == 1 and not one.parts:
            trigrams |= one.trigrams
        else:
            parts |= {one}
    parts = frozenset(part for part in parts if not part.trigrams & trigrams)  # these ask for more than one other does
    if len(parts) == 1 and not trigrams:
        return next(iter(parts))
    if len(trigrams) == 1 and not parts:
        return Formula("and", trigrams)
    return Formula("or", trigrams, parts)


def of_strings(strings: Iterable[bytes]) -> Formula:
    """Return what asks for one of the folded strings."""
    return either(_of_string(string) for string in strings)


def _of_string(string: bytes) -> Formula:
    found = [string[i : i + 3] for i in range(len(string) - 2)]
    trigrams = frozenset(int.from_bytes(t, "big") for t in dict.fromkeys(found) if b"\n" not in t)
    if len(trigrams) > _MOST_TRIGRAMS:
        trigrams = frozenset(sorted(trigrams)[:: len(trigrams) // _MOST_TRIGRAMS + 1])
    return Formula("and", trigrams) if trigrams else ALL


class _Info(NamedTuple):
    """What is known of the texts that a pattern matches: all of them, or how they begin and end; and a formula.

    Where `exact` is None, each begins with one of `prefix` and ends with one of `suffix`.
    """

    exact: Strings | None
    prefix: Strings
    suffix: Strings
    asks: Formula


_NOTHING_KNOWN: Final = frozenset({b""})
_ANYTHING: Final = _Info(None, _NOTHING_KNOWN, _NOTHING_KNOWN, ALL)


def _exact(strings: Strings) -> _Info:
    return _Info(strings, frozenset(), frozenset(), ALL)


def _large(strings: Strings) -> bool:
    return len(strings) > _MOST_STRINGS or sum(map(len, strings)) > _MOST_BYTES


def _open(info: _Info) -> _Info:
    """Return the info without `exact`."""
    if info.exact is None:
        return info
    return _Info(
        None,
        _shortened(info.exact, first=True),
        _shortened(info.exact, first=False),
        both(info.asks, of_strings(info.exact)),
    )


def _shortened(strings: Strings, *, first: bool) -> Strings:
    """Return beginnings (or ends) of the strings, few and short: what matters is which trigrams go over a border."""
    for most in (2, 1):
        cut = frozenset(s[:most] if first else s[len(s) - min(len(s), most) :] for s in strings)
        if len(cut) <= _MOST_STRINGS:
            return cut
    return _NOTHING_KNOWN


def _cross(a: Strings, b: Strings) -> Strings:
    return frozenset(x + y for x, y in product(a, b))


def _small(info: _Info) -> _Info:
    return _open(info) if info.exact is not None and _large(info.exact) else info


def _series(parts: Iterable[_Info]) -> _Info:
    before = _exact(_NOTHING_KNOWN)
    for after in parts:
        before = _joined(before, after)
    return before


def _joined(a: _Info, b: _Info) -> _Info:
    if a.exact is not None and b.exact is not None and len(a.exact) * len(b.exact) <= _MOST_STRINGS:
        return _small(_Info(_cross(a.exact, b.exact), frozenset(), frozenset(), both(a.asks, b.asks)))
    # What goes over the border: ends of the first with beginnings of the second.
    ends = a.exact if a.exact is not None else a.suffix
    begins = b.exact if b.exact is not None else b.prefix
    asks = both(a.asks, b.asks)
    short_ends, short_begins = _shortened(ends, first=False), _shortened(begins, first=True)
    if len(short_ends) * len(short_begins) <= _MOST_STRINGS * 4:
        asks = both(asks, of_strings(_cross(short_ends, short_begins)))
    if a.exact is not None:
        asks = both(asks, of_strings(a.exact))
    if b.exact is not None:
        asks = both(asks, of_strings(b.exact))
    prefix, suffix = a.prefix, b.suffix
    if a.exact is not None:
        longer = _cross(a.exact, begins) if len(a.exact) * len(begins) <= _MOST_STRINGS else a.exact
        asks, prefix = both(asks, of_strings(longer)), _shortened(longer, first=True)
    if b.exact is not None:
        longer = _cross(ends, b.exact) if len(ends) * len(b.exact) <= _MOST_STRINGS else b.exact
        asks, suffix = both(asks, of_strings(longer)), _shortened(longer, first=False)
    return _Info(None, prefix, suffix, asks)


def _choice(infos: list[_Info]) -> _Info:
    if all(info.exact is not None and info.asks == ALL for info in infos):
        strings = frozenset().union(*(info.exact or frozenset() for info in infos))
        return _small(_exact(strings))
    opened = [_open(info) for info in infos]
    prefix = frozenset().union(*(info.prefix for info in opened))
    suffix = frozenset().union(*(info.suffix for info in opened))
    return _Info(
        None,
        prefix if len(prefix) <= _MOST_STRINGS else _NOTHING_KNOWN,
        suffix if len(suffix) <= _MOST_STRINGS else _NOTHING_KNOWN,
        either(info.asks for info in opened),
    )


def _repeat(node: Repeat) -> _Info:
    if node.most == 0:
        return _exact(_NOTHING_KNOWN)
    inside = _info(node.part)
    if node.least == 0:
        return _choice([inside, _exact(_NOTHING_KNOWN)]) if node.most == 1 else _ANYTHING
    copies = _series([inside] * min(node.least, 4))
    if node.least == node.most and node.least <= 4:
        return copies
    # More copies follow: it ends as the part ends, but how the border goes is known for the first ones only.
    opened = _open(copies)
    return _Info(None, opened.prefix, _open(inside).suffix, opened.asks)


def _chars(node: Chars) -> _Info:
    if node.negated or sum(high - low + 1 for low, high in node.ranges) > _MOST_CHARS:
        return _ANYTHING
    return _small(_exact(frozenset(_fold(code) for low, high in node.ranges for code in range(low, high + 1))))


@lru_cache(maxsize=4096)
def _fold(code: int) -> bytes:
    return _kernel.fold(chr(code).encode())


def _in_runs(node: Series) -> Iterator[_Info]:
    """Yield what is known of the parts of a series; characters that follow each other are one string."""
    run = b""
    for part in node.parts:
        if is_one(part):
            run += _fold(part.ranges[0][0])
            continue
        if run:
            yield _small(_exact(frozenset({run})))
            run = b""
        yield _info(part)
    if run:
        yield _small(_exact(frozenset({run})))


def _info(node: Node) -> _Info:
    if isinstance(node, Chars):
        return _chars(node)
    if isinstance(node, Assertion):
        return _exact(_NOTHING_KNOWN)
    if isinstance(node, Series):
        return _series(_in_runs(node))
    if isinstance(node, Choice):
        return _choice([_info(part) for part in node.parts])
    return _repeat(node)


def formula_of(node: Node) -> Formula:
    """Return the formula that every text in which the pattern matches fulfils."""
    found = _open(_info(node)).asks
    asked = windows(node) if found == ALL else ()
    return Formula("and", windows=asked) if asked else found
