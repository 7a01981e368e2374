"""READMEs and other pages by their headings: which part speaks of the licence, and which of other software or the past.

Works on the bytes of Markdown, reStructuredText, AsciiDoc and plain text; lines stay where they are. Knows no licences.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from drystone.detect.licenses.matching import abroad


class Page(NamedTuple):
    """A page as licence detection reads it: parts about other software, tables and the past are emptied.

    `licensing` holds the lines (first, last + 1; from 1) below headings that say licence.
    """

    text: bytes
    licensing: tuple[tuple[int, int], ...]


_HEADING: Final = re.compile(
    rb"^[ \t]{0,3}(?:(?P<mark>#{1,6}|={1,6})[ \t]*(?P<title>[^\n]{1,120}?)[ \t#=]*|"
    rb"\*\*(?P<bold>[^*\n]{1,80})\*\*:?|<h(?P<level>[1-6])[^>\n]{0,200}>(?P<html>[^\n]{1,120}?)(?:</h[1-6]>)?)[ \t\r]*$"
)
_UNDERLINE: Final = re.compile(rb"^[ \t]*(=|-|~|\^|\"|\*|\+)\1{2,}[ \t\r]*$")
#: First characters of what the two patterns above match.
_HEADS: Final = frozenset({b"#", b"=", b"*", b"<"})
_LINES: Final = frozenset({b"=", b"-", b"~", b"^", b'"', b"*", b"+"})
_TABLE: Final = re.compile(rb"^[ \t]*(?:\|.*\||[^|\n]{1,200}\|[^|\n]{1,200}\|.*|\+[-=+]{4,}\+?|<t[rdh][ >].*)[ \t\r]*$")
_LICENSING: Final = re.compile(
    r"licen[scz]|copying|copyright|^\W*legal(?: notices?| information)?\W*$|版权|版權|著作権|저작권|" + abroad.HEADING,
    re.IGNORECASE,
)
_OTHERS: Final = re.compile(
    r"third[- ]?part|3rd[- ]?part|dependenc|acknowledg|credits|attribution|notices|libraries|built with|powered by|"
    r"thanks|change ?log|changes|history|release notes|releases|news|what.?s new|related|alternatives|comparison|"
    r"compared|similar|prerequisites|requirements|inspir|resources|see also|faq|frequently asked|roadmap|todo|"
    + abroad.OTHERS,
    re.IGNORECASE,
)
_REFERS: Final = re.compile(
    rb"\b(?:see|refer to|read|consult|found in|stated in|described in|in)\s+(?:the\s+)?(?:file\s+)?[`\"'(<]?"
    rb"((?!\.|licenses/)(?:[\w.-]+/)+(?:licen[sc]e|copying|eula)[\w.-]*)",
    re.IGNORECASE,
)
#: What every such place holds; most texts hold none of them.
_REFERRED: Final = (b"/licen", b"/copying", b"/eula")
_BADGE: Final = re.compile(rb"badge/[^\s)\"'>]{1,200}")
#: A page's title may hold such words; these alone say that the whole page is about others or the past.
_TITLES: Final = re.compile(
    r"(?:third|3rd)[- ]?party\b.*|change ?log|changes|history|release notes|releases|news|credits|acknowledge?ments?",
    re.IGNORECASE,
)
_CHANGES: Final = re.compile(
    r"^(?:changes|changelog|change[-_]log|history|news|what\W?s[-_]?new|release[-_]?notes|releases)\b", re.IGNORECASE
)


_MARKUP: Final = re.compile(
    rb"^[^<]{0,20}<(?:!doctype html|html[\s>]|\?xml\b[^>]{0,100}>\s*<(?:!doctype html|html[\s>]))", re.IGNORECASE
)
#: What begins that no reader sees; a comment, a style, a script and a head last until their own ends.
_UNSEEN: Final = re.compile(
    rb"<!--|<(?P<of>style|script|head)\b[^>]{0,500}>|<![^>]{0,1000}>|<\?[^>]{0,1000}>", re.IGNORECASE
)
_BLOCK: Final = re.compile(
    rb"</?(?:p|div|br|li|ul|ol|h[1-6]|td|tr|table|title|body|section|pre)\b[^>]{0,1000}>", re.IGNORECASE
)
_TAG: Final = re.compile(rb"</?[a-zA-Z][^<>]{0,1000}>")


def without_markup(text: bytes) -> bytes:
    """Return an HTML page without tags, style and script; blocks end sentences, and lines stay where they are.

    What is no page stays as it is: a document type names its standard, not a licence.
    """
    if _MARKUP.match(text, 0, 400) is None:
        return text
    text = _without_unseen(text)
    for pattern, instead in ((_BLOCK, b". "), (_TAG, b" ")):
        text = pattern.sub(partial(_blank, instead), text)
    return text


def _without_unseen(text: bytes) -> bytes:
    """Take out what no reader sees. Each end is looked for once from each place, so that time grows with the text."""
    low = text.lower()
    pieces: list[bytes] = []
    kept = at = 0
    endless: set[bytes] = set()
    while (begin := _UNSEEN.search(text, at)) is not None:
        at = begin.end()
        end = b"-->" if begin.group() == b"<!--" else b"</%b>" % begin["of"].lower() if begin["of"] else b""
        stop = low.find(end, at) if end not in endless else -1
        if stop < 0:
            endless.add(end)
            continue
        at = stop + len(end)
        pieces += (text[kept : begin.start()], b" " + b"\n" * text.count(b"\n", begin.start(), at))
        kept = at
    return b"".join([*pieces, text[kept:]])


def _blank(instead: bytes, match: re.Match[bytes]) -> bytes:
    return instead + b"\n" * match.group().count(b"\n")


def tells_the_past(path: str) -> bool:
    """Whether a path names a list of changes, which says of a licence what it was."""
    return _CHANGES.match(path.rpartition("/")[2]) is not None


def refers_to(text: bytes) -> tuple[str, int] | None:
    """Return the licence file in another folder to which a file's head sends its reader, and the line of it."""
    low = text.lower()
    if not any(name in low for name in _REFERRED):
        return None
    match = _REFERS.search(text)
    return (match[1].decode(), text.count(b"\n", 0, match.start(1)) + 1) if match is not None else None


