"""Patterns over bytes that lose no match: what an engine rushes through much text with before it looks closely.

A character beyond ASCII is one to four bytes to it, line ends and edges of words are let be, and what a match may end
with is cut down to what it must: `^.{200,}$` becomes 200 bytes of a line. Knows patterns; knows no engine.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from drystone.search.expressions.patterns import Assertion, Chars, Choice, Node, Repeat, Series

#: Bytes of a character in UTF-8, at most.
_WIDEST: Final = 4
_HIGH: Final = r"\x80-\xff"


class _Bytes(NamedTuple):
    """So many bytes of characters of a set: what they have at least."""

    part: Chars
    least: int


def sieve(node: Node) -> str | None:
    """Return a pattern over bytes that matches in every text in which `node` does.

    None where it would be no faster than `node` itself, which names ASCII alone, or would match everything.
    """
    if not _is_wide(node):
        return None
    return _written(_cut(_cut(node, last=True), last=False)) or None


def _is_wide(node: Node) -> bool:
    if isinstance(node, Chars):
        return node.negated or any(high >= 0x80 for _, high in node.ranges)
    if isinstance(node, Assertion):
        return False
    return any(map(_is_wide, node.parts)) if isinstance(node, Series | Choice) else _is_wide(node.part)


def _cut(node: Node | _Bytes, *, last: bool) -> Node | _Bytes:
    """Return a pattern whose matches are in those of `node`, less what its end (or beginning) may lack."""
    if isinstance(node, Assertion):
        return Series(())
    if isinstance(node, Choice):
        parts: tuple[Any, ...] = tuple(_cut(part, last=last) for part in node.parts)
        return Choice(parts)
    if isinstance(node, Repeat):
        if node.least == 0:
            return Series(())
        if isinstance(node.part, Chars) and _is_wide(node.part):
            return _Bytes(node.part, node.least)
        return Repeat(node.part, node.least, node.least) if node.least > 1 else _cut(node.part, last=last)
    if not isinstance(node, Series):
        return _Bytes(node, 1) if isinstance(node, Chars) and _is_wide(node) else node
    kept: list[Any] = list(node.parts)
    while kept:
        at = len(kept) - 1 if last else 0
        left = _cut(kept[at], last=last)
        if left != Series(()):
            kept[at] = left
            break
        del kept[at]
    return Series(tuple(kept))


def _written(node: Node | _Bytes) -> str:
    if isinstance(node, _Bytes):
        return f"[{_ascii(node.part)}{_HIGH}]{{{node.least}}}"
    if isinstance(node, Assertion):
        return ""
    if isinstance(node, Chars):
        inside = _ascii(node)
        if not _is_wide(node):
            return f"[{inside}]" if inside else r"[^\x00-\xff]"
        return f"(?:[{inside}]|[{_HIGH}]{{1,{_WIDEST}}})" if inside else f"[{_HIGH}]{{1,{_WIDEST}}}"
    if isinstance(node, Series):
        return "".join(f"(?:{_written(p)})" if isinstance(p, Choice) else _written(p) for p in node.parts)
    if isinstance(node, Choice):
        parts = [_written(part) for part in node.parts]
        return "|".join(parts) if all(parts) else ""
    if node.most == 0:
        return ""
    most = node.most
    if isinstance(node.part, Chars) and _is_wide(node.part):
        inside, most = f"[{_ascii(node.part)}{_HIGH}]", None if most is None else most * _WIDEST
    else:
        inside = _written(node.part)
        inside = f"(?:{inside})" if inside else ""
    return f"{inside}{{{node.least},{'' if most is None else most}}}" if inside else ""


def _ascii(node: Chars) -> str:
    """Return the characters of a set in ASCII, as the inside of a class; what Unicode classes leave out is in it."""
    codes = [code for code in range(0x80) if any(low <= code <= high for low, high in node.ranges) != node.negated]
    return "".join(f"\\x{code:02x}" for code in codes)
