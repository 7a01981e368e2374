"""The nodes of a text's syntax tree, as places where a file may be cut. Knows nothing of what for."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from drystone.detect import grammars
from drystone.errors import MissingExtraError

if TYPE_CHECKING:
    from tree_sitter import Parser

#: Nodes of one text that are looked at.
_MOST: Final = 20_000


def check_parsers() -> None:
    """Raise `MissingExtraError` where no grammar is installed."""
    if grammars.version_of("tree-sitter") is None or not grammars.installed():
        raise MissingExtraError("tree-sitter", "symbols")


def nodes_of(language: str, text: bytes) -> list[tuple[int, int]]:
    """Return the byte offsets where named nodes inside a text begin and end, by their places.

    None where its language has no installed grammar, or the text is longer than what is parsed. Leaves are left out
    that are a single character, and the root, which is the whole text.
    """
    parser = _parser(language) if len(text) <= grammars.LONGEST else None
    if parser is None:
        return []
    cursor = parser.parse(text).walk()
    found: list[tuple[int, int]] = []
    if not cursor.goto_first_child():
        return found
    while len(found) < _MOST and (node := cursor.node) is not None:
        if node.is_named and node.end_byte - node.start_byte > 1:
            found.append((node.start_byte, node.end_byte))
        if cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return found
    return found


@cache
def _parser(language: str) -> Parser | None:
    loaded = grammars.load(language)
    if loaded is None:
        return None
    from tree_sitter import Parser  # noqa: PLC0415  (an extra)

    return Parser(loaded)
