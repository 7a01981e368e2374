"""Ways in which a password's name and its value are linked without an assignment between them. Knows no engine.

A value to fall back on (`ENV["DB_PASSWORD"] || "..."`, `${password:...}`), an argument that a call gives to a name
(`set("db", "password", "...")`), an option of a command line, a field that a test fills in, a directive of a
configuration, a column of an INSERT. Each link begins right behind the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

# Inside double or single quotes: escapes by a backslash, by a backtick, by doubling; `'\''` of a shell.
DOUBLE: Final = rb'"((?:[^"\\\n]|\\[^\n]|(?<=[^"])""(?=[^"\s,;:)\]}]))*)"'
SINGLE: Final = rb"'((?:'\\''|[^'\\\n]|\\[^\n]|(?<=[^'])''(?=[^'\s,;:)\]}]))*)'"
BACKTICK: Final = rb"`([^`\n$]*)`"
QUOTED: Final = rb"(?:@|\$|[LNRUbfru]{1,2}|u8)?(?:" + DOUBLE + rb"|" + SINGLE + rb"|" + BACKTICK + rb")"

_CLOSE = rb"""\]?\\?["'`\])}]{0,3}[ \t]{0,4}"""
_BARE = rb"((?:\\.|[^\s\"'`;&|<>()\\,])(?:\\.|[^\s\"'`;|<>()\\,]){3,100})(?=[\s;|\"'`),]|$)"
_ELSE = rb"(?:\|\|=?|\?\?=?|\?:|or(?=[ \t]))[ \t]{0,4}"
_LETTERS: Final = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_OPENS: Final = b"@$\"'`LNRUbfru"
# An argument of a call, before the one that is the name.
_GIVEN = rb"(?:[^\"'(),\s][^\"'(),\n]{0,59}|\"[^\"\n]{0,60}\"|'[^'\n]{0,60}')"
_FILES = re.compile(r"\.(?:conf|cfg|cnf|ks|cf|config|rc)$|(?:^|/)[\w.-]*rc$")


@dataclass(frozen=True)
class _Link:
    """One way: what stands before the name (any text, where None), and what follows it up to the value.

    `first`: the bytes that it can go on with behind blanks and what closes the name, or that it can open a value with,
    so that few patterns are tried behind a name. `calls`: what stands before has a parenthesis or the word `set`.
    """

    how: str
    first: bytes
    behind: re.Pattern[bytes]
    before: re.Pattern[bytes] | None = None
    sure: float = -0.05
    calls: bool = False


def _link(
    how: str, first: bytes, behind: bytes, before: bytes | None = None, sure: float = -0.05, calls: bool = False
) -> _Link:
    return _Link(how, first, re.compile(behind), re.compile(before) if before is not None else None, sure, calls)


_LINKS: Final = (
    _link("default", b":", rb":[-=]?([^\s{}\"'`$<]{4,100})\}", rb"\$\{$"),
    _link("else", b"|?.o", _CLOSE + rb"\)?[ \t]{0,4}(?:" + _ELSE + rb"|\.unwrap_or\w{0,5}\()" + QUOTED),
    _link(
        "else", b"=", rb"[ \t]{0,4}=[ \t]{0,4}[\w.]{1,40}(?:[\[(][\"']\w{1,40}[\"'][\])])?[ \t]{0,4}" + _ELSE + QUOTED
    ),
    _link(
        "argument",
        b",",
        rb"\]?\\?[\"'`]?[ \t]{0,4},\s{0,40}" + QUOTED + rb"[ \t]{0,4}(?=[,)]|\.|\r?$|\r?\n)",
        rb"(?i)(?:(?:set|put|var|fill|type|store|write|update|attr|cache)\w{0,20}[ \t]{0,2}\(\s{0,20}|\bset[ \t])"
        rb"(?:" + _GIVEN + rb",\s{0,20}){0,2}(?:[\"'`][^\"'`\n]{0,40}|:)$",
        calls=True,
    ),
    _link(
        "default",
        b",",
        rb"\\?[\"'],\s{0,40}(?:\w{1,20}[ \t]{0,2}=[ \t]{0,2}"
        + _GIVEN
        + rb",\s{0,40}){0,4}default[ \t]{0,2}=[ \t]{0,2}"
        + QUOTED,
    ),
    _link(
        "wrapped",
        b":=",
        rb"(?:[ \t]{0,2}:[ \t]{0,2}[\w.\[\], |]{1,40}?)?[ \t]{0,4}=[ \t]{0,4}(?:[\w.]{0,30}\.)?"
        rb"(?:Field|field|mapped_column|Column|Query|Form|Header|Body|Param|SecretStr|SecretBytes|attrib|ib|env|config|"
        rb"Sensitive|SecureString|ProtectedString)\(\s{0,20}(?:[\"']\w{1,40}[\"'],\s{0,10})?"
        rb"(?:default[ \t]{0,2}=[ \t]{0,2})?" + QUOTED,
    ),
    _link(
        "filled",
        b".",
        rb"\]?[\"'`\])}]{1,4}\.(?:clear\(\)\.)?(?:[Ss]end_?[Kk]eys|type|fill|set[Vv]alue|set|val|type_text|"
        rb"press_sequentially|pressSequentially|setInput\w*)\(\s{0,20}" + QUOTED,
    ),
    _link("filled", b",w", rb"[\"'],?[ \t]{1,4}with:?[ \t]{1,4}" + QUOTED),
    _link("typed", b"Ss", rb"[ \t]{1,4}[Ss]tring[ \t]{0,4}=[ \t]{0,4}" + QUOTED),
    _link(
        "typed", b"=", rb"[ \t]{0,4}=[ \t]{0,4}\d{1,5}[ \t]{0,4}\[[^\]\n]{0,40}default[ \t]{0,4}=[ \t]{0,4}" + QUOTED
    ),
    _link("here", b"<", rb"[ \t]{0,4}<<<[ \t]{0,4}" + QUOTED),
    _link("pair", b",", rb",[ \t]{0,4}" + QUOTED + rb"[ \t]{0,4}\}", rb"\{[ \t]{0,4}$"),
    _link("pair", _OPENS, rb"\s{1,4}" + QUOTED, rb"\(\s{0,2}(?:setq\w{0,10}|setf|def\w{0,12}|set!|:)\s{1,4}$"),
    _link("pair", _OPENS, rb"[ \t]{1,4}" + QUOTED, rb"[;{][ \t]{0,4}$"),
    _link(
        "attribute",
        _LETTERS,
        rb"[\"'](?:\s{1,20}[\w:.@-]{1,30}(?:=[\"'][^\"'<>\n]{0,60}[\"'])?){1,5}?\s{1,20}value=" + QUOTED,
    ),
    _link("query", b"=", rb"=([^&\s\"'<>(){};\\]{4,100})&[A-Za-z][\w.-]{0,30}="),
    _link("said", b"iwt", rb"(?<![Pp]ass)[ \t]{1,3}(?:is|was|to)[ \t:]{1,4}" + QUOTED, sure=-0.1),
)
_BY_FIRST: Final = {byte: tuple(link for link in _LINKS if byte in link.first) for byte in range(256)}
_CLOSED = re.compile(rb"[\s\]\\\"'`)}]*")
_BLANKS = re.compile(rb"\s*")
_OPTION = re.compile(
    rb"(?:\\?[\"'],\s{0,40}|[ \t]{0,2}=[ \t]{0,2}|[ \t]{1,4})"
    + QUOTED
    + rb"|(?:[ \t]{1,4}|=|[\"']?[ \t]*\r?\n[ \t]{0,40}-[ \t]{1,4})"
    + _BARE
)
#: Its group for a value without quotes.
_BARE_OPTION: Final = 4
_IN_QUOTES = {quote: re.compile(rb"=([^" + quote + rb"\n\\&;]{4,100})" + quote) for quote in (b'"', b"'")}
_DIRECTIVE = re.compile(rb"[ \t]{1,20}((?:\\.|[^\s=\\\"'])(?:\\.|[^\s\\]){3,100})[ \t]*(?=\r?\n|$)")
_INSERT = re.compile(rb"[\"`\]]?[^();]{0,400}\)\s{0,20}(?i:VALUES)\s{0,20}\(")
_CELL = re.compile(rb"\s{0,20}(?:N?'((?:[^'\\\n]|''|\\.)*)'|[^',()\n]{0,80}(?:\([^()\n]{0,80}\))?)\s{0,20}(?=[,)])")
#: What Hyperscan looks for behind a name.
BEHIND: Final = (
    r"""\]?["'`\])}]{0,3}[ \t]{0,4}(?:\|\||\?\?|\?:|or ["'`]|<<<|\.unwrap_or|"""
    r"""\.(?:[Ss]end_?[Kk]eys|type|fill|set|val|clear|press)\w{0,20}\()|["'`],?[ \t]{1,4}with:?[ \t]{1,4}["'`]|"""
    r"""\]?["'`][ \t]{0,4},\s{0,40}\w{1,20}[ \t]{0,2}=|\]?["'`],\s{0,10}["'`]|,[ \t]{0,4}["']|"""
    r"""[ \t]{1,4}[Ss]tring[ \t]{0,4}=|[ \t]{1,3}(?:is|was|to)[ \t:]{1,4}["'`]|["']\s{1,20}[\w:.@-]{1,20}[= ]|"""
    r"""[`"\]]?[ \t]{0,2},[\w\t `",\[\]]{1,120}\)\s{1,20}[Vv][Aa][Ll]"""
)


def linked(
    text: bytes, at: int, stop: int, name: bytes, before: bytes, path: str | None
) -> Iterator[tuple[str, int, int, float]]:
    """Yield how a value is linked with the name that ends at `at`, where it is, its span, and what that is worth.

    `name` is the whole identifier, `before` what stands before it.
    """
    if name.startswith(b"-") and (option := _OPTION.match(text, at, stop)) is not None:
        bare = option.lastindex == _BARE_OPTION
        yield "word" if bare else "option", *option.span(option.lastindex or 0), -0.15 if bare else -0.05
        return
    firsts = {text[m.end()] for p in (_BLANKS, _CLOSED) if (m := p.match(text, at, stop)) and m.end() < stop}
    opened = before.rfind(b"(")
    near = before[max(0, opened - 24) :] if opened >= 0 else before[-48:]
    called = opened >= 0 or b"set" in near.lower()
    for link in chain.from_iterable(_BY_FIRST[byte] for byte in sorted(firsts)):
        if link.calls and not called:
            continue
        found = link.behind.match(text, at, stop)
        if found is not None and (link.before is None or link.before.search(near) is not None):
            yield link.how, *found.span(found.lastindex or 0), link.sure
            return
    inner = _IN_QUOTES.get(before[-1:])
    if inner is not None and (found := inner.match(text, at, stop)) is not None:
        yield "quoted", *found.span(1), -0.1
        return
    if before.rstrip(b" \t")[-1:] in (b"", b"\n") and path is not None and _FILES.search(path):
        if (found := _DIRECTIVE.match(text, at, stop)) is not None:
            yield "directive", *found.span(1), -0.05
        return
    yield from _inserted(text, at, before)


def _inserted(text: bytes, at: int, before: bytes) -> Iterator[tuple[str, int, int, float]]:
    """Yield the value of a column in the first row of `INSERT INTO ... (..., password, ...) VALUES (...)`."""
    opening = before.rfind(b"(")
    if opening < 0 or before.find(b")", opening) >= 0 or (values := _INSERT.match(text, at, at + 600)) is None:
        return
    position = values.end()
    for _ in range(before[opening:].count(b",")):
        cell = _CELL.match(text, position, position + 400)
        if cell is None or text[cell.end() : cell.end() + 1] != b",":
            return
        position = cell.end() + 1
    cell = _CELL.match(text, position, position + 400)
    if cell is not None and cell[1] is not None:
        yield "column", *cell.span(1), -0.05
