"""NOTICE: each distinct licence text once, with the copyright lines and repositories that belong to it.

Texts are data from outside: they are reproduced, not judged.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from drystone.release.layout import shown

# A line that names a holder. Template lines ("Copyright [yyyy] [name of copyright owner]") and sentences about
# copyright are part of the licence's text and stay there.
_HOLDER = re.compile(r"^[\s*#/;%!.\-]*(?:copyright\b.*?(?:\d{4}|©|\(c\))|©|\(c\)\s*\d{4}).*$", re.IGNORECASE)
_LONGEST_LINE = 500
_LAYOUT = "\n\t\f"
_PARTS = re.compile(f"([{_LAYOUT}])")


@dataclass(frozen=True, slots=True)
class Notice:
    """A licence or notice text of one repository, of which at least one file was kept.

    `repository` is its name or origin, `expression` the SPDX expression found in the text.
    """

    text: str
    repository: str
    expression: str | None = None


def notice_text(title: str, notices: Iterable[Notice]) -> Iterator[str]:
    """Yield NOTICE piece by piece: sorted, so that the order of `notices` does not matter.

    Memory grows with the distinct texts, copyright lines and repositories, not with `notices`.
    """
    bodies: dict[bytes, tuple[str, str]] = {}
    holders: dict[bytes, dict[str, set[str]]] = {}
    for notice in notices:
        named, body = _split(notice.text)
        key = hashlib.sha256("\0".join((notice.expression or "", " ".join(body.split()))).encode()).digest()
        entry = (notice.expression or "", body)
        bodies[key] = min(bodies.get(key, entry), entry)  # texts that differ in white space only: always the same one
        holders.setdefault(key, {}).setdefault("\n".join(named), set()).add(notice.repository)
    yield f"NOTICE of {shown(title)}\n\n"
    yield "The files of this release are under the licences of the repositories they come from. Below stands each\n"
    yield "distinct licence or notice text once, with its copyright lines and the repositories they belong to.\n"
    if not bodies:
        yield "\nNo kept file comes from a repository with a licence or notice text.\n"
    for number, (key, (expression, body)) in enumerate(
        sorted(bodies.items(), key=lambda item: (item[1][0] == "", item[1][0], item[1][1], item[0])), start=1
    ):
        yield f"\n{'=' * 80}\n[{number}] {shown(expression or 'licence not recognised')}\n{'=' * 80}\n"
        for lines, repositories in sorted(holders[key].items()):
            yield "\n" + "".join(f"    {shown(line)}\n" for line in lines.split("\n") if line)
            yield "".join(f"  in {shown(name)}\n" for name in sorted(repositories))
        yield f"\n{'-' * 80}\n{_tame(body)}\n"


def without_repositories(text: str, names: set[str], title: str) -> Iterator[str]:
    """Yield a NOTICE without what belongs to these repositories alone, under another title.

    Reads what `notice_text` wrote: copyright lines whose repositories are all gone go, and texts without any.
    """
    gone = {f"  in {shown(name)}" for name in names}
    head, *parts = re.split(f"\n{'=' * 80}\n\\[\\d+\\] ", text)
    yield f"NOTICE of {shown(title)}\n{head.partition(chr(10))[2]}"
    number = 0
    for part in parts:
        heading, _, rest = part.partition(f"\n{'=' * 80}\n")
        owners, rule, body = rest.partition(f"\n{'-' * 80}\n")
        left = []
        for block in owners.split("\n\n"):
            lines = [line for line in block.strip("\n").split("\n") if line not in gone]
            if any(line.startswith("  in ") for line in lines):
                left.append("\n" + "".join(f"{line}\n" for line in lines))
        if left:
            number += 1
            yield f"\n{'=' * 80}\n[{number}] {heading}\n{'=' * 80}\n{''.join(left)}{rule}{body}"
    if not number:
        yield "\nNo kept file comes from a repository with a licence or notice text.\n"


def holders_by_repository(text: str) -> dict[str, list[str]]:
    """Return the copyright lines that a NOTICE has of each repository, each once, in order; names as `shown` has them.

    Reads what `notice_text` wrote.
    """
    found: dict[str, dict[str, None]] = {}
    for part in re.split(f"\n{'=' * 80}\n\\[\\d+\\] ", text)[1:]:
        owners = part.partition(f"\n{'=' * 80}\n")[2].partition(f"\n{'-' * 80}\n")[0]
        for block in owners.split("\n\n"):
            lines = block.strip("\n").split("\n")
            named = [line.strip() for line in lines if line.startswith("    ")]
            for line in lines:
                if line.startswith("  in "):
                    found.setdefault(line.removeprefix("  in "), {}).update(dict.fromkeys(named))
    return {repository: list(lines) for repository, lines in found.items()}


def _split(text: str) -> tuple[list[str], str]:
    """Part a text into the lines that name holders (once each, in order) and the rest."""
    holders: dict[str, None] = {}
    rest: list[str] = []
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if len(line) <= _LONGEST_LINE and _HOLDER.match(line):
            holders[" ".join(line.split())] = None
        else:
            rest.append(line.rstrip())
    return list(holders), "\n".join(rest).strip("\n")


def _tame(text: str) -> str:
    """Escape control characters other than line feed, tab and form feed, so that NOTICE is safe on a terminal."""
    return "".join(part if part in _LAYOUT else shown(part) for part in _PARTS.split(text))
