from __future__ import annotations

import pytest

from drystone.detect import grammars
from drystone.release.exports.tokens.syntax import check_parsers, nodes_of

pytest.importorskip("tree_sitter", reason="the extra symbols is not installed")


def test_nodes_are_the_parts_of_a_tree() -> None:
    text = b"def f(a):\n    return a + 1\n"
    parts = [text[begin:end] for begin, end in nodes_of("Python", text)]
    assert {b"return a + 1", b"a + 1", b"(a)"} <= set(parts)
    assert b"a" not in parts
    assert nodes_of("Text", text) == []
    assert nodes_of("Python", b"x = 1\n" * grammars.LONGEST) == []
    assert nodes_of("Python", b"") == []
    check_parsers()
