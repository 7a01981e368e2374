"""Debian copyright files (DEP-5, also REUSE's .reuse/dep5): stanzas of file patterns with their licences.

Knows nothing of what the patterns match. Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/.
"""

from __future__ import annotations

import re
from typing import Final

from drystone.detect.licenses.annotation import Evidence, LicenseAnnotation, PathRule, Precedence
from drystone.detect.licenses.matching.names import declared
from drystone.detect.licenses.matching.scan import join

_FIELD: Final = re.compile(r"^([A-Za-z][A-Za-z-]*):[ \t]*(.*)$")
#: Short names of the format that SPDX spells otherwise.
_SHORT: Final = {
    "expat": "MIT", "bsd-2-clause": "BSD-2-Clause", "bsd-3-clause": "BSD-3-Clause", "bsd-4-clause": "BSD-4-Clause",
    "apache": "Apache-2.0", "artistic": "Artistic-1.0-Perl", "perl": "Artistic-1.0-Perl OR GPL-1.0-or-later",
    "zlib/libpng": "Zlib", "psf-2": "PSF-2.0", "public-domain": "LicenseRef-scancode-public-domain", "mpl-2": "MPL-2.0",
    "cc0": "CC0-1.0", "x11": "X11", "isc": "ISC", "zlib": "Zlib", "gfdl": "GFDL-1.1-or-later", "ofl-1.1": "OFL-1.1",
    "gpl": "GPL-1.0-or-later", "lgpl": "LGPL-2.0-or-later", "python": "Python-2.0",
}  # fmt: skip
_MAX_STANZAS: Final = 2000


def find_stanzas(data: bytes, precedence: Precedence = "") -> LicenseAnnotation | None:
    """Return what a machine-readable copyright file says, or None where it is free text.

    `precedence` is that of its patterns: "aggregate" for REUSE's .reuse/dep5, as REUSE 3.3 has it.
    """
    text = data.decode("utf-8", "replace")
    if not re.search(r"^(?:Format|Format-Specification):", text[:5000], re.MULTILINE | re.IGNORECASE):
        return None
    evidence: list[Evidence] = []
    rules: list[PathRule] = []
    copyrights: dict[str, None] = {}
    unread: list[str] = []
    for fields in _stanzas(text)[:_MAX_STANZAS]:
        if "files" not in fields:
            continue
        for line in fields.get("copyright", ("", 0))[0].splitlines():
            if line.strip(" .\t"):
                copyrights["Copyright " + line.strip()] = None
        value, number = fields.get("license", ("", 0))
        short = value.splitlines()[0].strip() if value.strip() else ""
        if not short:
            continue
        answer = short_name(short)
        if answer is None:
            unread.append(short)
            answer = f"LicenseRef-unlisted-{re.sub(r'[^A-Za-z0-9.-]+', '-', short)[:60].strip('-') or 'x'}"
        evidence.append(Evidence(answer, number, number, "debian-copyright", 0.9 if short not in unread else 0.5))
        rules += [PathRule(p, answer, "debian", precedence, number) for p in fields["files"][0].split()]
    if not evidence:
        return None
    main = [rule.expression for rule in rules if rule.pattern == "*"]
    return LicenseAnnotation(
        expression=main[-1] if main else None if precedence else join([e.expression for e in evidence], "AND"),
        kind="metadata",
        evidence=tuple(evidence),
        copyrights=tuple(copyrights)[:500],
        paths=tuple(rules),
        notes=tuple(f"unread declaration: {s[:80]}" for s in unread[:20]),
    )


def short_name(text: str) -> str | None:
    """Return the SPDX expression of a DEP-5 License field ("GPL-2+ or Artistic-1.0", "Expat and BSD-3-clause")."""
    ors: list[str] = []
    for choice in re.split(r",?\s+or\s+", text, flags=re.IGNORECASE):
        ands: list[str] = []
        for part in re.split(r",?\s+and\s+|,\s*", choice, flags=re.IGNORECASE):
            name = part.strip()
            if not name:
                continue
            # An exception only adds permissions; without its SPDX name the licence itself is the safe reading.
            bare = re.split(r"\s+with\s+", name, maxsplit=1)[0]
            answer = _SHORT.get(bare.lower())
            if answer is None:
                found = declared(re.sub(r"^((?:L|A)?GPL)-(\d(?:\.\d)?)(\+?)$", r"\1v\2\3", bare))
                answer = found[0] if found else None
            if answer is None:
                return None
            ands.append(answer)
        if ands:
            ors.append(join(ands, "AND"))
    return join(ors, "OR") if ors else None


def _stanzas(text: str) -> list[dict[str, tuple[str, int]]]:
    """Return the paragraphs: field name in lower case -> (value with its continuation lines, first line)."""
    stanzas: list[dict[str, tuple[str, int]]] = [{}]
    name = ""
    parts: list[str] = []
    first = 0

    def close() -> None:
        if name:
            stanzas[-1][name] = ("\n".join(parts), first)

    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            close()
            name, parts = "", []
            if stanzas[-1]:
                stanzas.append({})
        elif line[0] in " \t":
            parts.append(line.strip())
        elif (match := _FIELD.match(line)) is not None:
            close()
            name, parts, first = match[1].lower(), [match[2]], number
    close()
    return stanzas
