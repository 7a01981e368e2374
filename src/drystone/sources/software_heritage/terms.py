"""What reading the Software Heritage archive in bulk asks of a reader: shown once, and recorded. Judges nobody."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

TERMS: Final = """\
This build reads the Software Heritage archive.
  - Bulk access to its contents needs an agreement with Software Heritage and Inria: datasets@softwareheritage.org.
    State yours with --agreement, or as `agreement` in the settings; it stands in the card of the release.
  - The archive's principles for large language models (19 October 2023): knowledge from the archive is given back, as
    models under open licences with documentation and tools; the initial training data are fully and precisely
    identified, as by SWHIDs; authors can exclude their code before training begins.
  - The licences of the files hold on, and their authors are named.
See https://www.softwareheritage.org/legal/ and docs/software-heritage.md.
"""
#: Names this wording of the terms.
SHA256: Final = hashlib.sha256(TERMS.encode()).hexdigest()
_RECORD: Final = "software-heritage-terms.json"


def unseen(record: Path) -> bool:
    """Return whether these terms were never shown to whom `record`, a file, belongs."""
    try:
        return bool(json.loads(record.read_text("utf-8")).get("sha256") != SHA256)
    except (OSError, ValueError, AttributeError):
        return True


def note_shown(record: Path, when: str) -> bool:
    """Record that the terms were shown (`when`, ISO 8601); return whether that could be written."""
    try:
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps({"sha256": SHA256, "shown": when}) + "\n", "utf-8")
    except OSError:
        return False
    return True


def tell_once(tell: Callable[[str], object]) -> None:
    """Tell the terms to a user who was never told them, and record that below XDG_CONFIG_HOME."""
    record = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "drystone" / _RECORD
    if unseen(record):
        tell(TERMS)
        if note_shown(record, datetime.now(UTC).isoformat(timespec="seconds")):
            tell(f"(shown once; noted in {record})\n")
