"""What a source file says of its own licence outside a header's prose: macros, variables, tags, banners, snippets.

Also takes out what REUSE says is no statement (ignore blocks). Looks at text only; knows nothing of folders.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final, NamedTuple

from drystone.detect.licenses.annotation import Evidence, LicenseAnnotation, LicenseState
from drystone.detect.licenses.declarations.values import Declaration, granted, read_value
from drystone.detect.licenses.matching.names import spdx_expression
from drystone.detect.licenses.matching.scan import join
from drystone.detect.licenses.matching.tags import find_tags
from drystone.detect.licenses.strictness import strictness

#: A banner is among the first bytes of a file; other statements are looked for in as much as is given.
_BANNER_BYTES: Final = 2048
_IGNORE: Final = re.compile(rb"REUSE-IgnoreStart.*?(?:REUSE-IgnoreEnd|\Z)", re.DOTALL)
_SNIPPET: Final = re.compile(rb"SPDX-SnippetBegin.*?(?:SPDX-SnippetEnd|\Z)", re.DOTALL)

#: The kernel's module licences (Documentation/process/license-rules.rst, "MODULE_LICENSE").
_MODULES: Final = {
    "GPL": "GPL-2.0-or-later", "GPL v2": "GPL-2.0-only", "GPL and additional rights": "GPL-2.0-or-later",
    "Dual BSD/GPL": "BSD-3-Clause OR GPL-2.0-only", "Dual MIT/GPL": "MIT OR GPL-2.0-only",
    "Dual MPL/GPL": "MPL-1.1 OR GPL-2.0-only",
}  # fmt: skip
_MODULE: Final = re.compile(rb"\bMODULE_LICENSE\s*\(\s*\"([^\"\n]{1,100})\"")
_DUNDER: Final = re.compile(rb"^__licen[sc]e__\s*(?::\s*\w+\s*)?=\s*[rub]?[\"']([^\"'\n]{1,200})[\"']", re.MULTILINE)
_TAG: Final = re.compile(
    rb"^[ \t]*(?:[/*#!;%>\"'-]|<!--|--){1,4}[>!*']?[ \t]*[@\\:]licen[sc]e:?[ \t]+([^\r\n]{1,200})",
    re.MULTILINE | re.IGNORECASE,
)
_LABEL: Final = re.compile(rb"org\.opencontainers\.image\.licenses[\"']?\s*[=:]\s*[\"']?([^\"'\s\\]{1,100})")
_RDF: Final = re.compile(rb"<(?:cc:)?license\s[^>]{0,100}?rdf:resource=[\"']([^\"'\n]{1,200})[\"']")
_REL: Final = re.compile(
    rb"<(?:a|link)\s(?=[^>]{0,300}\brel=[\"']?license\b)[^>]{0,300}\bhref=[\"'](https?://[^\"'\s>]{1,200})",
    re.IGNORECASE,
)
#: A tag whose whole value reserves all rights names no licence: "@license Copyright (c) Jane - all rights reserved".
#: Where the head has other words on licensing ("For licensing, see ..."), those say what holds.
_RESERVED: Final = re.compile(
    rb"^[ \t]*(?:(?:[/*#!;%>\"'(|{.-]|<!--|--|dnl |rem ){1,4}[>!*']?[ \t]*)?[@\\:]licen[sc]e:?[ \t]+"
    rb"((?:copyright|\(c\)|\xc2\xa9)[^\r\n]{1,160}?\ball rights reserved)[ \t.]*"
    rb"(?:\*+/|-->|\*\)|-\}|[\"']{3}|\**)[ \t]*\r?$",
    re.MULTILINE | re.IGNORECASE,
)
_LICENSING: Final = re.compile(rb"licen[sc]|permission|permitted|redistribut|spdx|public domain", re.IGNORECASE)
_HEAD_BYTES: Final = 16 * 1024
#: How a banner ends: a divider and a name. Few lines end so, and to look for that alone takes less time.
_ENDS: Final = (
    rb"([|,;])[ \t]*(?:(?:released |licen[sc]ed )?under (?:the )?|licen[sc]e:? ?)?([A-Za-z][\w.+ -]{1,40}?)"
    rb"(?: licen[sc]ed?)?[ \t.]*(?:(?:\*+[/)]?|-->|-\}|#\}|\]\]|[#|;%!'-]{1,4}|[\"']{3})[ \t]*\r?$|\*/|-->|\r?$)"
)
_ENDING: Final = re.compile(_ENDS, re.MULTILINE | re.IGNORECASE)
_BANNER: Final = re.compile(
    rb"^[ \t]*(?:(?:/\*!?|//!?|#|\*|;+|--|%+|!|<!--|\"|'|\(\*|\{-|\.\\\"|dnl\b|rem\b|C(?=[ \t]))"
    rb"[^\r\n]{0,200}?(?:\(c\)|\xc2\xa9|copyright)|"
    # Inside a block of comments a line begins with the mark itself, and a year tells it from code.
    rb"(?:copyright|\(c\)|\xc2\xa9)(?:[ \t]*(?:\(c\)|\xc2\xa9))?[ \t]*[0-9]{4})[^\r\n]{0,200}?" + _ENDS,
    re.MULTILINE | re.IGNORECASE,
)
_CLOSERS: Final = re.compile(r"\s*(?:\*/|-->|\*\)|#\}|\"\"\"|''').*$")


class _Kind(NamedTuple):
    """A kind of statement: a word that files without it lack, its pattern, its rule, and what its value says."""

    word: bytes
    pattern: re.Pattern[bytes]
    rule: str
    read: Callable[[str], list[Declaration]]
    ends: tuple[str, ...] = ()


def _module(value: str) -> list[Declaration]:
    known = _MODULES.get(value)
    return [granted("module", value, known, 0.95)] if known else read_value("module", value)


def _value(value: str) -> list[Declaration]:
    return read_value("statement", value)


def _tag(value: str) -> list[Declaration]:
    """Read `@license MIT`, `@license https://... MIT`: a name, not the beginning of a sentence."""
    value = _CLOSERS.sub("", value).strip(" .;")
    url, _, rest = value.partition(" ")
    if "://" in url and rest:
        value = rest.strip(" ()")
    if re.match(r"(?i)copyright\b|\(c\)|©", value):
        return []  # "@license Copyright 2020 Jane. All rights reserved. Use of this code is governed by ..."
    return read_value("tag", value) if len(value) <= 80 else []


_KINDS: Final = (
    _Kind(b"MODULE_LICENSE", _MODULE, "module-license", _module),
    _Kind(b"__licen", _DUNDER, "license-variable", _value),
    _Kind(b"@licen", _TAG, "license-tag", _tag),
    _Kind(b"\\licen", _TAG, "license-tag", _tag),
    _Kind(b":licen", _TAG, "license-tag", _tag),
    _Kind(b"image.licenses", _LABEL, "image-label", _value),
    _Kind(b"rdf:resource", _RDF, "rdf-license", _value, (".svg", ".rdf", ".xml", ".html", ".htm", ".xhtml")),
    _Kind(b"license", _REL, "rel-license", _value, (".html", ".htm", ".xhtml")),
)


def without_ignored(data: bytes) -> bytes:
    """Return the text without what stands between REUSE-IgnoreStart and REUSE-IgnoreEnd; lines stay where they are."""
    return _blank(_IGNORE, data) if b"REUSE-IgnoreStart" in data else data


def without_snippets(data: bytes) -> tuple[bytes, list[Evidence]]:
    """Return the text without its SPDX snippets, and what the tags in them say; lines stay where they are."""
    if b"SPDX-SnippetBegin" not in data:
        return data, []
    found: list[Evidence] = []
    for match in _SNIPPET.finditer(data):
        before = data.count(b"\n", 0, match.start())
        for e in find_tags(match.group()):
            lines = (e.start_line + before, e.end_line + before)
            found.append(Evidence(e.expression, *lines, "spdx-snippet", e.confidence))
    return _blank(_SNIPPET, data), found


def _blank(pattern: re.Pattern[bytes], data: bytes) -> bytes:
    return pattern.sub(lambda m: b"\n" * m.group().count(b"\n"), data)


def find_statements(data: bytes, path: str, valued: bool = True) -> LicenseAnnotation | None:
    """Return what statements in code say of the file, or None where there are none. Linear in `data`.

    Without `valued` only banners are looked for: for a caller who knows that no other statement's word is there.
    """
    said = [*(_statements(data, path.lower()) if valued else ()), *_banners(data)]
    if valued and not said and (reserved := _reserved(data)) is not None:
        said = [reserved]
    denied = [(rule, line) for rule, line, d in said if d.state is LicenseState.DENIED]
    unread = [(rule, line) for rule, line, d in said if d.state is LicenseState.NOT_UNDERSTOOD]
    evidence = [Evidence(d.answer[0], line, line, rule, d.answer[1]) for rule, line, d in said if d.answer]
    expression = join([e.expression for e in evidence], "AND") if evidence and not denied else None
    grounds = [Evidence("", line, line, f"denied:{rule}", 0.9) for rule, line in denied]
    if not denied and not evidence:
        grounds = [Evidence("", line, line, f"unread:{rule}", 0.5) for rule, line in unread]
    if not evidence and not grounds:
        return None
    values = "\n".join(f"{rule} {d.value}" for rule, _, d in said)
    return LicenseAnnotation(
        expression,
        "header",
        (*grounds, *evidence),
        unanswered=bool(grounds),
        denied=bool(denied),
        text_sha256=hashlib.sha256(values.encode("utf-8", "replace")).hexdigest(),
    )


def _statements(data: bytes, path: str) -> Iterator[tuple[str, int, Declaration]]:
    seen: set[str] = set()
    for kind in _KINDS:
        if kind.word not in data or (kind.ends and not path.endswith(kind.ends)) or kind.rule in seen:
            continue
        for match in list(kind.pattern.finditer(data))[:20]:
            seen.add(kind.rule)
            line = data.count(b"\n", 0, match.start(1)) + 1
            for d in kind.read(match[1].decode("utf-8", "replace").strip()):
                # A tag that is not understood is mostly the beginning of prose, which is read as such.
                if d.state is not LicenseState.NOT_UNDERSTOOD or kind.rule in {"module-license", "license-variable"}:
                    yield kind.rule, line, d


def _reserved(data: bytes) -> tuple[str, int, Declaration] | None:
    """Return a tag that reserves all rights, if nothing else in the head speaks of licensing."""
    if b"icense" not in data and b"ICENSE" not in data:
        return None
    head = data[:_HEAD_BYTES]
    match = _RESERVED.search(head)
    if match is None or len(_LICENSING.findall(head)) > 1:
        return None
    value = match[1].decode("utf-8", "replace")
    return "license-tag", head.count(b"\n", 0, match.start(1)) + 1, Declaration("tag", value, LicenseState.DENIED)


def _banners(data: bytes) -> Iterator[tuple[str, int, Declaration]]:
    """Yield the licences of banners: `/*! lib 1.0 | (c) Jane | MIT */`, `(c) Jane, GPL`.

    After a comma a permissive name is mostly the holder's ("(c) 1999, MIT").
    """
    head = data[:_BANNER_BYTES]
    for match in islice(_banner_lines(head), 4):
        value = match[2].decode("utf-8", "replace").strip()
        for d in read_value("banner", value):
            if d.answer is None or (spdx_expression(value) is None and not _FAMILY.search(value)):
                continue
            if match[1] == b"|" or (strictness(d.answer[0]) > 0 and _NAMED.match(value)):
                yield "banner", head.count(b"\n", 0, match.start(2)) + 1, d


def _banner_lines(head: bytes) -> Iterator[re.Match[bytes]]:
    """Yield what the pattern finds; it begins where a line does, and only lines with a copyright's mark can match."""
    read = 0
    for first, last in _marks(head):
        if first < read:
            continue
        start, end = head.rfind(b"\n", 0, first) + 1, head.find(b"\n", last)
        read = len(head) if end < 0 else end
        if _ENDING.search(head, last, read) and (match := _BANNER.match(head, start)) is not None:
            yield match


def _marks(head: bytes) -> list[tuple[int, int]]:
    """Return where a copyright's marks stand, in order. Searches for words outrun one for a pattern."""
    low = head.lower()
    found = []
    for mark in (b"(c)", b"\xc2\xa9", b"copyright"):
        at = low.find(mark)
        while at >= 0:
            found.append((at, at + len(mark)))
            at = low.find(mark, at + len(mark))
    return sorted(found)


#: How what follows a comma begins where it is a name, not a clause that holds one.
_NAMED: Final = re.compile(
    r"(?i)(?:(?:the|gnu|dual|dually|new|mit|bsd|apache)\b[\W\d]*)*(?:[al]?gpl|mpl|epl|eupl|cddl|cc|osl)|"
    r"\S+(?: licen[sc]e| v?[\d.]+)*$"
)
_FAMILY: Final = re.compile(
    r"(?i)\b(?:[al]?gpl|mpl|epl|eupl|cddl|bsd|mit|isc|apache|cc0|cc[- ]by|zlib|wtfpl|unlicense|osl)"
)
