"""Results as SARIF 2.1.0 (OASIS), which editors read: each match is a place in a file that one can step to.

Source: docs.oasis-open.org/sarif/sarif/v2.1.0. Columns count Unicode code points, and say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from drystone.release.layout import shown

if TYPE_CHECKING:
    from drystone.search.results.found import Found, Line, SearchResult

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_RULES: Final = {
    "definition": "The file defines what was looked for.",
    "text": "The file's text matches the query.",
    "path": "The file's path matches the query.",
}
_ABSOLUTE: Final = re.compile(r"[a-z][a-z0-9+.-]*://[!-~]+\Z")


def sarif(answer: SearchResult) -> dict[str, Any]:
    """Return what was found as one SARIF log: a run with an artifact for each file, a result for each match.

    Where each file lies on the reader's machine is for the editor to say: paths stand under one base for each origin.
    The run's properties have the totals.
    """
    bases: dict[str, str] = {}
    artifacts: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for found in answer:
        base = bases.setdefault(found.origin, f"ORIGIN{len(bases) + 1}")
        place = {"uri": quote(found.path.lstrip("/")), "uriBaseId": base}
        facts = {
            "swhid": found.swhid, "license": found.license, "language": found.language, "release": found.release,
            "version": found.version, "root": found.root, "origin": found.origin,
        }  # fmt: skip
        artifacts.append({"location": place, "properties": facts})
        results += _results(found, {**place, "index": len(artifacts) - 1})
    rules = [{"id": name, "shortDescription": {"text": text}} for name, text in _RULES.items()]
    driver = {"name": "drystone search", "version": version("drystone"), "rules": rules}
    counts = {
        "total": answer.files, "exact": answer.exact, "at_most_more": answer.at_most, "reason": answer.reason,
        "notes": list(answer.notes),
    }  # fmt: skip
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {name: _base(origin) for origin, name in bases.items()},
        "artifacts": artifacts,
        "results": results,
        "properties": {"query": answer.query, **counts},
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _base(origin: str) -> dict[str, Any]:
    described = {"description": {"text": shown(origin)}}
    return {"uri": origin.rstrip("/") + "/", **described} if _ABSOLUTE.match(origin) else described


def _results(found: Found, place: dict[str, Any]) -> Iterator[dict[str, Any]]:
    regions: list[dict[str, Any] | None] = [region for line in found.lines for region in _regions(line)]
    for region in regions or [None]:
        physical: dict[str, Any] = {"artifactLocation": place}
        text = f"{found.origin}{found.path}"
        if region is not None:
            physical["region"] = region
            text = region["snippet"]["text"].strip() or text
        yield {
            "ruleId": found.why,
            "ruleIndex": list(_RULES).index(found.why),
            "level": "note",
            "message": {"text": shown(text)},
            "locations": [{"physicalLocation": physical}],
        }


def _regions(line: Line) -> Iterator[dict[str, Any]]:
    for (begin, end), (first, last) in zip(line.spans, line.byte_spans, strict=True):
        yield {
            "startLine": line.number,
            "startColumn": line.column + begin + 1,
            "endColumn": line.column + end + 1,
            "byteOffset": first,
            "byteLength": last - first,
            "snippet": {"text": line.text},
        }
