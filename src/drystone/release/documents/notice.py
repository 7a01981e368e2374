"""What attribution needs: each licence or notice text that the evidence of kept files names, with holders and places.

`notices.jsonl` has it for programs, one text a line; NOTICE is the same for people. Only the former is ever read
again, so that no text, however it is laid out, can pass for a holder or a place. Texts are data from outside: they are
reproduced, not judged.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

import orjson

from drystone._words import many
from drystone.errors import ReleaseError
from drystone.release.documents.covers import Folders, line_text
from drystone.release.layout import NOTICES, shown
from drystone.release.manifest import FORMAT_VERSION

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

    `files`: how many kept files of the repository rest on it, by their evidence; `first`: the first of their paths;
    `covers`: all of them, as lines of `covers.Folders`. None and nothing where an older program did not say. `beside`:
    of a notice file that no evidence names, the SWHID of the text beside which it lies. `path` and `swhid` are None
    where the release does not tell which text the files rest on.
    """

    origin: str
    name: str | None
    path: str | None
    swhid: str | None
    holders: tuple[str, ...] = ()
    files: int | None = None
    first: str | None = None
    beside: str | None = None
    covers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """A licence or notice text, without the lines that name holders, and its places; in SPDX, where it is known.

    `text` is None where files rest on a text that is not in the release: copies that stand in for retracted files.
    """

    text: str | None
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
    bodies: dict[bytes, tuple[str, str | None]] = {}
    places: dict[bytes, set[NoticePlace]] = {}
    for notice in notices:
        words = "\0" if notice.text is None else " ".join(notice.text.split())
        key = hashlib.sha256("\0".join((notice.expression or "", words)).encode()).digest()
        entry = (notice.expression or "", notice.text)
        # Of texts that differ in white space: always the same one.
        bodies[key] = min(bodies.get(key, entry), entry, key=lambda one: one[1] or "")
        places.setdefault(key, set()).update(notice.places)
    order = sorted(bodies.items(), key=lambda item: (item[1][0] == "", item[1][0], item[1][1] or "", item[0]))
    return [
        Notice(body, expression or None, tuple(sorted(places[key], key=_by_place))) for key, (expression, body) in order
    ]


def _by_place(place: NoticePlace) -> tuple[str, str, str]:
    return (place.origin, place.path or "", place.swhid or "")


def notice_lines(notices: Iterable[Notice] | None) -> Iterator[str]:
    """Yield notices.jsonl: a head, then one text a line. None: an older program did not say what files rest on."""
    yield orjson.dumps({"format": _HEAD, "known": notices is not None}).decode() + "\n"
    for notice in notices or ():
        yield orjson.dumps(notice).decode() + "\n"


