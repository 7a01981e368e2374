"""Passwords beside their names, as the syntaxes of languages and formats write it. Knows no engine.

A name (`password`, `DB_PASS`, `senha`), what links it with a value (`=`, `: string =`, `", "`, `>`, `value=`), and the
value: in quotes, in an element, between the signs of a connection string, or up to the end of a configuration's line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from drystone.detect.secrets.kinds.links import BACKTICK, BEHIND, QUOTED, SINGLE, linked
from drystone.detect.secrets.kinds.secret_names import CORE, ENGINE_CORE, names_one, translation_file
from drystone.detect.secrets.kinds.values import names_itself, statement, strength, uuid
from drystone.detect.secrets.spans import Span

#: A value is sought at most this many bytes behind its name.
AHEAD: Final = 400

# What stands between a name and a value in quotes.
_CLOSE = rb"""\\?["'`\])}]{0,3}"""
_BREAK = rb"[ \t]{0,80}(?:(?:\\|//[^\n]{0,40})?\r?\n[ \t]{0,80})?"
_TYPE = (
    rb"(?:[ \t]{0,8}:[ \t]{0,4}(?:const |&(?:'\w+ )?)?[A-Za-z_][\w.<>?!\[\], |*&]{0,40}?[ \t]{0,8}(?==[^=>])"
    rb"|[ \t]{1,4}[Aa]s[ \t]{1,4}\w{3,20}[ \t]{0,4}(?==)|(?:\[\w{0,12}\]){1,2}[ \t]{0,4}(?==)|"
    rb"[ \t]{0,4}\{[ \t]{0,2}get;[^}\n]{0,30}\}[ \t]{0,4}(?==))"
)
_ASSIGN = (
    rb"(?:"
    + _TYPE
    + rb")?"
    + _BREAK
    + rb"(?::=|=>|->|<-|\?=|\+=|==|=|:)"
    + _BREAK
    + rb"(?:![\w!:.]{1,40}[ \t]{1,4})?(?:(?:(?:new [A-Za-z.]{3,20}|String::from|Some|"
    rb"Secret(?:Str|String)?(?:::(?:new|from))?|[QN]?SString|std::string)?\(|\[|\{)" + _BREAK + rb")?"
)
_VALUE_KEY = (
    rb"""(?:-[ \t]{1,4})?\\?["']?(?:(?:[Pp]arameter)?[Vv]alue|VALUE|[Dd]efault|stringValue|content)\\?["']?[ \t]{0,4}"""
)
_LINK_SOURCE = (
    rb"(?:"
    + rb"(?P<assign>"
    + _CLOSE
    + _ASSIGN
    + rb")|(?P<pair>\\?[\"'`]?[,;]?"
    + _BREAK
    + _VALUE_KEY
    + rb"[:=][ \t]{0,4}|\"[ \t]{0,4}\{\s{0,20}(?:\w+[ \t]*=[^\n]{0,80}\n\s{0,20}){0,4}default[ \t]*=[ \t]*)"
    rb"|(?P<comma>\\?[\"'`][ \t]{0,4}\]?," + _BREAK + rb")|(?P<call>[({]" + _BREAK + rb")|(?P<space>\)?[ \t]{1,40}))"
)
# Code within a string, as notebooks and JSON have it: `password = \\"...\\"`.
_WITHIN = rb'\\"((?:[^"\\\n]|\\\\(?:\\")?|\\[^"\\\nn])*)\\"'
_LINK = re.compile(_LINK_SOURCE + rb"(?:" + QUOTED + rb"|" + _WITHIN + rb")")
_LINK_POWERSHELL = re.compile(
    _LINK_SOURCE
    + rb"(?:\"((?:[^\"`\n]|`[^\n]|(?<=[^\"])\"\"(?=[^\"\s,;:)\]}]))*)\"|"
    + SINGLE
    + rb"|"
    + BACKTICK
    + rb")"
)
# Where no quotes are: an element, a directive, a configuration's line, a pair over two lines.
_ELEMENT = re.compile(
    rb"(?:[\"'](?:[ \t]+[\w:.-]+=[\"'][^\"'<>\n]{0,40}[\"']){0,3}[ \t]*>|"
    rb"</key>\s{0,80}(?=<string)|(?:[ \t]+[\w:.-]+=[\"'][^\"'<>\n]{0,40}[\"']){0,3}>)"
    rb"\s{0,80}(?:<(?:value|string)>\s{0,40}|<!\[CDATA\[)?"
    rb"([^<>\s](?:[^<>\n]{0,190}[^<>\s])?)\s{0,80}(?:\]\]>)?\s{0,40}</"
)
_LINE = re.compile(
    rb"[\"']?\]?(?:[ \t]{0,40}(?:=>|:=|\?=|=|:)[ \t]{0,40}|[ \t]{1,40}(?==[^\n]))"
    rb"(?:[|>][-+]?[ \t]*\r?\n[ \t]+)?([^\s\"'=>{}()\[\]|](?:[^\r\n]{0,190}[^\s])?)[ \t]*(?=\r?\n|$)"
)
_PAIR_LINE = re.compile(
    rb"[\"']?,?[ \t]{0,4}\r?\n[ \t]{0,40}(?:-[ \t]+)?[\"']?(?:value|VALUE|"
    rb"Value)[\"']?[ \t]{0,4}[:=][ \t]{0,4}([^\s\"'{}\[\]|>][^\r\n]{0,190}?)[ \t]*(?=\r?\n|$)"
)
_WORD = re.compile(rb"[ \t]{0,4}=[ \t]{0,4}((?:\\.|[^\s\"'`;&|<>()\\]){4,190})(?=[\s;&|\"'`)<\\]|$)")
_SAID = re.compile(_WORD.pattern.replace(rb"=", rb"[=:]", 1))
_DIRECTIVE = re.compile(rb"[ \t]{1,20}((?:\\.|[^\s=\\\"'])(?:\\.|[^\s\\]){3,190})[ \t]*(?=\r?\n|$)")
_DIRECTIVE_BEFORE = re.compile(rb"(?:^|\n)[ \t]*(?:ENV|ARG|setenv|set -[gxUL]+|SetEnv)[ \t]+$")
# What may stand before a name that only a blank parts from its value.
_SPACE_BEFORE = re.compile(
    rb"\#[ \t]{0,4}define[ \t]+$|[\s({:][:$(]{1,2}$|(?:^|\n)[ \t]{0,40}$|\bset\($|\b(?:[Ss]et|WITH|ENCRYPTED|LOGIN)\s$"
)
_OPENED = re.compile(rb"[(]\s{0,20}[\"'`]$")
_IDENTIFIER_BYTES: Final = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
# `arn:aws:secretsmanager:eu-west-1:123456789012:secret:crm`: a name of a thing, not of a value.
_ARN = re.compile(rb"arn:[\w*:/.-]*$")
# `Realm=X,AdminPassword=Y,Salt=Z`: where the next pair begins.
_NEXT_PAIR = re.compile(rb",[A-Za-z][\w.-]{1,40}=")
_SUFFIX = re.compile(rb"[\w-]*")
_HOW: Final = ("assign", "pair", "comma", "call", "space")
_EQUALS = re.compile(rb"[\"']?\]?[ \t]{0,40}[:=?]")
_LIBPQ = re.compile(rb"\w=[^\s\"'=,(]{1,80} $")
# A call that gets a secret is given its name: `get_secret("pip-extra-index-urls")`.
_ASKS = re.compile(
    rb"(?:\w+\.)*(?:[Gg]et|[Ff]etch|[Ll]oad|[Rr]ead|[Ff]ind|[Hh]as|[Dd]elete|[Rr]emove|[Ll]ist)(?:_|[A-Z])"
)
# Behind the first text of a table stands a colon, where that is the name of a value.
_KEY = re.compile(rb"[ \t]{0,4}:")
# Behind a call stands what it answers: `sign("", "test_secret") => "f7f9..."`.
_RESULT = re.compile(rb"[\"'`]?\)[ \t]*(?:=>|->|==)")
_MORE = re.compile(rb";[ \t]{0,2}[A-Za-z][A-Za-z ]{1,30}=")
_SEMICOLON = re.compile(rb"[ \t]*=[^;\"\n&]{4,80};")
_CONNECTION = re.compile(
    rb"[ \t]{0,4}=[ \t]{0,4}(\{[^{}\n]{4,100}\}|(?:\\[^\nnrt]|[^;&\s\"'<>\\]|"
    rb"(?<=[^;&\s\"'<>])'(?=[\w!]))+)(?=[;&\s<>\"']|\\[nrt]|$)"
)
_CONNECTION_WORD = re.compile(
    rb"[ \t]{0,4}=[ \t]{0,4}((?:\\[^\nnrt]|[^\s\"'<>\\]|(?<=[^\s\"'<>])'(?=[\w!]))+)(?=[\s<>\"']|\\[nrt]|$)"
)
_CONNECTION_LOOSE = re.compile(
    rb"[ \t]{0,4}=[ \t]{0,4}((?:\\[^\n]|&(?:quot|apos|amp|lt|gt|\#\d+);|"
    rb"[^;\"\n<>\\])+?)(?=;[ \t]{0,2}(?:[A-Z][\w ]*=|[\"'`)]|\r?\n|$)|[\"\n]|$)"
)

_CONFIGURATION = re.compile(
    r"(?:\.(?:env|envrc|ini|cfg|conf|cnf|config|properties|ya?ml|sls|toml|tfvars|rc|credentials|pypirc|npmrc|desktop|service|"
    r"po\d|inf|reg|ovpn|kdl|hocon)|rc|(?:^|/)(?:credentials|\.?my\.cnf|\.s3cfg|\.boto))(?:\.(?:example|dist|sample|local|bak|prod|dev|j2))?$|(?:^|/)\.env[\w.-]*$"
)
_SHELL = re.compile(
    r"\.(?:sh|bash|zsh|fish|ksh|csh|tcsh|bat|cmd|mk|command|profile|bashrc|zshrc)$|(?:^|/)(?:[\w.-]*Dockerfile[\w.-]*|Makefile|Containerfile|"
    r"\.(?:bash|zsh)\w*|\.profile|Procfile|Vagrantfile)$|[\w-]+\.dockerfile$"
)
_PROSE = re.compile(r"(?:^|/)[^./]+$|\.(?:ipynb|md|markdown|txt|rst|adoc|org|log|text|csv|tsv|eml|mbox|tex|wiki)$")
_COMMENT = re.compile(rb"[ \t]+(?:\#|;|//).*$")
_ENVIRONMENT_PATH = re.compile(r"(?:^|/)\.env[\w.-]*$|\.env(?:rc)?$")


@lru_cache(1024)
def _configuration(path: str | None) -> bool:
    """Return whether a value without quotes is a literal up to the line's end; where no path is, it may be."""
    return path is None or _CONFIGURATION.search(path) is not None


@lru_cache(1024)
def _prose(path: str | None) -> bool:
    return path is not None and _PROSE.search(path) is not None


@lru_cache(1024)
def _shell(path: str | None) -> bool:
    return path is not None and _SHELL.search(path) is not None


def _link(path: str | None) -> re.Pattern[bytes]:
    return _LINK_POWERSHELL if path is not None and path.endswith((".ps1", ".psm1", ".psd1")) else _LINK


class AssignedPassword:
    """A literal beside a name such as `password`: `password = "..."`, `<password>...</password>`, `;Password=...`."""

    kind = "password"
    most = 1.0
    expression = (
        ENGINE_CORE
        # What links: an assignment, a call or a pair in quotes, a type, an element, a blank before quotes.
        + r"""[\w-]{0,24}(?:\\?["'`\])}]{0,3}[ \t]{0,4}(?:[:=]|\?[:=]|<[-/]|\{ {0,2}get|"""
        r"""[({]\s{0,40}[@$\w]{0,2}["'`])|"""
        r"""\\?["'`][ \t]{0,4}(?:\]?,\s{0,40}[@$\w]{0,2}["'`]|\{\s)|["'`\])]{0,2}>|\[\w{0,12}\]|"""
        r"""\\?["'`\])}]{0,3}(?:\s{1,4}(?:["'@=]|[Aa]s\s)|\s{1,40}[Vv][Aa][Ll])|"""
        + BEHIND
        + r")|^[ \t]{0,8}(?:(?:ENV|setenv|SetEnv|set -[gxUL]{1,4})[ \t]{1,4})?[\w.-]{0,40}"
        + ENGINE_CORE
        + r"[\w-]{0,24}[ \t]{1,8}[^\s=]{4}|-[\w-]{0,30}"
        + ENGINE_CORE
        + r"""[\w-]{0,10}(?:[ \t]{1,4}[^\s-]|["']?\s{0,40}-[ \t])"""
    )

    def spans(self, text: bytes, hit: int, since: int, path: str | None) -> Iterator[Span]:
        """Yield the spans of `text` around the byte before `hit` that begin at `since` or later."""
        first = max(0, hit - 80)
        small = text[first:hit].lower()
        at = max(small.rfind(b"pass"), small.rfind(b"pwd"), small.rfind(b"secret"))
        core = CORE.match(small, at) if at >= 0 else None
        # Behind it another word may stand: `password: x`, then `psk: y`.
        for match in CORE.finditer(small, core.end() if core is not None else 0):
            core = match
        if core is None:
            return
        start, end = first + core.start(), first + core.end()
        suffix = _SUFFIX.match(text, end, end + 24)[0]  # type: ignore[index]
        at = end + len(suffix)
        head = text[max(0, start - 120) : start]
        before = head.rstrip(_IDENTIFIER_BYTES)
        if b"arn:" in head and _ARN.search(head) is not None:
            return
        word = text[start:end]
        identity = word.lower() == b"secret" and suffix.lower() in (b"_id", b"id")
        if not identity and not names_one(word, head[len(before) :], suffix, before[-2:]):
            return
        name = head[len(before) :] + word + suffix
        for how, first, last, sure in _values(text, at, name, before, path):
            if first >= since and not names_itself(name, text[first:last]):
                yield from _judged(text, first, last, sure - 0.2 * identity, how, path)


def _values(
    text: bytes, at: int, name: bytes, before: bytes, path: str | None
) -> Iterator[tuple[str, int, int, float]]:
    """Yield how a value behind `at` is linked with its name, where it is, and what that adds to the confidence."""
    stop = min(len(text), at + AHEAD)
    assigned = list(_assigned(text, at, stop, name, before, path))
    yield from assigned or linked(text, at, stop, name, before, path)


def _assigned(
    text: bytes, at: int, stop: int, name: bytes, before: bytes, path: str | None
) -> Iterator[tuple[str, int, int, float]]:
    link = _link(path).match(text, at, stop)
    if link is not None and _RESULT.match(text, at, stop):
        return
    if link is not None:
        group = next(group for group in (6, 7, 8, 9) if link[group] is not None)
        how = next(name for name in _HOW if link[name] is not None)
        if how == "call" and _ASKS.match(name):
            return
        if _KEY.match(text, link.end(), stop) and b"{" in text[at : link.start(group)]:
            return
        if how == "space" and text[link.start(group) : link.start(group) + 1] == b"-":
            return  # pass "-option" on
        # What stands in backticks behind a word is mostly a name in a text.
        if how == "space" and (
            group == 8
            or not (name.startswith(b"-") or _SPACE_BEFORE.search(before[-40:]) or (name == b"PASSWORD" and group == 7))
        ):
            return
        if how == "comma" and not _OPENED.search(before[-24:]):
            return  # one of a list of names
        yield how, *link.span(group), 0.0 if how in ("assign", "pair") else -0.05
        return
    if text[at : at + 1] in b">\"' <" and (element := _ELEMENT.match(text, at, stop)) is not None:
        yield "element", *element.span(1), 0.0
        return
    configuration = _configuration(path)
    if configuration and (pair := _PAIR_LINE.match(text, at, stop)):
        yield "line", *pair.span(1), 0.0
        return
    if text[at : at + 1] in b" \t" and _DIRECTIVE_BEFORE.search(before[-40:]):
        if (word := _DIRECTIVE.match(text, at, stop)) is not None:
            yield "directive", *word.span(1), 0.0
        return
    if _EQUALS.match(text, at, stop) is not None:
        yield from _unquoted(text, at, stop, before, path, configuration)


def _unquoted(
    text: bytes, at: int, stop: int, before: bytes, path: str | None, configuration: bool
) -> Iterator[tuple[str, int, int, float]]:
    tail = before[-100:].rstrip(b"\t")
    # `;Password=`, `&password=`, `?password=`, `user=crm password=`: in a connection string.
    connection = tail.rstrip(b" ").endswith((b";", b"?", b"&", b"%26", b"\\u0026")) or (
        tail.endswith(b" ") and b"=" in tail and _LIBPQ.search(tail) is not None
    )
    if path is not None and not connection and (configuration or path.endswith((".bat", ".cmd"))):
        line = _LINE.match(text, at, stop)
        if line is not None:
            start, end = line.span(1)
            value = _COMMENT.sub(b"", text[start:end])
            if _ENVIRONMENT_PATH.search(path):
                value = value.split()[0]
            yield "line", start, start + len(value), -0.05
            return
    if not connection:
        end = text.find(b"\n", at, at + 200)
        connection = _MORE.search(text, at, end if end >= 0 else min(len(text), at + 200)) is not None
    if connection:
        if tail.rstrip(b" \t").endswith(b";") or _SEMICOLON.match(text, at, at + 160):
            pattern = _CONNECTION_LOOSE
        else:
            pattern = _CONNECTION_WORD if tail.endswith(b" ") else _CONNECTION
        found = pattern.match(text, at, stop)
        if found is not None:
            yield "connection", *found.span(1), 0.0
            return
    shell = _shell(path)
    prose = _prose(path)
    if (shell or configuration or prose) and (word := (_SAID if prose else _WORD).match(text, at, stop)) is not None:
        yield "word", *word.span(1), -0.05 if shell else -0.2


_JENKINS = re.compile(rb"\{[\w ]{0,40}AQAAAB[\w+/= ]{3,}\}")
_IDENTIFIER = re.compile(rb"[A-Za-z_][\w]*(?:(?:\.|->|::)[A-Za-z_]\w*)*(?:\[\w*\])?[;,]?")


def _judged(text: bytes, start: int, end: int, sure: float, how: str, path: str | None) -> Iterator[Span]:
    value = text[start:end]
    if how in ("element", "directive", "word", "connection", "line"):
        if value[:1] in b"\"'" and value[-1:] == value[:1] and len(value) > 5:
            start, end, value = start + 1, end - 1, value[1:-1]
        if how == "word" and (following := _NEXT_PAIR.search(value)) is not None:
            end = start + following.start()
            value = text[start:end]
        if how in ("word", "connection") and (re.search(rb"^\{|^[\[(<]", value) or statement(value)):
            return
    least = 6 if how != "connection" else 5
    if len(value) < least or len(value) > 200 or value[:1].isspace() or value[-1:].isspace():
        return
    if uuid(value):
        sure += 0.1
    # Jenkins encrypts with a key that lies beside: `{AQAAABAAAA...}`.
    sure += 0.8 if how == "element" and _JENKINS.match(value) else strength(value)
    if translation_file(path) and not (value.isascii() and re.search(rb"\d", value)):
        sure -= 0.2 if value.isascii() else 0.4
    if (
        how == "word"
        and sure < -0.1
        and _IDENTIFIER.fullmatch(value)
        and not re.search(rb"\d\w*[A-Z]|\d.*\d.*\d", value)
    ):
        return
    if sure > 0:
        yield Span("password", "assigned-password", start, end, min(sure, 0.95))
