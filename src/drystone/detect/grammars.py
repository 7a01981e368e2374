"""The grammars of tree-sitter that are installed (extra `symbols`), by language.

Knows nothing of what trees are for.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from tree_sitter import Language

#: Bytes of the longest text that is parsed: parsers take time that grows with the square of texts made for it.
LONGEST: Final = 64 * 1024


class Grammar(NamedTuple):
    """A wheel, and the function in it that gives the grammar."""

    package: str
    function: str = "language"


#: Grammars by Linguist's names of languages.
GRAMMARS: Final[dict[str, Grammar]] = {
    "Python": Grammar("tree-sitter-python"),
    "C": Grammar("tree-sitter-c"),
    "C++": Grammar("tree-sitter-cpp"),
    "Java": Grammar("tree-sitter-java"),
    "JavaScript": Grammar("tree-sitter-javascript"),
    "TypeScript": Grammar("tree-sitter-typescript", "language_typescript"),
    "TSX": Grammar("tree-sitter-typescript", "language_tsx"),
    "Go": Grammar("tree-sitter-go"),
    "Rust": Grammar("tree-sitter-rust"),
    "Ruby": Grammar("tree-sitter-ruby"),
    "PHP": Grammar("tree-sitter-php", "language_php"),
    "C#": Grammar("tree-sitter-c-sharp"),
}


def installed() -> list[str]:
    """Return the languages whose grammar is installed."""
    return [name for name, grammar in GRAMMARS.items() if version_of(grammar.package) is not None]


@cache
def version_of(package: str) -> str | None:
    """Return the version of a package; None where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


@cache
def load(language: str) -> Language | None:
    """Return the grammar of a language; None where it, or the parser, is not installed."""
    grammar = GRAMMARS.get(language)
    if grammar is None or version_of(grammar.package) is None or version_of("tree-sitter") is None:
        return None
    from tree_sitter import Language  # noqa: PLC0415  (an extra)

    return Language(getattr(import_module(grammar.package.replace("-", "_")), grammar.function)())
