"""SPDX-License-Identifier tags (SPDX annex E, REUSE 3) in files and headers.

Knows nothing of licence texts.
"""

from __future__ import annotations

import re
from typing import Final

from drystone.detect.licenses.annotation import Evidence
from drystone.detect.licenses.matching.names import declared, spdx_expression

_TAG: Final = re.compile(rb"SPDX-License-Identifier:[ \t]*([^\r\n]{1,400})", re.IGNORECASE)
#: What may close a tag's line: the end of a comment, of a quoted string, of a macro.
_CLOSERS: Final = re.compile(
    r"(?:\*/|-->|\*\)|#\}|\}\}|--\]\]|\]\]|\|#|-\}|%>|['\"`\\].*|//.*|;$|\*+$|#+$|\$\).*|<br.*)\s*.*$"
)
_MAX_TAGS: Final = 1000
#: Text between these marks is about tags, not a tag (REUSE 3.3, ignore blocks).
_IGNORE: Final = re.compile(rb"REUSE-IgnoreStart.*?(?:REUSE-IgnoreEnd|\Z)", re.DOTALL)


def find_tags(data: bytes) -> list[Evidence]:
    """Return one finding per tag. An identifier that SPDX does not list gives a finding of confidence 0.5."""
    if _TAG.search(data) is None:
        return []
    if b"REUSE-IgnoreStart" in data:
        data = _IGNORE.sub(lambda m: b"\n" * m.group().count(b"\n"), data)
    found: list[Evidence] = []
    line, seen = 1, 0
    for match in _TAG.finditer(data):
        if len(found) >= _MAX_TAGS:
            break
        line += data.count(b"\n", seen, match.start())
        seen = match.start()
        value = _CLOSERS.sub("", match.group(1).decode("utf-8", "replace")).strip(" \t.,;*")
        if not value or value[0] in "<$%{[":
            continue
        expression = spdx_expression(value)
        confidence = 0.99
        if expression is None and (guess := declared(value)) is not None:
            expression, confidence = guess[0], min(guess[1], 0.85)
        if expression is None:
            word = re.sub(r"[^\w.-]+", "-", value.split()[0])[:80].strip("-.")
            if not word:
                continue
            expression, confidence = f"LicenseRef-unlisted-{word}", 0.5
        found.append(Evidence(expression, line, line, "spdx-tag", confidence))
    return found
