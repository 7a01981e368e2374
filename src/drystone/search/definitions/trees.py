"""Which names a file defines, by parsing: tree-sitter with the grammar wheels that are installed (extra `symbols`).

What a keyword in a comment or a string looks like is no definition here, at a tenth of the speed. A language without an
installed grammar, and a text above `grammars.LONGEST`, are left to keywords. Knows no index.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from drystone.detect import grammars
from drystone.errors import MissingExtraError
from drystone.search.definitions.keywords import KINDS

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Parser

#: Raised by one where other names are found in the same tree.
RULES: Final = 1

_CLASS: Final = {
    "class_declaration": "class", "interface_declaration": "interface", "enum_declaration": "enum",
    "method_declaration": "method", "constructor_declaration": "method",
}  # fmt: skip
_C: Final = {
    "function_definition": "function", "struct_specifier": "struct", "union_specifier": "struct",
    "enum_specifier": "enum", "type_definition": "type", "preproc_def": "macro", "preproc_function_def": "macro",
}  # fmt: skip
_SCRIPT: Final = {
    **_CLASS, "function_declaration": "function", "generator_function_declaration": "function",
    "method_definition": "method", "variable_declarator": "variable",
}  # fmt: skip
_TYPED: Final = {
    **_SCRIPT, "abstract_class_declaration": "class", "type_alias_declaration": "type", "internal_module": "module",
    "module": "module", "function_signature": "function", "method_signature": "method",
    "abstract_method_signature": "method",
}  # fmt: skip


#: Which nodes of a grammar's trees define what, by Linguist's names of languages.
_KINDS: Final[dict[str, dict[str, str]]] = {
    "Python": {"class_definition": "class", "function_definition": "function", "assignment": "variable"},
    "C": _C,
    "C++": {**_C, "class_specifier": "class", "namespace_definition": "module", "alias_declaration": "type"},
    "Java": {**_CLASS, "record_declaration": "class", "annotation_type_declaration": "interface"},
    "JavaScript": _SCRIPT,
    "TypeScript": _TYPED,
    "TSX": _TYPED,
    "Go": {
            "function_declaration": "function", "method_declaration": "method", "type_spec": "type",
            "type_alias": "type", "const_spec": "variable", "var_spec": "variable",
        },
    "Rust": {
            "function_item": "function", "function_signature_item": "function", "struct_item": "struct",
            "union_item": "struct", "enum_item": "enum", "trait_item": "trait", "mod_item": "module",
            "type_item": "type", "macro_definition": "macro", "const_item": "variable", "static_item": "variable",
        },
    "Ruby": {"class": "class", "module": "module", "method": "method", "singleton_method": "method"},
    "PHP": {
            **_CLASS, "trait_declaration": "trait", "function_definition": "function",
            "namespace_definition": "module", "const_element": "variable",
        },
    "C#": {
            **_CLASS, "record_declaration": "class", "struct_declaration": "struct",
            "namespace_declaration": "module", "delegate_declaration": "type",
        },
}  # fmt: skip
#: A definition of a variable counts in these alone: what a function keeps for itself is nothing to look for.
_TOP: Final = {"module", "program", "source_file", "export_statement", "namespace_definition"}
#: C and C++ put a name inside what says how it is used: `*name(...)`, `name[...]`.
_NAMES: Final = ("name", "declarator", "left")
#: Names of several parts, of which the last is what is defined.
_QUALIFIED: Final = {"namespace_name", "qualified_identifier", "qualified_name", "scoped_identifier"}
#: Nodes whose inside defines nothing that is looked for.
_CLOSED: Final = (
    "expression", "string", "literal", "comment", "arguments", "parameters", "argument_list", "parameter_list",
    "_type", "call",
)  # fmt: skip


class Definition(NamedTuple):
    """Places in a text: where a name begins and ends, where what it names begins; and its kind, by its number."""

    name: int
    end: int
    begin: int
    kind: int


class TreeSymbols:
    """The definitions of texts in one language. Not for several threads at once."""

    def __init__(self, language: Language, kinds: dict[str, str]) -> None:
        from tree_sitter import Parser  # noqa: PLC0415  (an extra)

        self._parser: Parser = Parser(language)
        self._kinds: dict[int, int] = {}
        self._closed: set[int] = set()
        numbers = {kind: number for number, kind in enumerate(KINDS)}
        for number in range(language.node_kind_count):
            name = language.node_kind_for_id(number)
            if not language.node_kind_is_named(number) or name is None:
                self._closed.add(number)
            elif name in kinds:
                self._kinds[number] = numbers[kinds[name]]
            elif name != "expression_statement" and name.endswith(_CLOSED):
                self._closed.add(number)
        self._variable, self._function = numbers["variable"], numbers["function"]

    def find(self, text: bytes) -> list[Definition]:
        """Return the definitions of a text of at most `grammars.LONGEST` bytes, by place of their names."""
        cursor = self._parser.parse(text).walk()
        found: list[Definition] = []
        while (node := cursor.node) is not None:
            number = node.kind_id
            kind = self._kinds.get(number)
            if kind is not None and (kind != self._variable or _is_top(node)):
                name = _name(node)
                if name is not None:
                    if kind == self._variable and _is_function(node):
                        kind = self._function
                    found.append(Definition(name.start_byte, name.end_byte, node.start_byte, kind))
            inside = number not in self._closed and self._kinds.get(number) != self._variable
            if inside and cursor.goto_first_child():
                continue
            while not cursor.goto_next_sibling():
                if not cursor.goto_parent():
                    return sorted(found)
        return sorted(found)


def _is_function(node: Node) -> bool:
    """Return whether a variable is defined as a function: `const f = () => ...`."""
    value = node.child_by_field_name("value")
    return value is not None and value.type in {"arrow_function", "function_expression", "generator_function"}


def _is_top(node: Node) -> bool:
    """Return whether a definition of a variable stands at the top of its text."""
    above = node.parent
    for _ in range(3):  # `export const a = 1`, `const ( A = 1 )`, `a = 1` as a statement
        if above is None or above.type in _TOP:
            return True
        if not above.type.endswith(("statement", "declaration", "list")):
            return False
        above = above.parent
    return False


def _name(node: Node) -> Node | None:
    """Return the node of a definition's name: a plain one, the last of a qualified one."""
    if node.type.endswith("_specifier") and node.child_by_field_name("body") is None:
        return None  # `struct s *p` uses s
    found: Node = node
    for _ in range(8):
        fields = (found.child_by_field_name(field) for field in _NAMES)
        inner = next((one for one in fields if one is not None), None)
        if inner is None and found.type == "parenthesized_declarator" and found.named_child_count:
            inner = found.named_children[0]  # `(*name)(...)`
        if inner is None:
            break
        found = inner
    while found.type in _QUALIFIED and found.named_child_count:
        found = found.named_children[-1]
    return None if found is node or found.child_count else found


def means() -> str:
    """Say what makes the symbols here: the version of the parser and of each grammar; it is part of a segment's name.

    Raises `MissingExtraError` where the extra is not installed.
    """
    core = grammars.version_of("tree-sitter")
    packages = sorted({grammars.GRAMMARS[name].package for name in grammars.installed() if name in _KINDS})
    if core is None or not packages:
        raise MissingExtraError("tree-sitter", "symbols")
    listed = ", ".join(f"{name.removeprefix('tree-sitter-')} {grammars.version_of(name)}" for name in packages)
    return f"trees {RULES}: tree-sitter {core}; {listed}"


def finder(language: str) -> TreeSymbols | None:
    """Return what finds the definitions of a language; None where its grammar is not installed."""
    loaded = grammars.load(language) if language in _KINDS else None
    return None if loaded is None else TreeSymbols(loaded, _KINDS[language])
