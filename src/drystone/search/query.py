"""The query language: text to a tree and back. Zoekt's (doc/query_syntax.md upstream), with fields for governed data.

    query       = conjunction , { "or" , conjunction } ;
    conjunction = expression , { expression } ;
    expression  = [ "-" ] , ( "(" , query , ")" | [ field , ":" ] , text ) ;
    text        = quoted | "/" , pattern , "/" | bare ;

Bare text is a pattern, as in Zoekt; between quotes it stands for itself; between slashes it is a pattern that may have
spaces. docs/search.md describes the fields. Knows no index.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace
from typing import Final, Literal

from drystone.errors import UsageError
from drystone.release.layout import shown
from drystone.search.expressions import patterns

#: The longest query, in characters, and how deep its parentheses may be.
MOST_LENGTH: Final = 100_000
#: What stands for a byte of the command line that is no UTF-8, or for half of a character in JSON.
_NO_TEXT: Final = re.compile("[\ud800-\udfff]")
_DEEPEST: Final = 50

Form = Literal["bare", "quoted", "slashed"]

#: Fields by all their names.
FIELDS: Final = {
    "case": "case", "content": "content", "c": "content", "count": "count", "file": "file", "f": "file", "path": "file",
    "is": "is", "kept": "kept", "lang": "lang", "l": "lang", "language": "lang", "license": "license",
    "reason": "reason", "regex": "regex", "repo": "repo", "r": "repo", "swhid": "swhid", "sym": "sym", "type": "type",
    "t": "type", "year": "year",
}  # fmt: skip
CHOICES: Final = {
    "case": ("yes", "no", "auto"),
    "is": ("vendor", "generated", "test", "doc", "configuration", "unindexed"),
    "kept": ("yes", "no"),
    "type": ("filematch", "filename", "file", "repo"),
}
#: Fields of Zoekt's for which a release has nothing to look at.
_UNKNOWN_HERE: Final = ("archived", "branch", "fork", "public")
_COUNT: Final = re.compile(r"0{0,99}[1-9][0-9]{0,8}")
_YEARS: Final = re.compile(r"[0-9]{4}(?:-[0-9]{4})?")
_PATTERNS: Final = frozenset({"content", "file", "reason", "regex", "repo", "sym"})


class QueryError(UsageError):
    """A query that is none: `column` counts characters from 1, `expected` says what could stand there."""

    def __init__(self, query: str, column: int, expected: str) -> None:
        line = shown(query.replace("\n", " ").replace("\t", " "))
        first = max(0, min(column - 30, len(line) - 60))
        excerpt, mark = line[first : first + 72], " " * min(column - 1 - first, 72)
        super().__init__(f"the query, column {column}: {expected}\n  {excerpt}\n  {mark}^")
        self.column, self.expected = column, expected


@dataclass(frozen=True, slots=True)
class Term:
    """Text, under a field or (`field` "") as such. Equal wherever it stands: `column` is for messages.

    `node` is the pattern as it was read, where it is one and case makes a difference.
    """

    field: str
    value: str
    form: Form = "bare"
    column: int = 0
    node: patterns.Node | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Term) and (self.field, self.value, self.form) == (other.field, other.value, other.form)

    def __hash__(self) -> int:
        return hash((self.field, self.value, self.form))


@dataclass(frozen=True, slots=True)
class Not:
    """What does not match `part`."""

    part: Query


@dataclass(frozen=True, slots=True)
class All:
    """What matches every part."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """What matches one part at least."""

    parts: tuple[Query, ...]


Query = Term | Not | All | Either


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.at, self.depth = text, 0, 0
        if len(text) > MOST_LENGTH:
            raise UsageError(f"the query has {len(text):,} characters; the most is {MOST_LENGTH:,}")
        if odd := _NO_TEXT.search(text):
            raise self.fail("expected text in UTF-8, as which texts are read; this is none", odd.start())

    def fail(self, expected: str, at: int | None = None) -> QueryError:
        return QueryError(self.text, (self.at if at is None else at) + 1, expected)

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def skip(self) -> None:
        while self.peek().isspace():
            self.at += 1

    def whole(self) -> Query:
        found = self.query()
        if self.at < len(self.text):
            raise self.fail("there is no '(' for this ')'")
        return found

    def query(self) -> Query:
        parts = [self.conjunction()]
        while self.at_or():
            self.at += 2
            parts.append(self.conjunction())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def at_or(self) -> bool:
        self.skip()
        after = self.text[self.at + 2 : self.at + 3]
        return self.text.startswith("or", self.at) and (not after or after.isspace() or after in "()")

    def conjunction(self) -> Query:
        parts: list[Query] = []
        while True:
            self.skip()
            if not self.peek() or self.peek() == ")" or self.at_or():
                break
            parts.append(self.expression())
        if not parts:
            raise self.fail("expected a word, a field such as lang:python, or a group in parentheses")
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def expression(self) -> Query:
        start = self.at
        if self.peek() == "-":
            self.at += 1
            if not self.peek() or self.peek().isspace() or self.peek() == ")":
                raise self.fail("expected what to leave out after '-'; to look for a dash write \"-\"", start)
            self.depth += 1
            part = Not(self.expression()) if self.depth <= _DEEPEST else None
            if part is None:
                raise self.fail(f"more than {_DEEPEST} deep", start)
            self.depth -= 1
            return part
        if self.peek() == "(":
            self.depth += 1
            if self.depth > _DEEPEST:
                raise self.fail(f"parentheses are more than {_DEEPEST} deep", start)
            self.at += 1
            found = self.query()
            if self.peek() != ")":
                raise self.fail("there is no ')' for this '('", start)
            self.at += 1
            self.depth -= 1
            return found
        return self.term()

    def term(self) -> Term:
        start = self.at
        field = self.field()
        here = self.at
        value, form = self.value()
        if field and not value and form == "bare":
            raise self.fail(f"expected {_expected(field)} after '{self.text[start:here]}'", here)
        term = Term(field, value, form, here + 1)
        return replace(term, node=_checked(self, term))

    def field(self) -> str:
        end = self.at
        while end < len(self.text) and self.text[end].isalpha() and self.text[end].isascii():
            end += 1
        name = self.text[self.at : end]
        if not name or self.text[end : end + 1] != ":":
            return ""
        if name in FIELDS:
            self.at = end + 1
            return FIELDS[name]
        if self.text[end + 1 : end + 2] in {":", "/", ""}:  # std::vector, http://
            return ""
        if name in _UNKNOWN_HERE:
            raise self.fail(
                f"a release does not know '{name}:'; fields are {_names()}. For the text write it in quotes"
            )
        if close := difflib.get_close_matches(name, FIELDS, 1, 0.8):
            raise self.fail(f"there is no field '{name}:'; did you mean '{close[0]}:'? For the text write it in quotes")
        return ""

    def value(self) -> tuple[str, Form]:
        if self.peek() == '"':
            return self.quoted(), "quoted"
        if self.peek() == "/" and (end := self.slash()) is not None:
            value = self.text[self.at + 1 : end].replace("\\/", "/")
            self.at = end + 1
            return value, "slashed"
        return self.bare(), "bare"

    def ends(self, at: int) -> bool:
        return at >= len(self.text) or self.text[at].isspace() or self.text[at] == ")"

    def slash(self) -> int | None:
        """Return where the slash is that ends a pattern: the first one before a space, ')' or the end."""
        at = self.at + 1
        while at < len(self.text):
            if self.text[at] == "\\":
                at += 2
                continue
            if self.text[at] == "/" and self.ends(at + 1) and at > self.at + 1:
                return at
            at += 1
        return None

    def quoted(self) -> str:
        start = self.at
        found = []
        self.at += 1
        while (sign := self.peek()) != '"':
            if sign == "\\":
                self.at += 1
                sign = self.peek()
            if not sign:
                raise self.fail("there is no second '\"' for this one", start)
            found.append(sign)
            self.at += 1
        self.at += 1
        if not self.ends(self.at):
            raise self.fail("expected a space or ')' after the quoted text")
        return "".join(found)

    def bare(self) -> str:
        start, depth, inside = self.at, 0, False
        while (sign := self.peek()) and not sign.isspace():
            if sign == "\\":
                self.at += 1 + bool(self.text[self.at + 1 : self.at + 2])
                continue
            if inside:
                inside = sign != "]"
            elif sign == "[":
                inside = "]" in self.text[self.at : self.at + 200]
            elif sign == "(":
                depth += 1
            elif sign == ")":
                if depth == 0:
                    break
                depth -= 1
            self.at += 1
        return self.text[start : self.at]


def _names() -> str:
    return ", ".join(sorted(f"{name}:" for name in set(FIELDS.values())))


def _expected(field: str) -> str:
    if field in CHOICES:
        return " or ".join(", ".join(CHOICES[field]).rsplit(", ", 1))
    return {
        "count": "a number, or all", "lang": "a language",
        "license": "an SPDX expression, or one of permissive, copyleft and none",
        "swhid": "an identifier such as swh:1:cnt:...", "year": "a year, or two as in 2015-2020",
    }.get(field, "a pattern")  # fmt: skip


def _checked(parser: _Parser, term: Term) -> patterns.Node | None:
    """Return the pattern, if it is one. Raises `QueryError` where the value cannot be what its field asks for."""
    at = term.column - 1
    field, value = term.field, term.value
    if field in CHOICES and value not in CHOICES[field]:
        raise parser.fail(f"expected {_expected(field)}, not '{shown(value)[:40]}'", at)
    if field == "count" and value != "all" and not _COUNT.fullmatch(value):
        raise parser.fail(f"expected {_expected(field)}, not '{shown(value)[:40]}'", at)
    if field == "year" and not _YEARS.fullmatch(value):
        raise parser.fail(f"expected {_expected(field)}, not '{shown(value)[:40]}'", at)
    if field in _PATTERNS or not field:
        try:
            return pattern_of(term, fold=False)
        except patterns.PatternError as error:
            raise parser.fail(str(error), at + (term.form != "bare") + error.column - 1) from None
    return None


def pattern_of(term: Term, *, fold: bool) -> patterns.Node:
    """Return what the text of a term matches. Raises `PatternError`."""
    if term.node is not None and not fold:
        return term.node
    if term.form == "quoted":
        return patterns.literal(term.value, fold=fold)
    return patterns.parse(term.value, fold=fold)


def parse(text: str) -> Query:
    """Read a query. Raises `QueryError`, and `UsageError` where it is too long."""
    return _Parser(text).whole()


def written(query: Query, *, inside: bool = False) -> str:
    """Return the query as text that `parse` reads to the same tree."""
    if isinstance(query, Term):
        return _written_term(query)
    if isinstance(query, Not):
        return "-" + written(query.part, inside=True)
    sign = " or " if isinstance(query, Either) else " "
    text = sign.join(written(part, inside=isinstance(query, All) or isinstance(part, Either)) for part in query.parts)
    return f"({text})" if inside else text


def _written_term(term: Term) -> str:
    value = term.value
    if term.form == "quoted":
        value = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    elif term.form == "slashed":
        value = "/" + value.replace("/", "\\/") + "/"
    return f"{term.field}:{value}" if term.field else value
