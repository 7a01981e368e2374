"""What attribution needs: each licence or notice text that the evidence of kept files names, with holders and places.

`notices.jsonl` has it for programs, one text a line; NOTICE is the same for people. Only the former is ever read
again, so that no text, however it is laid out, can pass for a holder or a place. Texts are data from outside: they are
reproduced, not judged.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import orjson

from drystone.errors import ReleaseError
from drystone.release.layout import NOTICES, shown

# A line that names a holder. Template lines ("Copyright [yyyy] [name of copyright owner]") and sentences about
# copyright are part of the licence's text and stay there.
_HOLDER = re.compile(r"^[\s*#/;%!.\-]*(?:copyright\b.*?(?:\d{4}|©|\(c\))|©|\(c\)\s*\d{4}).*$", re.IGNORECASE)
_LONGEST_LINE = 500
_LAYOUT = "\n\t\f"
_PARTS = re.compile(f"([{_LAYOUT}])")
_HEAD: Final = "drystone-notices"


@dataclass(frozen=True, slots=True)
class NoticePlace:
    """Where a text lies: origin and name of the repository, path, SWHID of the original; and whom it names as holders.

    `files`: how many kept files rest on it, by their evidence; `first`: the first of their paths. None where a
    retraction has changed it. `beside`: of a notice file that no evidence names, the SWHID of the text beside which it
    lies.
    """

    origin: str
    name: str | None
    path: str
    swhid: str
    holders: tuple[str, ...] = ()
    files: int | None = None
    first: str | None = None
    beside: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A licence or notice text, without the lines that name holders, and its places; in SPDX, where it is known."""

    text: str
    expression: str | None
    places: tuple[NoticePlace, ...]


def found_notice(text: str, expression: str | None, place: NoticePlace) -> Notice:
    """Return the notice of one file: lines that name holders go to its place, the rest is the text."""
    holders, body = _split(text)
    return Notice(body, expression, (replace(place, holders=tuple(holders)),))


def merged(notices: Iterable[Notice]) -> list[Notice]:
    """Return each distinct text once, with all its places; sorted, so that the order of `notices` does not matter.

    Texts that differ in white space only are one. Memory grows with the distinct texts and with the places.
    """
    bodies: dict[bytes, tuple[str, str]] = {}
    places: dict[bytes, set[NoticePlace]] = {}
    for notice in notices:
        key = hashlib.sha256("\0".join((notice.expression or "", " ".join(notice.text.split()))).encode()).digest()
        entry = (notice.expression or "", notice.text)
        bodies[key] = min(bodies.get(key, entry), entry)  # of texts that differ in white space: always the same one
        places.setdefault(key, set()).update(notice.places)
    order = sorted(bodies.items(), key=lambda item: (item[1][0] == "", item[1][0], item[1][1], item[0]))
    return [
        Notice(body, expression or None, tuple(sorted(places[key], key=lambda p: (p.origin, p.path, p.swhid))))
        for key, (expression, body) in order
    ]


def notice_lines(notices: Iterable[Notice] | None) -> Iterator[str]:
    """Yield notices.jsonl: a head, then one text a line. None: an older program did not say what files rest on."""
    yield orjson.dumps({"format": _HEAD, "known": notices is not None}).decode() + "\n"
    for notice in notices or ():
        yield orjson.dumps(notice).decode() + "\n"


def read_notices(folder: Path) -> list[Notice] | None:
    """Return the notices of a release; None where an older program wrote it, or an older version of it.

    Raises `ReleaseError` where the file is damaged.
    """
    path = folder / NOTICES
    try:
        lines = path.read_bytes().splitlines()
        if orjson.loads(lines[0])["known"] is False:
            return None
        return [_notice(orjson.loads(line)) for line in lines[1:]]
    except FileNotFoundError:
        return None
    except (OSError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ReleaseError(f"{shown(str(path))} cannot be read: {shown(str(error))}. Fetch the release again") from None


def _notice(value: Mapping[str, Any]) -> Notice:
    places = [NoticePlace(**{**place, "holders": tuple(place["holders"])}) for place in value["places"]]
    return Notice(value["text"], value["expression"], tuple(places))


def without_origins(notices: Iterable[Notice], gone: set[str], changed: set[str]) -> list[Notice]:
    """Return notices without the places in origins that are `gone`; of those `changed` no file is counted any more."""
    left = [
        replace(
            notice,
            places=tuple(
                replace(place, files=None, first=None) if place.origin in changed else place
                for place in notice.places
                if place.origin not in gone
            ),
        )
        for notice in notices
    ]
    return [notice for notice in left if notice.places]


def older_notice(text: str, names: set[str], title: str) -> Iterator[str]:
    """Yield the NOTICE of an older program without what belongs to these repositories alone, under another title.

    There it is all that is known: copyright lines whose repositories are all gone go, and texts without any.
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


def chosen(notices: Iterable[Notice], wanted: Mapping[tuple[str, str], tuple[int, str]]) -> list[Notice]:
    """Return the notices of some files: `wanted` has, by origin and SWHID of a text, how many rest on it and the first.

    Notice files that lie beside such a text come with it.
    """
    found = []
    for notice in notices:
        places = []
        for place in notice.places:
            known = wanted.get((place.origin, place.beside or place.swhid))
            if known is not None:
                places.append(replace(place, files=known[0], first=known[1]))
        if places:
            found.append(replace(notice, places=tuple(places)))
    return found


def holders_of(notices: Iterable[Notice]) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the copyright lines by the origin and the SWHID of the text that has them."""
    return {(place.origin, place.swhid): place.holders for notice in notices for place in notice.places}


def notice_text(title: str, notices: Iterable[Notice]) -> Iterator[str]:
    """Yield NOTICE piece by piece. The lines of a text have a bar before them, so that none passes for ours."""
    yield f"NOTICE of {shown(title)}\n\n"
    yield "The files of this release are under the licences of the repositories they come from. Each licence or\n"
    yield "notice text that kept files rest on stands below once, with the places where it lies, its copyright lines\n"
    yield "there, and how many files rest on it. Where only the file itself, a README or metadata names a licence,\n"
    yield "there is no text to pass on.\n"
    number = 0
    for number, notice in enumerate(notices, start=1):
        yield f"\n{'=' * 80}\n[{number}] {shown(heading(notice))}\n{'=' * 80}\n\n"
        for place in notice.places:
            yield f"{place_text(place)}\n"
            yield "".join(f"    {shown(line)}\n" for line in place.holders)
        yield "\n" + "".join(f"| {line}".rstrip() + "\n" for line in tamed(notice.text).split("\n"))
    if not number:
        yield "\nNo kept file rests on a licence or notice text.\n"


def heading(notice: Notice) -> str:
    """Return what a text is called: its licence, where it is known."""
    if notice.expression is None and all(place.beside for place in notice.places):
        return "notice of the makers"
    return notice.expression or "licence not recognised"


def place_text(place: NoticePlace) -> str:
    """Return a place in one line."""
    said = f"{shown(place.origin)} {shown(place.path)}"
    if place.beside:
        return f"{said}: lies beside a text that files rest on"
    if place.files is None:
        return said
    if place.files == 1:
        return f"{said}: 1 file, {shown(place.first or '')}"
    return f"{said}: {place.files:,} files, the first {shown(place.first or '')}"


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


def tamed(text: str) -> str:
    """Escape control characters other than line feed, tab and form feed, so that a text is safe on a terminal."""
    return "".join(part if part in _LAYOUT else shown(part) for part in _PARTS.split(text))
