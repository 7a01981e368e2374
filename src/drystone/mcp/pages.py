"""Results in parts that are never too large to be shown: as many items as fit, and a cursor for the rest.

A cursor says where the next part begins and what it belongs to: the tool, its arguments, the releases as they are. It
needs no memory here, and outlives a restart. Knows no tool.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Final, TypeVar, cast

import orjson

from drystone.errors import UsageError
from drystone.mcp.limits import DEEPEST, RESULT_BYTES, RESULT_LINES

#: Bytes that the envelope of a result takes.
_ENVELOPE: Final = 400
_CURSOR: Final = re.compile(r"([0-9]{1,12})-([0-9a-f]{16})")
#: To how many characters (and items of lists) the texts of an item are cut that is too large for any page, in turn.
_CUTS: Final = (2_000, 800, 300, 100, 40)

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool answers with: data under its output schema, and the same as text."""

    data: Mapping[str, Any]
    text: str

    def fits(self) -> bool:
        """Return whether it can be sent."""
        if self.text.count("\n") >= RESULT_LINES:
            return False
        return len(orjson.dumps(self.data)) + len(orjson.dumps(self.text)) + _ENVELOPE <= RESULT_BYTES


class Cursors:
    """Cursors of one call: `asked` are its tool, its other arguments and the root hashes of its releases."""

    def __init__(self, *asked: object) -> None:
        self._of = hashlib.blake2b(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS), digest_size=8).hexdigest()

    def write(self, offset: int) -> str:
        """Return the cursor of the part that begins at `offset`."""
        return f"{offset}-{self._of}"

    def read(self, cursor: str | None) -> int:
        """Return where a part begins. Raises `UsageError` for a cursor that belongs to no such call."""
        if cursor is None:
            return 0
        match = _CURSOR.fullmatch(cursor)
        if match is None:
            raise UsageError("cursor: this is no cursor of this server; call without it")
        if match[2] != self._of:
            raise UsageError(
                "cursor: it belongs to other arguments, or a release has changed since; call again without it"
            )
        return int(match[1])


def page(
    items: Sequence[_Item],
    offset: int,
    cursors: Cursors,
    make: Callable[[Sequence[_Item], str | None, list[str]], ToolResult],
    *,
    more: bool = False,
    place: Callable[[int], int] | None = None,
) -> ToolResult:
    """Return the result of `make` for as many of `items` as fit: they begin at `offset`, and `more` may lie behind.

    `make` gets items, the cursor of the rest and notes. One item that is too large alone is shown cut, with a note.
    `place` tells the offset behind so many items (default: each counts one).
    """

    def of(count: int, notes: list[str], shown: Sequence[_Item]) -> ToolResult:
        behind = offset + count if place is None else place(count)
        rest = (count < len(items) or more) and count > 0 and behind <= DEEPEST
        return make(shown, cursors.write(behind) if rest else None, notes)

    low, high = 0, len(items)
    while low < high:  # the most that fit: a part of fewer items is never larger
        middle = (low + high + 1) // 2
        low, high = (middle, high) if of(middle, [], items[:middle]).fits() else (low, middle - 1)
    if low or not items:
        return of(low, [], items[:low])
    note = "the texts of this result are cut: whole they are too large for one"
    for most in _CUTS:
        found = of(1, [note], [cut(items[0], most)])
        if found.fits():
            return found
    raise UsageError("what comes here is too large to be shown, even cut; ask for something else")


def cut(value: _Item, most: int) -> _Item:
    """Return data with texts of at most `most` characters, lists and objects of at most as many items.

    Of a SWHID the qualifiers go, so that what is left is still one.
    """
    return cast(_Item, _cut(value, most))


def _cut(value: Any, most: int) -> Any:
    if isinstance(value, str):
        if len(value) <= most:
            return value
        return value.partition(";")[0] if value.startswith("swh:1:") else value[:most] + "…"
    if isinstance(value, Mapping):
        return {_cut(name, most): _cut(inner, most) for name, inner in list(value.items())[:most]}
    if isinstance(value, list | tuple):
        if len(value) <= 2 and all(isinstance(inner, int) for inner in value):  # a range
            return value
        short = [_cut(inner, most) for inner in value[: max(1, most // 40)]]
        return tuple(short) if isinstance(value, tuple) else short
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{each.name: _cut(getattr(value, each.name), most) for each in fields(value)})
    return value
