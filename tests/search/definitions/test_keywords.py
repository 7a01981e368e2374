from __future__ import annotations

import pytest

from drystone.search.definitions.keywords import families, family_of
from tests.search.test_kernel import build


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("Python", "class A(B):\n    async def f(x): pass\nX: int = 1\nif x == 1: pass\n", ["A 1", "f 2", "X 3"]),
        ("Python", "class of things\n", []),
        ("Go", "func (r *T) Name(x int) {\ntype T struct {\nfunc New() *T {\n", ["Name 1", "T 2", "New 3"]),
        ("Rust", "pub(crate) fn a<T>() {\nstruct B;\nimpl B {\n    pub const fn c() {\n", ["a 1", "B 2", "c 4"]),
        ("C", "static int f(int x)\n{\n  return g(x);\n}\nint g(int);\nstruct s {\n#define M 1\n", ["f 1", "s 6"]),
        ("C++", "enum class E { a };\nvoid A::run() {\n", ["E 1", "run 2"]),
        ("Java", "public class A {\n  void run(int x) {\n    if (x) {\n      go(x);\n", ["A 1", "run 2"]),
        (
            "JavaScript",
            "export default function f() {\nconst x = 1;\n  let y = 2;\n  method(a) {\n",
            ["f 1", "x 2", "method 4"],
        ),
        ("Shell", "f() {\n  g\n}\nfunction h {\n", ["f 1", "h 4"]),
        ("Markdown", "# One\ntext\n## Two words ##\n#none\n", ["One 1", "Two words 3"]),
        ("SQL", "CREATE TABLE IF NOT EXISTS users (\n", ["users 1"]),
        ("Ruby", "module A\n  class B < C\n    def empty?\n", ["A 1", "B 2", "empty? 3"]),
        ("Text", "class A:\n", []),
        ("Markdown", "One\n===\n```\n# none\n```\na | b\n---|---\n- item\n\n---\nTwo\n---\n", ["One 1", "Two 11"]),
        (
            "reStructuredText",
            "====\nOne\n====\ntext\n\nT\u00e9st\n~~~~\n\n----\nlonger than\n---\n",
            ["One 2", "T\u00e9st 6"],
        ),
        ("reStructuredText", "=====  =====\na      b\n=====  =====\n", []),
        ("AsciiDoc", "= One\n\n== Two\n\nThree\n-----\n", ["One 1", "Two 3", "Three 5"]),
    ],
)
def test_symbols(language: str, text: str, found: list[str]) -> None:
    built = build([text.encode()], [language])
    names = built["names"].decode().split("\n")
    assert names[:-1] == sorted({row.rpartition(" ")[0] for row in found}, key=str.encode)
    rows = zip(built["symbol_names"], built["symbol_lines"], strict=True)
    assert [f"{names[name]} {line}" for name, line in rows] == found


def test_a_language_nobody_described_has_no_symbols() -> None:
    assert family_of("Text") == family_of("no such language") == 0
    assert families()[0].words == ()
    assert family_of("TypeScript") == family_of("JavaScript") > 0
