"""Software Heritage identifiers (SWHID, ISO/IEC 18670): parse, write, qualify.

Section numbers are those of the specification's chapters 4 (syntax), 5 (core) and 6 (qualified identifiers). Knows
nothing of what an identifier stands for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote, unquote, unquote_to_bytes

from drystone.errors import UsageError

CONTENT: Final = "cnt"
DIRECTORY: Final = "dir"
REVISION: Final = "rev"
RELEASE: Final = "rel"
SNAPSHOT: Final = "snp"

#: Where the archive resolves SWHIDs, with all their qualifiers.
ARCHIVE: Final = "https://archive.softwareheritage.org/"

_CORE = re.compile(r"swh:1:(cnt|dir|rev|rel|snp):([0-9a-f]{40})\Z")
_RANGE = re.compile(r"([0-9]{1,18})(?:-([0-9]{1,18}))?\Z")
_ANCHORS = (DIRECTORY, REVISION, RELEASE, SNAPSHOT)


@dataclass(frozen=True, slots=True)
class Swhid:
    """One identifier with its qualifiers, always valid and always in canonical form.

    `hash` is 40 lowercase hex digits. `visit` and `anchor` are core identifiers. `path` is bytes and begins with "/".
    `lines` (from 1) and `bytes` (from 0) are inclusive ranges; a single position has equal ends.
    Qualifiers that the specification calls invalid are left out when one is made: `visit` without `origin`, `anchor`
    without `path`, ranges of what is not a content, `lines` beside `bytes` (6.1, 6.2).
    """

    kind: str
    hash: str
    origin: str | None = None
    visit: Swhid | None = None
    anchor: Swhid | None = None
    path: bytes | None = None
    lines: tuple[int, int] | None = None
    bytes: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if not _CORE.match(f"swh:1:{self.kind}:{self.hash}"):
            raise UsageError(f"swh:1:{self.kind}:{self.hash} is not a SWHID: {_FORM}")
        if self.visit is not None and (self.origin is None or self.visit.kind != SNAPSHOT):
            object.__setattr__(self, "visit", None)
        if self.anchor is not None and (self.path is None or self.anchor.kind not in _ANCHORS):
            object.__setattr__(self, "anchor", None)
        if self.kind != CONTENT:
            object.__setattr__(self, "lines", None)
            object.__setattr__(self, "bytes", None)
        if self.bytes is not None:
            object.__setattr__(self, "lines", None)

    @property
    def core(self) -> Swhid:
        """The identifier without qualifiers."""
        return Swhid(self.kind, self.hash)

    @property
    def digest(self) -> _Bytes:
        """The hash as 20 bytes."""
        return _Bytes.fromhex(self.hash)

    def __str__(self) -> str:
        parts = [f"swh:1:{self.kind}:{self.hash}"]
        if self.origin is not None:
            parts.append("origin=" + _escape(self.origin))
        if self.visit is not None:
            parts.append(f"visit={self.visit.core}")
        if self.anchor is not None:
            parts.append(f"anchor={self.anchor.core}")
        if self.path is not None:
            parts.append("path=" + _escape_path(self.path))
        if self.lines is not None:
            parts.append("lines=" + _write_range(self.lines))
        if self.bytes is not None:
            parts.append("bytes=" + _write_range(self.bytes))
        return ";".join(parts)


_Bytes = bytes
_FORM = 'it reads "swh:1:", one of cnt, dir, rev, rel, snp, ":", and 40 lowercase hex digits'


def parse(text: str) -> Swhid:
    """Return the identifier that `text` writes; raise `UsageError` where it writes none.

    Qualifiers may come in any order. Those of the wrong kind or without the qualifier that they need are ignored, as
    the specification asks (chapter 6); unknown, repeated and malformed ones are errors.
    """
    core, *rest = text.split(";")
    swhid = _parse_core(core, text)
    seen: dict[str, str] = {}
    for qualifier in rest:
        key, equals, value = qualifier.partition("=")
        if not equals or not value or key not in _PARSERS:
            raise UsageError(
                f"{text} is not a SWHID: {qualifier!r} is not a qualifier; known are {', '.join(_PARSERS)}"
            )
        if key in seen:
            raise UsageError(f"{text} is not a SWHID: the qualifier {key!r} comes twice")
        seen[key] = value
    # Together, so that what is valid only beside another qualifier does not depend on their order.
    return replace(swhid, **{key: _PARSERS[key](value, text) for key, value in seen.items()})  # type: ignore[arg-type]


def link(swhid: Swhid) -> str:
    """Return the address at which the Software Heritage archive shows what a SWHID names, if it holds it."""
    # Once more in percent-encoding, as a part of any address is: the SWHID's own "%3B" must arrive as it is.
    return ARCHIVE + quote(str(swhid), safe="/:;=@,~+$!*'()&-._")


def from_link(address: str) -> Swhid:
    """Return the SWHID of an address as `link` writes it; raise `UsageError` where it holds none."""
    rest = address.removeprefix("http://").removeprefix("https://").partition("/")
    if rest[0] != ARCHIVE.split("/")[2] or "#" in address or "?" in address:
        raise UsageError(f"{address} is not a link to a SWHID: it reads {ARCHIVE}swh:1:...")
    return parse(unquote(rest[2], errors="surrogateescape").removesuffix("/"))


def is_swhid(text: str) -> bool:
    """Return whether `text` begins as a SWHID does, well-formed or not."""
    return text.startswith("swh:")


def content(blob: _Bytes | str) -> str:
    """Return the core SWHID of a content by its git blob hash (20 bytes or hex)."""
    return f"swh:1:cnt:{blob if isinstance(blob, str) else blob.hex()}"


def _parse_core(text: str, whole: str) -> Swhid:
    match = _CORE.match(text)
    if not match:
        raise UsageError(f"{whole} is not a SWHID: {_FORM}")
    return Swhid(match[1], match[2])


def _parse_origin(value: str, whole: str) -> str:
    return unquote(value, errors="surrogateescape")


def _parse_path(value: str, whole: str) -> _Bytes:
    path = unquote_to_bytes(value.encode("utf-8", "surrogateescape"))
    if not path.startswith(b"/"):
        raise UsageError(f"{whole} is not a SWHID: the path qualifier is absolute, it begins with '/'")
    return path


def _parse_range(value: str, whole: str) -> tuple[int, int]:
    match = _RANGE.match(value)
    if match:
        first, last = int(match[1]), int(match[2] or match[1])
        if first <= last:
            return first, last
    raise UsageError(f"{whole} is not a SWHID: {value!r} is not a range such as 9 or 9-15")


def _parse_lines(value: str, whole: str) -> tuple[int, int]:
    first, last = _parse_range(value, whole)
    if first == 0:
        raise UsageError(f"{whole} is not a SWHID: lines count from 1")
    return first, last


_PARSERS = {
    "origin": _parse_origin,
    "visit": _parse_core,
    "anchor": _parse_core,
    "path": _parse_path,
    "lines": _parse_lines,
    "bytes": _parse_range,
}


def _write_range(ends: tuple[int, int]) -> str:
    first, last = ends
    return str(first) if first == last else f"{first}-{last}"


#: What needs no escaping: most origins and paths.
_PLAIN = re.compile(r"[!-$&-:<-~]*\Z")


def _escape(text: str) -> str:
    """Percent-encode what would end or change a qualifier: "%", ";", white space and control characters (4.2)."""
    if _PLAIN.match(text):
        return text
    out = []
    for character in text:
        control = character < " " or "\x7f" <= character <= "\x9f" or "\ud800" <= character <= "\udfff"
        if character in "%;" or character.isspace() or control:
            out.append("".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogateescape")))
        else:
            out.append(character)
    return "".join(out)


def _escape_path(path: _Bytes) -> str:
    return _escape(path.decode("utf-8", "surrogateescape"))
