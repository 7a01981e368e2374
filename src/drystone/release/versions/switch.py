"""From one version of a release to the next in the same place, by one atomic replacement of its manifest.

New Parquet files lie beside the old under names of their own, new documents wait under `NAME.next`; then the manifest
is replaced; then the documents take their places and the old files go. Whatever happens in between, the manifest that
is there names files that are there. Knows nothing of why there is a next version.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from drystone.errors import ReleaseError
from drystone.release import layout
from drystone.release.files import file_sha256, write_whole
from drystone.release.location import Location
from drystone.release.manifest import FileEntry, Manifest, manifest_bytes
from drystone.release.versions.signatures import unsign
from drystone.work.files import intended

#: Folder in a release, or in its mirror, in which new files are written before they lie beside the old ones.
STAGING: Final = ".next"


def place_beside(location: Location, entry: FileEntry, version: str) -> FileEntry:
    """Bring a file from the staging folder beside what it replaces, and return its entry under its new place."""
    placed = entry.model_copy(update={"revised": version})
    source, target = location.mirror / STAGING / entry.path, location.mirror / placed.place
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)
    except OSError as error:
        raise ReleaseError(f"{layout.shown(str(target))} could not be written: {error.strerror}") from None
    location.put(placed.place)
    return placed


def switch(location: Location, manifest: Manifest, beside: Iterable[str] = ()) -> None:
    """Make `manifest` the release at `location`: its Parquet files and waiting documents are in the mirror.

    `beside` are further files of the mirror that belong to the new version. After this call nothing of the version
    before is left.
    """
    unsign(location)
    for document in manifest.documents:
        location.put(document.path + layout.NEXT)
    for name in beside:
        location.put(name)
    waiting = layout.MANIFEST + layout.NEXT
    write_whole(location.mirror / waiting, manifest_bytes(manifest))
    location.put(waiting, layout.MANIFEST)
    settle(location, manifest)


def settle(location: Location, manifest: Manifest) -> int:
    """Bring a place to rest where a switch was cut short, before or after the manifest; return what was removed.

    Documents of this version take their places, then everything that another version has left goes.
    """
    names = set(location.names())
    for document in manifest.documents:
        waiting = document.path + layout.NEXT
        if waiting in names and file_sha256(location.fetch(waiting)) == document.sha256:
            location.put(waiting, document.path)
            if not (location.mirror / waiting).exists():
                location.remove(waiting)
    places = {entry.place for entry in manifest.files}
    paths = {entry.path for entry in manifest.files}
    kept = {d.path for d in manifest.documents} | {layout.MANIFEST}
    index = {file.path for file in manifest.index}
    removed = 0
    for name in sorted(set(location.names()) - places - kept - index):
        waits = name.endswith(layout.NEXT) and name.removesuffix(layout.NEXT) in kept | layout.MAY_WAIT
        left = waits or name != intended(name) or name.startswith(f"{STAGING}/") or layout.is_index_file(name)
        if left or _another_version(name, paths):
            location.remove(name)
            removed += 1
    with suppress(OSError):
        for folder in sorted((location.mirror / STAGING).rglob("*"), reverse=True):
            folder.rmdir()
        (location.mirror / STAGING).rmdir()
    return removed


def _another_version(name: str, paths: set[str]) -> bool:
    """Whether a Parquet file holds rows that this version has under another name, or has no more."""
    path = layout.unrevised_path(name)
    try:
        layout.kind_and_language(path)
    except ReleaseError:
        return False
    return path in paths or name.startswith(("data/", "ledger/"))
