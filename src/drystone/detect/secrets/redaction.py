"""Text without its spans: placeholders, or surrogates of the same shape. Finds nothing; decides nothing.

A Python, JSON or YAML file that parsed before parses after: where placeholders would break it (a number that is no
longer one), the file gets surrogates instead.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final

from drystone.detect.secrets.parses import may_break, parses
from drystone.detect.secrets.settings import ScanSettings
from drystone.detect.secrets.spans import Span, after_escape
from drystone.detect.secrets.surrogates import surrogate

_KEY_LINE: Final = re.compile(rb"[A-Za-z0-9+/=]{16,}|[A-Za-z0-9+/]{2,15}={0,2}")
#: In these a bare `<EMAIL>` would be a tag.
_LISTED_MARKUP = (
    ".xml .html .htm .xhtml .svg .xsd .xsl .xslt .pom .plist .csproj .vbproj .fsproj .vcxproj .props "
    ".targets .nuspec .resx .xaml .wsdl .rss .kml .gpx .jsx .tsx .vue .svelte .jsp .jspx .cshtml "
    ".storyboard .xib .dtd .rdf .owl .config .settings .manifest .proj .wxs .wxi .ps1xml .jelly .tld .ftl "
    ".hbs .ejs .erb .twig .mxml .fxml .razor .aspx .ascx .master .jrxml .drl .bpmn .dita .docbook .atom "
    ".opml .xlf .xliff .wadl .xul .gexf .graphml .collada .dae .x3d .mml"
)
_SHELL: Final = re.compile(r"\.(?:sh|bash|zsh|ksh|fish|bats|envrc)$|(?:^|/)\.(?:bash|zsh)\w*$|(?:^|/)\.profile$")
#: Ends of programs, in which a bare `<EMAIL>` is no value.
_PROGRAM: Final = re.compile(
    _SHELL.pattern + r"|\.(?:c|h|cc|cpp|cxx|hpp|hh|cs|java|kts?|scala|groovy|go|rs|swift|mjs|cjs|js|jsx|ts|tsx|php|rb|"
    r"lua|dart|jl|hs|ml|sql|toml|tf|hcl)$"
)
_MARKUP: Final = frozenset(_LISTED_MARKUP.split())


def placeholder(kind: str, path: str | None = None) -> bytes:
    """Return what stands for a span of `kind`: `<EMAIL>`, or `&lt;EMAIL&gt;` where a tag would be read."""
    name = kind.upper()
    markup = path is not None and PurePosixPath(path.lower()).suffix in _MARKUP
    return f"&lt;{name}&gt;".encode() if markup else f"<{name}>".encode()


def redact(
    data: bytes, spans: Sequence[Span], settings: ScanSettings, path: str | None = None
) -> tuple[bytes, list[Span]]:
    """Return the text without the spans, and the spans that were replaced (offsets into `data`).

    `spans` are sorted and do not overlap, as `Scanner.scan` gives them. Kinds in `settings.keep` stay. Of a private
    key's block only the lines of the key go, so that quotes and line ends around them stay.
    """
    gone = [span for span in spans if span.kind not in settings.keep]
    if not gone:
        return data, []
    if settings.replacement == "surrogate":
        return _write(data, _surrogates(data, gone)), gone
    changes = list(_placeholders(data, gone, path))
    written = _write(data, changes)
    if may_break(data, changes, path) and parses(written, path) is False and parses(data, path):
        written = _write(data, _surrogates(data, gone))
    return written, gone


def _write(data: bytes, changes: Iterable[tuple[int, int, bytes]]) -> bytes:
    parts, at = [], 0
    for start, end, text in changes:
        parts += [data[at:start], text]
        at = end
    return b"".join([*parts, data[at:]])


def _key_lines(data: bytes, span: Span) -> Iterator[tuple[int, int]]:
    """Yield the pieces of a private key's body: not the quotes, escapes, headers and line ends between them."""
    for match in _KEY_LINE.finditer(data, span.start, span.end):
        start = after_escape(data, match.start(), match.end())
        if start < match.end():
            yield start, match.end()


def _bare(data: bytes, start: int, path: str | None) -> bool:
    """Return whether a program has no quote and no comment open on the line before `start`."""
    if path is None or not _PROGRAM.search(path):
        return False
    line = (
        data[max(data.rfind(b"\n", max(0, start - 400), start) + 1, start - 400) : start]
        .replace(b"\\'", b"")
        .replace(b'\\"', b"")
    )
    if re.search(rb"//|(?:^|\s)#|/\*|^\s*\*|--", line):
        return False
    return line.count(b'"') % 2 == 0 and line.count(b"'") % 2 == 0 and line.count(b"`") % 2 == 0


def _placeholders(data: bytes, spans: Sequence[Span], path: str | None) -> Iterator[tuple[int, int, bytes]]:
    for span in spans:
        text = placeholder(span.kind, path)
        if span.kind != "private_key":
            if _bare(data, span.start, path):
                if path is not None and _SHELL.search(path):
                    text = text.replace(b"<", b"\\<").replace(b">", b"\\>")  # no redirection
                elif data[span.start : span.end].replace(b"_", b"").isdigit():
                    text = surrogate(data[span.start : span.end], hashlib.blake2b(data, digest_size=32).digest())
            yield span.start, span.end, text
            continue
        for start, end in _key_lines(data, span):
            yield start, end, text
            text = b""


def _surrogates(data: bytes, spans: Sequence[Span]) -> Iterator[tuple[int, int, bytes]]:
    key = hashlib.blake2b(data, digest_size=32).digest()
    for span in spans:
        pieces = _key_lines(data, span) if span.kind == "private_key" else [(span.start, span.end)]
        for start, end in pieces:
            yield start, end, surrogate(data[start:end], key)
