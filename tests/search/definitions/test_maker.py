from __future__ import annotations

import numpy as np
import pytest

from drystone.detect import grammars
from drystone.errors import MissingExtraError, ReleaseError
from drystone.release.read import Release, open_release
from drystone.search import index
from drystone.search.definitions import maker, trees
from drystone.search.definitions.maker import KEYWORDS, SymbolMaker
from drystone.search.search import Searcher

TEXT = b'"""\ndef not_one(): in a string\n"""\n# of it\n@mark\ndef one(): pass\n' + b"x = 1\n" * 20


def symbols(made_by: str, language: str = "Python", text: bytes = TEXT) -> list[str]:
    builder = SymbolMaker.builder(1, 100)
    builder.add_path(0, b"/a")
    numbers = [np.array([value], kind) for value, kind in ((0, "i8"), (len(text), "i8"), (0, "u4"), (0, "i4"))]
    SymbolMaker(made_by, [language]).add(builder, np.frombuffer(text, np.uint8), *numbers)
    built = builder.finish()
    names = built["names"].decode().splitlines()
    return [f"{names[name]} {line}" for name, line in zip(built["symbol_names"], built["symbol_lines"], strict=True)]


def test_keywords_take_a_string_for_a_definition_and_trees_do_not() -> None:
    pytest.importorskip("tree_sitter", reason="the extra symbols is not installed")
    assert symbols(KEYWORDS)[:2] == ["not_one 2", "one 6"]
    assert symbols(trees.means())[:2] == ["one 6", "x 7"]


def test_what_no_grammar_reads_is_left_to_keywords() -> None:
    pytest.importorskip("tree_sitter", reason="the extra symbols is not installed")
    assert symbols(trees.means(), "Lua", b"function f()\n") == ["f 1"]
    long = TEXT + b"# long\n" * 10_000
    assert symbols(trees.means(), text=long)[:2] == ["not_one 2", "one 6"]


def test_what_is_not_installed_is_told_or_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammars, "version_of", lambda _package: None)
    with pytest.raises(MissingExtraError, match=r"drystone\[symbols\]"):
        maker.means("trees")
    assert maker.means(None, ["trees 1: tree-sitter 0.1; python 0.1"]) == KEYWORDS
    assert maker.means("keywords") == maker.means(None) == KEYWORDS


def test_symbols_of_other_grammars_are_refused() -> None:
    pytest.importorskip("tree_sitter", reason="the extra symbols is not installed")
    with pytest.raises(ReleaseError, match="Install the same grammars"):
        SymbolMaker("trees 1: tree-sitter 0.1; python 0.1", ["Python"])


def test_an_index_is_made_by_one_means_and_says_which(copy: Release) -> None:
    pytest.importorskip("tree_sitter", reason="the extra symbols is not installed")
    before = {file.path for file in copy.manifest.index if file.path.endswith(".segment")}
    made = index.build(copy, symbols="trees")
    release = open_release(copy.path)
    segments = [file for file in release.manifest.index if file.path.endswith(".segment")]
    assert made.built == made.segments == len(segments)
    assert {file.symbols for file in segments} == {trees.means()}
    assert before.isdisjoint(file.path for file in segments)
    assert [found.path for found in Searcher([release]).search("sym:get_queryset")] == ["/defines.py", "/two.py"]
    assert index.build(release).built == 0  # what is there goes on
    again = index.build(release, symbols="keywords")
    assert again.built == again.segments
    assert {file.path for file in open_release(copy.path).manifest.index} >= before


def test_the_same_texts_and_means_give_the_same_bytes(copy: Release) -> None:
    pytest.importorskip("tree_sitter", reason="the extra symbols is not installed")
    entries = copy.manifest.of_kind("data")
    once, twice = (b"".join(index.segment_parts(copy.path, entries, trees.means())) for _ in range(2))
    assert once == twice
