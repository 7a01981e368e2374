"""Building the index of a release in an object store: shards come here, files of the index go there, one after another.

The manifest goes last, so that a reader sees the index before or the whole one after. No more than the shards of one
segment lie on this machine at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from drystone.errors import ReleaseError
from drystone.release import layout
from drystone.release.files import write_whole
from drystone.release.layout import shown
from drystone.release.location import Bucket, Location, open_location
from drystone.release.manifest import IndexFile, manifest_bytes, read_manifest
from drystone.release.read import Release, open_release
from drystone.release.versions.signatures import unsign
from drystone.search.index import Indexed, indexed, make, there
from drystone.search.indexes.pieces import Piece, pieces
from drystone.search.limits import Symbols


def build_in_store(
    url: str,
    *,
    symbols: Symbols | None = None,
    dry_run: bool = False,
    done: Callable[[int, int], object] = lambda _done, _all: None,
) -> Indexed:
    """Bring the index of a release in an object store up to date, list it in the manifest, and return what it holds.

    Arguments and result are those of `drystone.search.index.build`. A run that was stopped goes on: files of the index
    that lie in the store whole are not made again. Raises `ReleaseError` where the release is damaged, has become
    another version meanwhile, or where the store refuses.
    """
    with open_location(url) as location:
        assert isinstance(location, Bucket)
        if not (location.mirror / layout.MANIFEST).exists():
            raise ReleaseError(f"{shown(location.name)} has no {layout.MANIFEST}, so it is not a release")
        release = open_release(location.mirror)
        total, at = sum(e.text_bytes for e in release.manifest.of_kind("data")), 0
        built, found = list[Piece](), list[IndexFile]()
        present = set(location.names())
        for piece in pieces(release.manifest, release.manifest.index, symbols):
            file = _whole(location, piece, release, present)
            if file is None:
                built.append(piece)
                if not dry_run:
                    found.append(_made(location, piece))
            else:
                found.append(file)
            if piece.is_segment:
                at += piece.weight
                done(at, total)
        if not dry_run:
            _list(location, release, found, present)
        return indexed(release, found, built, dry_run, location)


def _whole(location: Location, piece: Piece, release: Release, present: set[str]) -> IndexFile | None:
    """Return the entry of a file of the index that lies in the store whole, or None."""
    if piece.path not in present:
        return None
    of = tuple(entry.path for entry in piece.entries)
    for file in release.manifest.index:
        if (file.path, file.of) == (piece.path, of):
            return file
    with _gone_after(location, [piece.path]):  # an earlier run was stopped before it wrote the manifest
        location.fetch(piece.path)
        return there(location.mirror, piece)


def _made(location: Location, piece: Piece) -> IndexFile:
    places = [entry.place for entry in piece.entries]
    with _gone_after(location, [piece.path, *places]):
        for place in places:
            location.fetch(place)
        file = make(location.mirror, piece)
        location.put(piece.path)
        return file


@contextmanager
def _gone_after(location: Location, names: Iterable[str]) -> Iterator[None]:
    """Leave nothing of these files on this machine."""
    try:
        yield
    finally:
        for name in names:
            (location.mirror / name).unlink(missing_ok=True)


def _list(location: Location, release: Release, found: Iterable[IndexFile], present: Iterable[str]) -> None:
    """Put the manifest with these files as the index, then remove what else lies in the folder of the index."""
    index = tuple(sorted(found, key=lambda file: file.path))
    if index != release.manifest.index:
        (location.mirror / layout.MANIFEST).unlink()
        location.fetch(layout.MANIFEST)
        if read_manifest(location.mirror).root != release.root:
            raise ReleaseError(f"{shown(location.name)} has become another version meanwhile. Run the command again")
        anew = release.manifest.model_copy(update={"index": index})
        unsign(location)
        write_whole(location.mirror / layout.MANIFEST, manifest_bytes(anew))
        location.put(layout.MANIFEST)
    wanted = {file.path for file in index}
    for name in present:
        if name.startswith(f"{layout.INDEX}/") and name not in wanted:
            location.remove(name)
