from __future__ import annotations

import pytest

pytest.importorskip("tree_sitter", reason="the extra symbols is not installed")

from drystone.detect import grammars
from drystone.search.definitions import trees
from drystone.search.definitions.keywords import KINDS

PYTHON = '''
"""
def not_one(): in a string
"""
LIMIT: int = 3
class Outer:
    x = 1
    @decorated
    async def method(self):
        def inner(): pass
if True:
    def chosen(): pass
'''
CASES = [
    ("Python", PYTHON, ["LIMIT variable", "Outer class", "method function", "inner function", "chosen function"]),
    (
        "C",
        "#define M 1\nstruct s { int x; };\nstruct s *f(struct s *p)\n{ return p; }\ntypedef int (*cb)(int);\n",
        ["M macro", "s struct", "f function", "cb type"],
    ),
    (
        "C++",
        "namespace n { class A { void b() {} };\ntemplate <class T> T max(T a) { return a; } }\nvoid n::A::run() {}\n",
        ["n module", "A class", "b function", "max function", "run function"],
    ),
    (
        "Java",
        "class A {\n  A() {}\n  int run() { return 1; }\n}\ninterface B {}\n",
        ["A class", "A method", "run method", "B interface"],
    ),
    (
        "JavaScript",
        "export const f = () => 1, y = 2;\nclass A { m() { const z = 1; } }\nfunction g() {}\n",
        ["f function", "y variable", "A class", "m method", "g function"],
    ),
    (
        "TypeScript",
        "interface I { m(): void }\ntype T = string;\nenum E { a }\n",
        ["I interface", "m method", "T type", "E enum"],
    ),
    ("TSX", "const A = () => <b/>;\n", ["A function"]),
    (
        "Go",
        "package p\nfunc (r *T) Name() {}\ntype T struct {}\nconst (\n\tA = 1\n)\n",
        ["Name method", "T type", "A variable"],
    ),
    (
        "Rust",
        "pub struct S;\nimpl S { pub fn new() -> S { S } }\nmacro_rules! m { () => {} }\n",
        ["S struct", "new function", "m macro"],
    ),
    (
        "Ruby",
        "module A\n class B < C\n  def empty?; end\n  def self.make; end\n end\nend\n",
        ["A module", "B class", "empty? method", "make method"],
    ),
    (
        "PHP",
        "<?php\nnamespace N;\nclass A { function f() {} }\nfunction g() {}\n",
        ["N module", "A class", "f method", "g function"],
    ),
    ("C#", "namespace N { class A { void F() {} } struct S {} }\n", ["N module", "A class", "F method", "S struct"]),
]


@pytest.mark.parametrize(("language", "text", "expected"), CASES, ids=[case[0] for case in CASES])
def test_definitions(language: str, text: str, expected: list[str]) -> None:
    finder = trees.finder(language)
    assert finder is not None
    raw = text.encode()
    found = finder.find(raw)
    assert [f"{raw[one.name : one.end].decode()} {KINDS[one.kind]}" for one in found] == expected
    for one in found:
        assert one.begin <= one.name < one.end


@pytest.mark.parametrize("language", sorted(grammars.installed()))
def test_what_is_no_code_is_read_all_the_same(language: str) -> None:
    finder = trees.finder(language)
    assert finder is not None
    for raw in (
        b"",
        b"\x00\xff\xfe",
        b"(" * 5000,
        b"{" * 5000,
        b"class" * 2000,
        b"def f(\n" * 1000,
        "\u00e9\u6f22".encode(),
    ):
        for one in finder.find(raw):
            assert 0 <= one.begin <= one.name < one.end <= len(raw)


def test_the_means_name_every_grammar_with_its_version() -> None:
    said = trees.means()
    assert said.startswith(f"trees {trees.RULES}: tree-sitter 0.")
    for name in ("python", "c-sharp", "typescript"):
        assert f"{name} 0." in said
    assert trees.finder("Text") is None
