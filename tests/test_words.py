"""Numbers with what they count: one repository is no "1 repositories", anywhere that people read."""

from __future__ import annotations

import re
from pathlib import Path

from drystone._words import many

SOURCE = Path(__file__).parents[1] / "src/drystone"
ROOMS = ("answer", "building", "catalog", "cli", "mcp", "policy", "registry", "release", "search", "web")
COUNTED = (
    "artifacts|decisions|facts|files|languages|lines|occurrences|people|places|problems|questions|repositories|requests"
    "|rows|segments|shards|spans|texts"
)


def test_one_and_many() -> None:
    assert [many(0, "file"), many(1, "file"), many(1234, "file")] == ["0 files", "1 file", "1,234 files"]
    assert [many(1, "repository"), many(2, "repository"), many(2, "day")] == [
        "1 repository",
        "2 repositories",
        "2 days",
    ]
    assert many(2, "index", "indexes") == "2 indexes"


def test_what_is_printed_counts_one_as_one() -> None:
    """Where this fails: write `{many(number, "file")}` in place of `{number:,} files`; limits in capitals are many."""
    plural = re.compile(rf"(?<!\bof )\{{[^{{}}]*:,\}} (?:kept |more |other )?(?:{COUNTED})\b")
    found = [
        f"{path.relative_to(SOURCE)}: {match[0]}"
        for room in ROOMS
        for path in sorted((SOURCE / room).rglob("*.py"))
        for match in plural.finditer(path.read_text("utf-8"))
        if not re.match(r"\{_?[A-Z]", match[0])
    ]
    assert found == []
