"""Overrides of .gitattributes files: git's patterns, Linguist's attributes."""

import time

import pytest

from drystone.detect.languages.attributes import AttributeTree, LanguageAttributes, read_attributes


def said(attributes: bytes, path: str) -> LanguageAttributes | None:
    return AttributeTree({"": read_attributes(attributes)}).of(path)


@pytest.mark.parametrize(
    ("line", "path", "fits"),
    [
        ("*.inc", "a/b/c.inc", True),
        ("*.inc", "c.incl", False),
        ("/c.inc", "c.inc", True),
        ("/c.inc", "a/c.inc", False),
        ("a/*.inc", "a/c.inc", True),
        ("a/*.inc", "a/b/c.inc", False),
        ("a/**", "a/b/c.inc", True),
        ("**/c.inc", "c.inc", True),
        ("a/**/c.inc", "a/x/y/c.inc", True),
        ("a/**/c.inc", "a/c.inc", True),
        ("c.[hi]nc", "c.inc", True),
        ("c.[!i]nc", "c.inc", False),
        ("c.[!]i]nc", "c.inc", False),
        ("c.[!]]nc", "c.inc", True),
        ("c[!x]inc", "c/inc", False),
        ("[Cc].inc", "C.inc", True),
        ("c.?nc", "c.inc", True),
        ("c.inc", "b/c.inc", True),
        ("c.inc", "xc.inc", False),
    ],
)
def test_patterns_are_gits(line: str, path: str, fits: bool) -> None:
    found = said(f"{line} linguist-language=PHP\n".encode(), path)
    assert (found is not None and found.language == "PHP") is fits


def test_attributes_of_a_line() -> None:
    line = b"*.x linguist-language=c++ linguist-vendored linguist-generated=true -linguist-documentation text\n"
    assert said(line, "a.x") == LanguageAttributes("C++", True, True, False)
    assert said(b"*.x linguist-vendored=false\n", "a.x") == LanguageAttributes(vendored=False)
    assert said(b"*.x text eol=lf\n# *.x linguist-vendored\n[attr]x linguist-vendored\n", "a.x") is None
    assert said(b"*.x linguist-language=Nonsense\n", "a.x") is None
    assert said(b'"a b.x" linguist-language=C\n', "a b.x") == LanguageAttributes("C")


def test_the_last_line_and_the_deepest_folder_decide() -> None:
    top = read_attributes(b"*.x linguist-language=C\n*.x linguist-language=D\nlib/* linguist-vendored\n")
    deep = read_attributes(b"*.x linguist-language=Go\n*.x !linguist-vendored\n")
    tree = AttributeTree({"": top, "lib": deep})
    assert tree.of("a.x") == LanguageAttributes("D")
    assert tree.of("lib/a.x") == LanguageAttributes("Go")
    assert tree.of("lib/a.y") == LanguageAttributes(vendored=True)


def test_what_is_said_survives_json() -> None:
    found = LanguageAttributes("C", None, False, True)
    assert LanguageAttributes.from_json(found.to_json()) == found


def test_hostile_patterns_take_bounded_time() -> None:
    attributes = b"".join(b"*a" * n + b"b linguist-vendored\n" for n in range(1, 200))
    attributes += b"[" * 400 + b" linguist-vendored\n"
    tree = AttributeTree({"": read_attributes(attributes * 50)})
    start = time.process_time()
    tree.of("a" * 4000)
    assert time.process_time() - start < 5


def test_more_patterns_than_a_cache_holds_are_each_read_once() -> None:
    folders = ["/".join("abcdefghij"[:depth]) for depth in range(10)]
    rules = {
        folder: read_attributes(b"".join(b"x%d-%d linguist-vendored\n" % (depth, n) for n in range(500)))
        for depth, folder in enumerate(folders)
    }
    tree = AttributeTree(rules)
    start = time.process_time()
    assert all(tree.of(f"{folders[-1]}/y{n}") is None for n in range(100))
    assert time.process_time() - start < 5
