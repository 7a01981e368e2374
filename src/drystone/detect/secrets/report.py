"""Findings as people and programs read them: masked, never the secret itself. Reads no files but baselines."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Final, TypedDict
from urllib.parse import quote

from drystone.detect.places import cell_places
from drystone.detect.secrets.spans import Span
from drystone.errors import UsageError

#: Rounds of PBKDF2 behind a fingerprint, so that short values are dear to guess from a baseline.
_ROUNDS: Final = 10_000

_MEANING: Final = {
    "email": "E-mail address",
    "ip_address": "Public IP address",
    "phone": "Phone number",
    "credit_card": "Payment card number",
    "iban": "Bank account number",
    "private_key": "Private key",
    "token": "Provider token",
    "password": "Password",
    "high_entropy": "Random string where a credential belongs",
    "name": "Personal name",
}


class ScannedFiles(TypedDict):
    """What was scanned: files, their bytes, how many were passed over by reason, and the settings."""

    files: int
    bytes: int
    passed_over: dict[str, int]
    settings: dict[str, str | list[str]]


@dataclass(frozen=True, slots=True)
class SecretFinding:
    """One span in a file, masked. Lines and columns count from 1, columns in bytes of UTF-8; offsets are bytes.

    `cell` and `cell_line`: in a notebook, the cell and the line of its source, from 1; line 0 is beside the source.
    """

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    start: int
    end: int
    kind: str
    rule: str
    confidence: float
    masked: str
    fingerprint: str | None
    cell: int | None = None
    cell_line: int | None = None

    @property
    def where(self) -> str:
        """Where in a notebook it stands, for people; empty for other files and outside of cells."""
        if self.cell is None:
            return ""
        return f"cell {self.cell}, line {self.cell_line}" if self.cell_line else f"cell {self.cell}, beside its source"


def mask(value: bytes) -> str:
    """Return the first characters and the length: a quarter of the value, at most four, and only ASCII ones."""
    shown = value[: min(4, len(value) // 4)].decode("ascii", "ignore")
    shown = "".join(c for c in shown if c.isprintable())
    return f"{shown}... ({len(value)} bytes)"


def fingerprint(value: bytes, salt: bytes) -> str:
    """Return a salted hash of the value (PBKDF2-HMAC-SHA256, 16 bytes, hex): the same secret has the same one."""
    return _derived(hashlib.sha256(value).digest(), salt)


@lru_cache(65536)
def _derived(digest: bytes, salt: bytes) -> str:
    return hashlib.pbkdf2_hmac("sha256", digest, salt, _ROUNDS, 16).hex()


def findings(path: str, data: bytes, spans: Sequence[Span], salt: bytes | None = None) -> list[SecretFinding]:
    """Return the findings of one text; fingerprints only where a `salt` is given."""
    found, line, at, line_start = [], 1, 0, 0
    notebook = bool(spans) and path.lower().endswith(".ipynb")
    cells = cell_places(data, [span.start for span in spans]) if notebook else [None] * len(spans)
    for span, place in zip(spans, cells, strict=True):
        line += data.count(b"\n", at, span.start)
        line_start = data.rfind(b"\n", line_start, span.start) + 1 or line_start
        at = span.start
        inside = data.count(b"\n", span.start, span.end)
        last = data.rfind(b"\n", span.start, span.end) + 1 if inside else line_start
        value = data[span.start : span.end]
        found.append(
            SecretFinding(
                path=path,
                line=line,
                column=span.start - line_start + 1,
                end_line=line + inside,
                end_column=span.end - last + 1,
                start=span.start,
                end=span.end,
                kind=span.kind,
                rule=span.rule,
                confidence=round(span.confidence, 2),
                masked=mask(value),
                fingerprint=None if salt is None else fingerprint(value, salt),
                cell=place.cell if place is not None else None,
                cell_line=place.line if place is not None else None,
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Baseline:
    """Findings that were accepted: a salt, and the fingerprints made with it."""

    salt: bytes
    accepted: frozenset[str]


def new_baseline() -> Baseline:
    """Return an empty baseline with a salt of its own."""
    return Baseline(secrets.token_bytes(16), frozenset())


def read_baseline(path: Path) -> Baseline:
    """Return the baseline in a file that `write_baseline` wrote; raises `UsageError` naming the file."""
    try:
        content = json.loads(path.read_text("utf-8"))
        return Baseline(bytes.fromhex(content["salt"]), frozenset(f["fingerprint"] for f in content["findings"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(
            f"{path} is no baseline of drystone scan ({type(error).__name__}). Write one with --write-baseline {path}."
        ) from None


def write_baseline(path: Path, salt: bytes, found: Iterable[SecretFinding]) -> None:
    """Write findings (with fingerprints made with `salt`) as a baseline: JSON without any part of a secret."""
    rows = [{"fingerprint": f.fingerprint, "kind": f.kind, "rule": f.rule, "path": f.path} for f in found]
    rows = sorted({row["fingerprint"] or "": row for row in rows}.values(), key=lambda r: (r["path"], r["fingerprint"]))
    path.write_text(json.dumps({"version": 1, "salt": salt.hex(), "findings": rows}, indent=1) + "\n", "utf-8")


def as_json(found: Sequence[SecretFinding], scanned: ScannedFiles) -> str:
    """Return findings and what was scanned as a JSON object."""
    return json.dumps({"findings": [asdict(f) for f in found], **scanned}, indent=2, ensure_ascii=True)


def as_sarif(found: Sequence[SecretFinding]) -> str:
    """Return findings as SARIF 2.1.0 (OASIS), one result each; paths are URIs relative to where the scan ran."""
    rules = sorted({(f.rule, f.kind) for f in found})
    index = {rule: i for i, (rule, _) in enumerate(rules)}
    results = [
        {
            "ruleId": f.rule,
            "ruleIndex": index[f.rule],
            "level": "error" if f.kind in ("private_key", "token", "password") else "warning",
            "message": {"text": f"{_MEANING[f.kind]} ({f.rule}): {f.masked}"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": _uri(f.path)},
                        "region": {
                            "startLine": f.line,
                            "startColumn": f.column,
                            "endLine": f.end_line,
                            "endColumn": f.end_column,
                            "byteOffset": f.start,
                            "byteLength": f.end - f.start,
                        },
                    },
                    **({"logicalLocations": [{"name": f.where}]} if f.where else {}),
                }
            ],
            **({"partialFingerprints": {"drystone/v1": f.fingerprint}} if f.fingerprint else {}),
            "properties": {"kind": f.kind, "confidence": f.confidence},
        }
        for f in found
    ]
    driver = {
        "name": "drystone scan",
        "version": version("drystone"),
        "rules": [{"id": rule, "shortDescription": {"text": f"{_MEANING[kind]}: {rule}"}} for rule, kind in rules],
    }
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "utf16CodeUnits", "results": results}],
    }
    return json.dumps(log, indent=2, ensure_ascii=True)


def _uri(path: str) -> str:
    return quote(path.encode("utf-8", "surrogateescape"), safe="/")
