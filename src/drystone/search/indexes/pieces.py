"""The files of an index: which a release needs, what each is made from, and whether those that are listed fit.

Each is named by the hashes of what it is made from, so that one of other bytes is not even looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from drystone.errors import ReleaseError
from drystone.release import layout
from drystone.release.layout import shown
from drystone.release.manifest import FileEntry, IndexFile, Manifest
from drystone.release.read import Release
from drystone.search.definitions.maker import KEYWORDS, means
from drystone.search.indexes import copies
from drystone.search.limits import Symbols
from drystone.search.segment import SUFFIX, segment_name

#: Shards are put together until they have so many bytes of text.
SEGMENT_BYTES: Final = 64 * 1024**2
#: Most files in one segment: what the numbers of files may count to.
_MOST_FILES: Final = 1 << 24


@dataclass(frozen=True, slots=True)
class Piece:
    """A file of an index: its path in the release, and the files of the release that it is made from.

    `symbols` says what makes the symbols of a segment.
    """

    path: str
    entries: tuple[FileEntry, ...]
    symbols: str = KEYWORDS

    @property
    def is_segment(self) -> bool:
        """Whether it is a segment, else the list of copies."""
        return self.path.endswith(SUFFIX)

    @property
    def weight(self) -> int:
        """Bytes that are read to make it, about."""
        return sum(e.text_bytes if self.is_segment else e.bytes for e in self.entries)


def pieces(manifest: Manifest, before: Iterable[IndexFile] = (), symbols: Symbols | None = None) -> list[Piece]:
    """Return what the index of a release consists of; segments of an earlier index (`before`) stay where they hold.

    So a new version of a release costs what has changed. `symbols` says what makes symbols: None, what made those of
    `before`. Raises `MissingExtraError` where the extra for it is not installed.
    """
    before = tuple(before)
    made_by = means(symbols, (file.symbols for file in before))
    entries = {entry.path: entry for entry in manifest.of_kind("data")}
    kept = []
    for file in before:
        group = [entries[path] for path in file.of if path in entries]
        if len(group) == len(file.of) and file.path == _segment_path(group, made_by):
            kept.append(file.of)
    groups = plan(list(entries.values()), kept)
    found = [Piece(_segment_path(group, made_by), tuple(group), made_by) for group in groups]
    parts = tuple(manifest.of_kind("ledger"))
    return [*found, Piece(f"{layout.INDEX}/{copies.name(parts)}{copies.SUFFIX}", parts)]


def _segment_path(entries: Sequence[FileEntry], symbols: str) -> str:
    return f"{layout.INDEX}/{segment_name(entries, symbols)}{SUFFIX}"


def plan(entries: Sequence[FileEntry], kept: Iterable[Sequence[str]] = ()) -> list[list[FileEntry]]:
    """Divide shards into segments: groups of `kept` (paths) first where all are there, others by path until they fill.

    So an index over an earlier version of a release keeps every segment none of whose shards have changed.
    """
    left = {entry.path: entry for entry in entries}
    groups = []
    for paths in kept:
        if paths and all(path in left for path in paths):
            groups.append([left.pop(path) for path in paths])
    filling: list[FileEntry] = []
    for entry in left.values():
        if filling and (
            sum(e.text_bytes for e in filling) >= SEGMENT_BYTES
            or sum(e.rows for e in filling) + entry.rows > _MOST_FILES
        ):
            groups.append(filling)
            filling = []
        filling.append(entry)
    return [*groups, filling] if filling else groups


def segments_of(release: Release, index: Sequence[IndexFile]) -> list[tuple[IndexFile, list[FileEntry]]]:
    """Return the segments that a manifest lists, each with its shards. Raises `ReleaseError` where they do not fit."""
    entries = {entry.path: entry for entry in release.manifest.of_kind("data")}
    found = []
    for file in index:
        if file.path.endswith(SUFFIX):
            group = [entries[path] for path in file.of if path in entries]
            if len(group) != len(file.of) or file.path != _segment_path(group, file.symbols):
                raise stale_index(release)
            found.append((file, group))
    if not found and entries:
        raise no_index(release)
    if sorted(entry.path for _, group in found for entry in group) != sorted(entries):
        raise stale_index(release)
    return found


def no_index(release: Release) -> ReleaseError:
    """Return the error of a release without an index."""
    return ReleaseError(f"{shown(str(release.path))} has no index. Make it with: drystone index {release.path}")


def stale_index(release: Release) -> ReleaseError:
    """Return the error of an index that is not of this release as it is."""
    return ReleaseError(
        f"the index of {shown(str(release.path))} was made for other shards, or for another version of the format. "
        f"Bring it up to date with: drystone index {release.path}"
    )
