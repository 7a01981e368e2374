"""Which words define names in which language: data for the kernel, which finds symbols line by line.

A rule for every language of some spread, at the rate of a scan and without a parser; a name inside a comment that
looks like a definition is taken for one. Knows nothing of files.
"""

from __future__ import annotations

from typing import Final, NamedTuple

#: Kinds of symbols, by their number in a segment; the first are no kinds (see `kernel/search/definitions.hpp`).
KINDS: Final = (
    "", "modifier", "control", "variable", "class", "function", "interface", "enum", "struct", "trait", "module",
    "type", "macro", "heading", "method", "table",
)  # fmt: skip
_NUMBER: Final = {kind: number for number, kind in enumerate(KINDS)}
FUNCTION: Final = _NUMBER["function"]
HEADING: Final = _NUMBER["heading"]

#: Shapes that define names without a keyword: bits, as the kernel has them.
_LEFT, _BRACED, _ASSIGNED, _HEADINGS, _RECEIVERS, _SHELL, _UNDERLINED, _EQUALS = 1, 2, 4, 8, 16, 32, 64, 128

_CONTROL: Final = (
    "if else for while do switch case default return throw try catch finally goto break continue new delete in not and "
    "or is assert await yield sizeof typeof elif elseif end then when import include require using from raise except "
    "with pass foreach synchronized lock unless until"
)


class Family(NamedTuple):
    """Words at the beginning of a line with what they mean (numbers of `KINDS`), and shapes as bits."""

    words: tuple[tuple[str, int], ...]
    shapes: int


def _family(kinds: dict[str, str], shapes: int = 0, modifiers: str = "", control: str = _CONTROL) -> Family:
    words = dict.fromkeys(control.split(), _NUMBER["control"])
    words |= dict.fromkeys(modifiers.split(), _NUMBER["modifier"])
    for kind, of_kind in kinds.items():
        words |= dict.fromkeys(of_kind.split(), _NUMBER[kind])
    return Family(tuple(sorted(words.items())), shapes)


_C = "static inline extern const unsigned signed volatile register typedef friend virtual explicit constexpr template"
_JAVA = "public private protected static final abstract synchronized native default sealed strictfp transient"

_FAMILIES: Final[dict[str, Family]] = {
    "Python": _family({"class": "class", "function": "def"}, _ASSIGNED, "async cdef cpdef"),
    "JavaScript": _family(
        {
            "class": "class", "function": "function", "interface": "interface", "enum": "enum", "type": "type",
            "module": "namespace", "variable": "const let var",
        },
        _BRACED,
        "export default async declare abstract static public private protected readonly get set override",
    ),
    "C": _family(
        {"class": "class", "struct": "struct union", "enum": "enum", "module": "namespace", "macro": "define"},
        _LEFT,
        _C,
    ),
    "Java": _family({"class": "class record", "interface": "interface", "enum": "enum"}, _BRACED, _JAVA),
    "C#": _family(
        {"class": "class record", "interface": "interface", "enum": "enum", "struct": "struct", "module": "namespace"},
        _BRACED,
        _JAVA + " internal override virtual partial readonly async extern unsafe",
    ),
    "Go": _family(
        {"function": "func", "type": "type", "variable": "var const"}, _RECEIVERS, "struct interface map chan"
    ),
    "Rust": _family(
        {
            "function": "fn", "struct": "struct union", "enum": "enum", "trait": "trait", "module": "mod",
            "type": "type", "macro": "macro_rules", "variable": "const static",
        },
        0,
        "pub async unsafe extern default crate",
    ),
    "Ruby": _family({"class": "class", "module": "module", "function": "def"}, _ASSIGNED),
    "PHP": _family(
        {
            "class": "class", "interface": "interface", "trait": "trait", "enum": "enum", "function": "function",
            "module": "namespace", "variable": "const",
        },
        0,
        "public private protected static final abstract readonly",
    ),
    "Kotlin": _family(
        {
            "class": "class object", "interface": "interface", "enum": "enum", "function": "fun",
            "variable": "val var", "type": "typealias",
        },
        0,
        _JAVA + " open override data inline internal suspend companion lateinit operator infix inner value",
    ),
    "Scala": _family(
        {"class": "class object", "trait": "trait", "function": "def", "variable": "val var", "type": "type"},
        0,
        "private protected implicit override final sealed abstract lazy case inline given",
        _CONTROL.replace(" case ", " "),
    ),
    "Swift": _family(
        {
            "class": "class actor extension", "struct": "struct", "enum": "enum", "interface": "protocol",
            "function": "func", "type": "typealias", "variable": "let var",
        },
        0,
        "public private internal fileprivate open static final override mutating indirect",
    ),
    "Lua": _family({"function": "function"}, _ASSIGNED, "local"),
    "Perl": _family({"function": "sub", "module": "package"}),
    "Shell": _family({"function": "function"}, _SHELL),
    "SQL": _family(
        {"table": "table TABLE view VIEW index INDEX", "function": "function FUNCTION procedure PROCEDURE"},
        0,
        "create CREATE or OR replace REPLACE temporary TEMPORARY if IF not NOT exists EXISTS unique UNIQUE",
        "",
    ),
    "Elixir": _family({"module": "defmodule", "function": "def defp", "macro": "defmacro", "interface": "defprotocol"}),
    "Haskell": _family({"module": "module", "type": "data newtype type", "class": "class"}, 0, "", "where let"),
    "Julia": _family(
        {"function": "function", "struct": "struct", "module": "module", "macro": "macro"}, 0, "mutable abstract"
    ),
    "R": _family({}, _ASSIGNED),
    "Fortran": _family(
        {"function": "subroutine function SUBROUTINE FUNCTION", "module": "module program MODULE PROGRAM"},
        0,
        "pure elemental recursive integer real logical PURE ELEMENTAL RECURSIVE INTEGER REAL LOGICAL",
    ),
    "Markdown": _family({}, _HEADINGS | _UNDERLINED, "", ""),
    "reStructuredText": _family({}, _UNDERLINED, "", ""),
    "AsciiDoc": _family({}, _UNDERLINED | _EQUALS, "", ""),
    "Protocol Buffer": _family({"class": "message service", "enum": "enum", "function": "rpc"}),
}  # fmt: skip

_LIKE: Final = {
    "Cython": "Python", "Starlark": "Python", "TypeScript": "JavaScript", "TSX": "JavaScript", "JSX": "JavaScript",
    "Vue": "JavaScript", "C++": "C", "Objective-C": "C", "Objective-C++": "C", "Cuda": "C", "CUDA": "C", "OpenCL": "C",
    "GLSL": "C", "HLSL": "C", "Groovy": "Java", "Dart": "Java", "D": "Java", "Crystal": "Ruby", "Bash": "Shell",
    "Zsh": "Shell", "PLpgSQL": "SQL", "PLSQL": "SQL", "TSQL": "SQL", "SQLPL": "SQL", "Fortran Free Form": "Fortran",
    "RMarkdown": "Markdown", "MDX": "Markdown", "Erlang": "Elixir", "Raku": "Perl",
}  # fmt: skip

_NAMES: Final = (*_FAMILIES,)
_NONE: Final = Family((), 0)


def families() -> list[Family]:
    """Return what the kernel is given: first the family in which nothing is looked for, then the others."""
    return [_NONE, *_FAMILIES.values()]


def family_of(language: str) -> int:
    """Return the number of a language's family in `families()`; 0 where no symbols are looked for."""
    name = _LIKE.get(language, language)
    return _NAMES.index(name) + 1 if name in _FAMILIES else 0