def page(text: bytes) -> Page:
    """Return a page's parts. Headings end with a full stop, so that no sentence crosses them."""
    lines = text.split(b"\n")
    headings = _headings(lines)
    kept = list(lines)
    licensing: list[tuple[int, int]] = []
    foreign = 0  # the level of the heading that the lines below it stand under, if that is about others
    for number, (at, level, title) in enumerate(headings):
        end = headings[number + 1][0] if number + 1 < len(headings) else len(lines)
        says = _LICENSING.search(title) is not None
        others = (_OTHERS.search(title) if number else _TITLES.fullmatch(title.strip())) is not None
        if foreign and level <= foreign:
            foreign = 0
        if others and not foreign:
            foreign = level
        if foreign and not (says and not others):
            kept[at:end] = [b""] * (end - at)
            continue
        if says:
            licensing.append((at + 1, end + 1))
        kept[at] = lines[at].rstrip() + b"."
        if at and kept[at - 1].strip():
            kept[at - 1] = kept[at - 1].rstrip() + b"."
    inside = [False] * (len(lines) + 1)
    for first, last in licensing:
        inside[first - 1 : last - 1] = [True] * (last - first)
    marked = any(mark in text for mark in (b"|", b"+", b"<t", b"badge/"))
    for at, written in enumerate(kept if marked else ()):
        line = written
        if b"badge/" in line:
            line = kept[at] = _BADGE.sub(lambda m: unquote_to_bytes(m.group()).replace(b"\n", b" "), line)
        if (b"|" in line or b"+" in line or b"<t" in line) and not inside[at] and _TABLE.match(line):
            kept[at] = b""
    return Page(b"\n".join(kept), tuple(licensing))


def _headings(lines: list[bytes]) -> list[tuple[int, int, str]]:
    """Return (place, level, title) of each heading; code between fences has none."""
    found: list[tuple[int, int, str]] = []
    fenced = False
    for at, line in enumerate(lines):
        if line.lstrip().startswith((b"```", b"~~~")):
            fenced = not fenced
            continue
        if fenced or not line.strip():
            continue
        begins = line.lstrip(b" \t")[:1]
        if len(line) <= 200 and begins in _HEADS and (match := _HEADING.match(line)) is not None:
            title = match["title"] or match["bold"] or match["html"]
            level = len(match["mark"] or b"") or int(match["level"] or 0) or 6
            if title.strip(b"#=*-~ \t"):
                found.append((at, level, title.decode("utf-8", "replace")))
        elif (
            len(line) <= 120
            and at + 1 < len(lines)
            and lines[at + 1].lstrip(b" \t")[:1] in _LINES
            and (under := _UNDERLINE.match(lines[at + 1])) is not None
        ):
            if b"|" in line or len(lines[at + 1].strip()) + 3 < len(line.strip()):
                continue
            found.append(
                (at, 1 if under[1] in b"=*" else 2 if under[1] == b"-" else 3, line.decode("utf-8", "replace"))
            )
    return found
