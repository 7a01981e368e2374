"""REUSE.toml: licences that a repository gives to files by pattern (REUSE specification 3.3).

Knows nothing of what the patterns match.
"""

from __future__ import annotations

import tomllib
from typing import Final

from drystone.detect.licenses.annotation import Evidence, LicenseAnnotation
from drystone.detect.licenses.matching.names import spdx_expression
from drystone.detect.licenses.matching.scan import join

_MAX_ENTRIES: Final = 5000


def find_reuse(data: bytes) -> LicenseAnnotation:
    """Return the annotations of a REUSE.toml; `paths` holds (pattern, expression), later ones first in force."""
    try:
        record = tomllib.loads(data.decode("utf-8", "replace"))
        entries = record.get("annotations") or []
        if not isinstance(entries, list):
            raise ValueError("annotations is not a list of tables")
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:120]
        return LicenseAnnotation(None, "metadata", notes=(f"broken metadata: {reason}",))
    patterns: list[tuple[str, str]] = []
    evidence: list[Evidence] = []
    copyrights: dict[str, None] = {}
    text = data.decode("utf-8", "replace")
    for entry in entries[:_MAX_ENTRIES]:
        if not isinstance(entry, dict):
            continue
        values = [v for v in _strings(entry.get("SPDX-License-Identifier")) if (spdx_expression(v))]
        for holder in _strings(entry.get("SPDX-FileCopyrightText")):
            copyrights[holder if "opyright" in holder else "Copyright " + holder] = None
        if not values:
            continue
        expression = join([spdx_expression(v) or v for v in values], "AND")
        place = text.find(values[0])
        line = text.count("\n", 0, place) + 1 if place >= 0 else 1
        evidence.append(Evidence(expression, line, line, "reuse", 0.99))
        patterns += [(p, expression) for p in _strings(entry.get("path"))]
    whole = [x for p, x in patterns if p in {"**", "*", "**/*"}]
    return LicenseAnnotation(
        expression=whole[-1] if whole else None,
        kind="metadata",
        evidence=tuple(evidence),
        copyrights=tuple(copyrights)[:500],
        paths=tuple(patterns),
    )


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []
