from __future__ import annotations

import pytest

from drystone.detect import grammars


def test_every_language_has_a_grammar_that_loads() -> None:
    pytest.importorskip("tree_sitter", reason="the extra symbols is not installed")
    assert grammars.installed() == list(grammars.GRAMMARS)
    assert all(grammars.load(name) is not None for name in grammars.GRAMMARS)
    assert grammars.load("Brainfuck") is None
    assert grammars.version_of("no-such-package") is None