def read_notices(folder: Path, format_version: int) -> list[Notice] | None:
    """Return the notices of a release of a version of the format; None where an older program wrote it.

    Where the manifest says that a newer program wrote it, what this one does not know is passed over. Raises
    `ReleaseError` where the file is damaged, or says more than the manifest announces.
    """
    path = folder / NOTICES
    try:
        lines = path.read_bytes().splitlines()
        if orjson.loads(lines[0])["known"] is False:
            return None
        values = [orjson.loads(line) for line in lines[1:]]
        if format_version <= FORMAT_VERSION and (unknown := _unknown(values)):
            raise ReleaseError(
                f"{shown(str(path))} has the field '{shown(str(unknown))}', which this program does not know, and the "
                f"manifest says version {format_version} of the format. Install a newer drystone, or fetch it again"
            )
        return [_notice(value) for value in values]
    except FileNotFoundError:
        return None
    except (OSError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ReleaseError(f"{shown(str(path))} cannot be read: {shown(str(error))}. Fetch the release again") from None


_FIELDS: Final = frozenset(field.name for field in fields(Notice))
_PLACE_FIELDS: Final = frozenset(field.name for field in fields(NoticePlace))


def _unknown(values: Iterable[Mapping[str, Any]]) -> object:
    """Return a field that this program does not know; None where it knows all."""
    for value in values:
        for names, known in [(value, _FIELDS), *((place, _PLACE_FIELDS) for place in value["places"])]:
            if unknown := sorted(set(names) - known):
                return unknown[0]
    return None


def _notice(value: Mapping[str, Any]) -> Notice:
    return Notice(value["text"], value["expression"], tuple(_place(place) for place in value["places"]))


def _place(value: Mapping[str, Any]) -> NoticePlace:
    known: dict[str, Any] = {name: value[name] for name in value if name in _PLACE_FIELDS}
    known |= {name: tuple(value[name]) for name in ("holders", "covers") if name in value}
    return NoticePlace(**known)


@dataclass(frozen=True, slots=True)
class RestingFiles:
    """The files that rest on one text: how many, the first of their paths, and all of them as `Folders.told` has it."""

    files: int
    first: str
    covers: tuple[str, ...]

    @classmethod
    def of(cls, paths: Sequence[str], folders: Folders) -> RestingFiles:
        """Return it for some paths, at least one; `folders` are of all files of their origin."""
        return cls(len(paths), min(paths), folders.told(paths))


def resting_on(place: NoticePlace, files: RestingFiles) -> NoticePlace:
    """Return a place with other files that rest on its text."""
    return replace(place, files=files.files, first=files.first, covers=files.covers)


def chosen(notices: Iterable[Notice], wanted: Mapping[tuple[str, str | None], RestingFiles]) -> list[Notice]:
    """Return the notices of some files: `wanted` has, by origin and SWHID of a text, which of them rest on it.

    Notice files that lie beside such a text come with it.
    """
    found = []
    for notice in notices:
        places = []
        for place in notice.places:
            known = wanted.get((place.origin, place.beside or place.swhid))
            if known is not None:
                places.append(resting_on(place, known) if place.beside is None else place)
        if places:
            found.append(replace(notice, places=tuple(places)))
    return found


def holders_of(notices: Iterable[Notice]) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the copyright lines by the origin and the SWHID of the text that has them."""
    return {
        (place.origin, place.swhid): place.holders
        for notice in notices
        for place in notice.places
        if place.swhid is not None
    }


def notice_text(title: str, notices: Iterable[Notice]) -> Iterator[str]:
    """Yield NOTICE piece by piece. The lines of a text have a bar before them, so that none passes for ours."""
    yield f"NOTICE of {shown(title)}\n\n"
    yield "The files of this release are under the licences of the repositories they come from. Each licence or\n"
    yield "notice text that kept files rest on stands below once, with the places where it lies, its copyright lines\n"
    yield "there, and after 'for' the files that rest on it. '/src/', with a slash at its end, stands for all files\n"
    yield "that the release has there and below, but those after 'except'. Where only the file itself, a README or\n"
    yield "metadata names a licence, no text of theirs is here; `drystone licenses RELEASE --notice` adds the one\n"
    yield "that the SPDX License List has.\n"
    number = 0
    for number, notice in enumerate(notices, start=1):
        yield f"\n{'=' * 80}\n[{number}] {shown(heading(notice))}\n{'=' * 80}\n\n"
        for place in notice.places:
            yield f"{place_text(place)}\n"
            yield "".join(f"    {shown(line)}\n" for line in place.holders)
            yield covers_text(place.covers)
        yield "\n" + "".join(f"| {line}".rstrip() + "\n" for line in text_of(notice).split("\n"))
    if not number:
        yield "\nNo kept file rests on a licence or notice text.\n"


def covers_text(covers: Iterable[str]) -> str:
    """Return the lines of the files that a text covers."""
    return "".join(f"    {shown(line_text(line))}\n" for line in covers)


def text_of(notice: Notice) -> str:
    """Return a text so that it is safe on a terminal; of one that the release does not have, that it has it not."""
    if notice.text is None:
        return "(The text is not in this release. It lies in the repository.)"
    return "".join(part if part in _LAYOUT else shown(part) for part in _PARTS.split(notice.text))


def heading(notice: Notice) -> str:
    """Return what a text is called: its licence, where it is known."""
    if notice.expression is None and all(place.beside for place in notice.places):
        return "notice of the makers"
    return notice.expression or "licence not recognised"


def place_text(place: NoticePlace) -> str:
    """Return a place in one line."""
    said = shown(place.origin) if place.path is None else f"{shown(place.origin)} {shown(place.path)}"
    if place.beside:
        return f"{said}: lies beside a text that files rest on"
    if place.files is None:
        return said
    first = "" if place.covers else f", the first {shown(place.first or '')}"
    return f"{said}: {many(place.files, 'file')}{first}"


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
