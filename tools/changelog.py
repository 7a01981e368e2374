"""Collects the entries of changelog/unreleased into CHANGELOG.md when a version is released.

    python tools/changelog.py                     # check the entries, and print them as they would stand
    python tools/changelog.py 0.2.0 2026-12-31    # write them under that version, and remove their files

An entry is a file NAME.md. Its first line is `KIND: one sentence`, where KIND is Added, Changed, Fixed, Removed or
Security; what follows after an empty line says why, where the why is not plain. It knows nothing of git.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
KINDS = ("Added", "Changed", "Fixed", "Removed", "Security")
_FIRST = re.compile(rf"({'|'.join(KINDS)}): (\S.*)")
_SECTION = re.compile(r"^## \[(?P<version>[^]]+)\].*\n", re.M)


def read(folder: Path) -> dict[str, list[str]]:
    """Return the entries of a folder by kind, each as one text. Raises `ValueError` that names a file that is none."""
    entries = defaultdict(list)
    for file in sorted(folder.glob("*.md")):
        first, _, rest = file.read_text("utf-8").partition("\n")
        said = _FIRST.fullmatch(first)
        if said is None:
            raise ValueError(f"{file.name}: begin with one of {', '.join(KINDS)}, a colon, and one sentence")
        if rest.strip() and not rest.startswith("\n"):
            raise ValueError(f"{file.name}: leave the second line empty")
        entries[said[1]].append(" ".join([said[2].rstrip(".") + ".", *rest.split()]))
    return dict(entries)


def collect(changelog: str, entries: dict[str, list[str]], version: str, date: str) -> str:
    """Return the change log with the entries under their version: in its section, or in a new one before all others."""
    sections = {found["version"]: found for found in _SECTION.finditer(changelog)}
    first = min((found.start() for found in sections.values()), default=len(changelog))
    head = f"## [{version}] - {date}\n"
    if version not in sections:
        return f"{changelog[:first]}{head}{_body('', entries)}\n{changelog[first:]}"
    here = sections[version]
    end = min((f.start() for f in sections.values() if f.start() > here.start()), default=len(changelog))
    body = _body(changelog[here.end() : end], entries)
    return f"{changelog[: here.start()]}{head}{body}{changelog[end:] and chr(10)}{changelog[end:]}"


def _body(body: str, entries: dict[str, list[str]]) -> str:
    """Return a section's kinds in their order, with what stood there first."""
    stood = dict(re.findall(r"^### (\w+)\n+(.*?)(?=^### |\Z)", body, re.M | re.S))
    parts = []
    for kind in KINDS:
        lines = [stood[kind].strip()] if kind in stood else []
        lines += [textwrap.fill(f"- {text}", 120, subsequent_indent="  ") for text in entries.get(kind, ())]
        if lines:
            parts.append(f"\n### {kind}\n\n" + "\n".join(lines) + "\n")
    return "".join(parts)


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Check and print, or write; return the exit status."""
    folder, log = root / "changelog/unreleased", root / "CHANGELOG.md"
    try:
        entries = read(folder)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if not arguments:
        sys.stdout.write(_body("", entries).lstrip())
        return 0
    if len(arguments) != 2 or not re.fullmatch(r"\d+\.\d+\.\d+ \d{4}-\d\d-\d\d", " ".join(arguments)):
        sys.stderr.write("usage: python tools/changelog.py [VERSION YYYY-MM-DD]\n")
        return 2
    log.write_text(collect(log.read_text("utf-8"), entries, *arguments), "utf-8")
    for file in folder.glob("*.md"):
        file.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
