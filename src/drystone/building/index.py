"""An index is made with the release that it is of, and listed in the same manifest: as a stage, and by a retraction.

Segments over shards that are as they were stay; of what was taken out nothing is left in any.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Final

from drystone.building.context import Build
from drystone.release import layout
from drystone.release.location import Location
from drystone.release.manifest import IndexFile, Manifest
from drystone.search.index import make, there
from drystone.search.indexes.pieces import Piece, pieces
from drystone.work.store import write_atomically
from drystone.work.tasks import Task

_MAKE: Final = "drystone.search.index:make_piece"


def is_wanted(build: Build) -> bool:
    """Return whether a build makes an index: its settings say so, or there is one, here or of the version before."""
    before = build.old is not None and bool(build.old.manifest.index)
    return build.settings.search.index or before or (build.output / layout.INDEX).is_dir()


def index_stage(build: Build, manifest: Manifest, output: Path, before: Iterable[IndexFile] = ()) -> list[IndexFile]:
    """Make the index of a release that is written but for its manifest, as a stage of its build.

    What an earlier run left whole is not made again, nor what holds of an earlier index (`before`) in this place.
    """
    before = tuple(before)
    needed = pieces(manifest, before, build.settings.search.symbols)
    found = {piece.path: there(output, piece, before) for piece in needed}
    stage = build.store.stage("index", manifest.root, str(output.resolve()))
    tasks = [_task(piece, output) for piece in needed if found[piece.path] is None]
    for task in tasks:  # a file that has gone since is made again
        if stage.summary(task.id) is not None:
            stage.forget(task.id)
    for summary in build.engine.run("index", stage, tasks):
        file = IndexFile.model_validate(summary)
        found[file.path] = file
    build.engine.workers.dismiss()
    return sorted((file for file in found.values() if file is not None), key=lambda file: file.path)


def _task(piece: Piece, output: Path) -> Task:
    entries = [entry.model_dump(mode="json") for entry in piece.entries]
    arguments = {"release": output, "path": piece.path, "entries": entries, "symbols": piece.symbols}
    return Task(piece.path.replace("/", "-"), _MAKE, arguments, max(1.0, piece.weight))


def take_over(old: Path, index: Iterable[IndexFile], output: Path) -> None:
    """Link files of an index into the folder of a new version, or copy them where links are refused."""
    for file in index:
        source, target = old / file.path, output / file.path
        if not source.is_file():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        try:
            os.link(source, target)
        except OSError:
            write_atomically(target, partial(shutil.copyfile, source))


def follow(location: Location, before: Manifest, after: Manifest) -> tuple[IndexFile, ...]:
    """Make the index of `after`, whose files are in the mirror or the place, beside that of `before`; return its files.

    Of shards that have not changed nothing is read. Nothing is made where `before` has no index. Raises `ReleaseError`.
    """
    if not before.index:
        return ()
    known = {file.path: file for file in before.index}
    found = []
    for piece in pieces(after, before.index):
        file = known.get(piece.path)
        if file is None:
            for entry in piece.entries:
                location.fetch(entry.place)
            file = make(location.mirror, piece)
            location.put(piece.path)
        found.append(file)
    return tuple(sorted(found, key=lambda file: file.path))
