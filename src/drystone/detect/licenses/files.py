"""Reads one file that may say under which licence it or its neighbours stand, by the kind that its path names.

Pure: bytes and path in, annotation out. Knows nothing of repositories.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import Final

from drystone.detect._kernel import ComparableWords
from drystone.detect.licenses.annotation import TRUNCATED, Evidence, Kind, LicenseAnnotation, LicenseState
from drystone.detect.licenses.declarations.debian import find_stanzas
from drystone.detect.licenses.declarations.metadata import find_declarations
from drystone.detect.licenses.declarations.reuse import find_reuse
from drystone.detect.licenses.declarations.statements import without_ignored
from drystone.detect.licenses.matching.prose import page, without_markup
from drystone.detect.licenses.matching.scan import speaks_of_licensing
from drystone.detect.licenses.paths import FileKind, file_kind, names_license, names_source_code
from drystone.detect.licenses.texts import as_utf8, detect_text

#: Names of files that hold a licence, and not only whose work it is.
_CLAIMS: Final = re.compile(r"(?:^|[/._ -])(?:un)?(?:li[cs]en[cs]e|copying|copyleft|eula|terms)[^/]*$", re.IGNORECASE)
#: What documents begin with whose text is not read.
_DOCUMENTS: Final = (b"%PDF-", b"%!PS")
#: A licence file is read up to this size, in bytes. The longest known collections of third-party licences are shorter
#: than this, or repeat what stands before.
MAX_BYTES: Final = 1 << 20


#: How the rule of a licence file begins of which nothing could be read.
UNREAD: Final = "unread:"


_HOLDER_ONLY: Final = re.compile(
    rb"\s*(?:(?i:(?:copyright )?year|copyright (?:holder|owner)|organi[sz]ation)[ \t]*:[^\n]{0,300}(?:\n\s*|\Z)){1,4}"
)


#: A licence file that only says where the licence stands: "See ../LICENSE", "../../COPYING".
_ELSEWHERE: Final = re.compile(
    rb"[\s\"'<(*#]{0,20}(?i:(?:please )?(?:see|refer to|read)\b[^\n/]{0,80}?"
    rb"((?:[\w.-]*/)*(?:licen[sc]e|copying)[\w.-]*?)"
    rb"(?:[\s,)\"'`>.][^\n]{0,120})?|((?:\.{1,2}/)+[\w./-]{1,200}))\s*"
)
#: Bytes of such a file at most.
_POINTER: Final = 1000


def unread_text(why: str) -> LicenseAnnotation:
    """Return what a licence file says that is there and cannot be read: not understood, which is not absent."""
    word = why.partition(":")[0].replace(" ", "-")
    return LicenseAnnotation(None, "text", (Evidence("", 1, 1, f"{UNREAD}{word}", 0.5),), unanswered=True, notes=(why,))


def detect_file(data: bytes, path: str) -> LicenseAnnotation:
    """Return what the licence, README, notice or metadata file at `path` says.

    Binary and damaged content gives an annotation without expression, never an exception; at most the first MiB is
    read, which `notes` then tells.
    """
    kind = file_kind(path)
    notes: list[str] = []
    if len(data) > MAX_BYTES:
        data, notes = data[:MAX_BYTES], [TRUNCATED]
    text = as_utf8(data)
    claims = kind != "text" or _CLAIMS.search(path) is not None
    if text is None or text.startswith(_DOCUMENTS):
        return unread_text("binary") if claims else LicenseAnnotation(None, "text", notes=("binary", *notes))
    if not text.strip():
        return unread_text("empty") if claims else LicenseAnnotation(None, "text", notes=("empty",))
    text = without_ignored(text)
    if kind == "metadata":
        found = find_declarations(text, path)
        return replace(found, notes=(*notes, *found.notes))
    if kind == "debian":
        stanzas = find_stanzas(text, "" if path.endswith("copyright") else "aggregate")
        if stanzas is not None:
            return stanzas
    if kind == "reuse":
        return find_reuse(text)
    text = without_markup(text)
    if kind in {"readme", "notice"}:
        read = page(text)
        return detect_text(read.text, kind, strict=True, notes=tuple(notes), licensing=read.licensing)
    # A name with the word Apache or BSD in it may be that of anything.
    strict = kind == "text" and (names_source_code(path) or not names_license(path))
    if _HOLDER_ONLY.fullmatch(text):  # of CRAN, beside "License: MIT + file LICENSE": the year and the holder of a text
        return LicenseAnnotation(None, "text", notes=("year and holder", *notes))
    found = detect_text(text, _kind(kind), strict=strict, notes=tuple(notes))
    if strict or found.evidence:
        return found
    short = text.strip()
    points = claims and found.state is LicenseState.ABSENT and len(short) <= _POINTER
    if points and (elsewhere := _ELSEWHERE.fullmatch(short)) is not None:
        target = (elsewhere[1] or elsewhere[2] or b"").decode("utf-8", "replace")
        return replace(found, points_to=(target if "/" in target else "",))
    if claims and found.state is LicenseState.ABSENT and found.copyrights:
        # A licence file that only claims a copyright reserves all rights.
        claim = Evidence("", 1, 1, "denied:rights reserved", 0.8)
        return replace(found, evidence=(claim,), denied=True, text_sha256=hashlib.sha256(text).hexdigest())
    if not claims and found.unanswered:
        # "mpl-data/classic.mplstyle", "bsd.rst": only a word of the name says licence.
        words = ComparableWords(text).text.decode("latin-1")
        return replace(found, unanswered=speaks_of_licensing(words))
    return found


def _kind(kind: FileKind) -> Kind:
    if kind in {"readme", "notice", "metadata"}:
        return kind
    return "metadata" if kind == "reuse" else "text"
