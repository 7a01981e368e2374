"""REUSE.toml: licences that a repository gives to files by pattern (REUSE specification 3.3).

Knows nothing of what the patterns match.
"""

from __future__ import annotations

import tomllib
from typing import Final

from drystone.detect.licenses.annotation import Evidence, LicenseAnnotation, PathRule, Precedence
from drystone.detect.licenses.matching.names import spdx_expression
from drystone.detect.licenses.matching.scan import join

_MAX_ENTRIES: Final = 5000
_PRECEDENCES: Final[dict[object, Precedence]] = {
    "closest": "closest",
    "aggregate": "aggregate",
    "override": "override",
}


def find_reuse(data: bytes) -> LicenseAnnotation:
    """Return the annotations of a REUSE.toml; a later one holds before an earlier one.

    A file that is broken, or has more annotations than are read, is not understood. An annotation without a licence has
    the empty expression; one whose licence is no SPDX expression has None.
    """
    try:
        record = tomllib.loads(data.decode("utf-8", "replace"))
        entries = record.get("annotations") or []
        if not isinstance(entries, list):
            raise ValueError("annotations is not a list of tables")
        if len(entries) > _MAX_ENTRIES:
            raise ValueError(f"more than {_MAX_ENTRIES} annotations")
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:120]
        unread = Evidence("", 1, 1, "unread:REUSE.toml", 0.5)
        return LicenseAnnotation(None, "metadata", (unread,), unanswered=True, notes=(f"broken metadata: {reason}",))
    rules: list[PathRule] = []
    evidence: list[Evidence] = []
    copyrights: dict[str, None] = {}
    text = data.decode("utf-8", "replace")
    notes: list[str] = []
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        for holder in _strings(entry.get("SPDX-FileCopyrightText")):
            copyrights[holder if "opyright" in holder else "Copyright " + holder] = None
        values = _strings(entry.get("SPDX-License-Identifier"))
        read = [spdx_expression(value) for value in values]
        notes += [f"unread declaration: {v[:80]}" for v, x in zip(values, read, strict=True) if x is None]
        known = [x for x in read if x is not None]
        expression = None if len(known) < len(read) else join(known, "AND") if known else ""
        place = text.find(values[0]) if values else -1
        line = text.count("\n", 0, place) + 1 if place >= 0 else 1
        if values:
            evidence.append(Evidence(expression or "", line, line, "reuse" if expression else "unread:reuse", 0.99))
        precedence = _PRECEDENCES.get(entry.get("precedence", "closest"), "closest")
        rules += [PathRule(p, expression, "reuse", precedence, line) for p in _strings(entry.get("path"))]
    whole = [rule.expression for rule in rules if rule.pattern in {"**", "**/*"}]
    return LicenseAnnotation(
        expression=(whole[-1] or None) if whole else None,
        kind="metadata",
        evidence=tuple(evidence),
        copyrights=tuple(copyrights)[:500],
        notes=tuple(notes[:20]),
        paths=tuple(rules),
    )


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []
