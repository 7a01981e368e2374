"""Notices after a retraction: what was taken out goes, with the texts that no kept file rests on any more.

Knows what is kept now, by origin, and reads no release.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from drystone.release.documents.covers import Folders, below, covered
from drystone.release.documents.notice import Notice, NoticePlace, RestingFiles, resting_on
from drystone.release.layout import shown


@dataclass(frozen=True, slots=True)
class KeptPaths:
    """What is kept now of an origin: the name of its repository, paths that were kept before, and those handed over.

    `handed`: of files that stand now for retracted ones the paths, by licence; what showed it is not in the release.
    """

    name: str | None
    stayed: list[str] = field(default_factory=list)
    handed: dict[str | None, list[str]] = field(default_factory=lambda: defaultdict(list))


def after_retraction(notices: Iterable[Notice], gone: set[str], kept: Mapping[str, KeptPaths]) -> list[Notice]:
    """Return notices without the places in origins that are `gone`, and with what is `kept` now of changed ones.

    A text that no kept file rests on any more goes, and so does a notice file beside it. Files that were handed over
    are listed under their licence, without a text. Where an older program did not say which files a text covers, its
    place stays, and nobody counts them.
    """
    notices = list(notices)
    folders = {
        origin: Folders([*now.stayed, *(path for paths in now.handed.values() for path in paths)])
        for origin, now in kept.items()
    }
    stayed = {origin: sorted(now.stayed) for origin, now in kept.items()}
    told = {
        (place.origin, place.swhid): covered(below(stayed[place.origin], place.covers), place.covers)
        for notice in notices
        for place in notice.places
        if place.origin in kept and place.covers
    }
    left = []
    for notice in notices:
        places = []
        for place in notice.places:
            paths = told.get((place.origin, place.beside or place.swhid))
            if place.origin in gone or paths == []:
                continue
            if place.origin in kept and place.beside is None:
                place = _changed(place, paths, folders[place.origin])  # noqa: PLW2901  the same place, as it is now
            places.append(place)
        if places:
            left.append(replace(notice, places=tuple(places)))
    return [*left, *_handed_over(kept, folders)]


def _changed(place: NoticePlace, paths: Sequence[str] | None, folders: Folders) -> NoticePlace:
    if paths is None:
        return replace(place, files=None, first=None)
    return resting_on(place, RestingFiles.of(paths, folders))


def _handed_over(kept: Mapping[str, KeptPaths], folders: Mapping[str, Folders]) -> Iterator[Notice]:
    for origin, now in kept.items():
        for expression, paths in now.handed.items():
            place = NoticePlace(origin, now.name, None, None)
            yield Notice(None, expression, (resting_on(place, RestingFiles.of(paths, folders[origin])),))


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
