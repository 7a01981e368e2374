"""The stage that makes a release quick to search: one task for each file of the index. Knows no plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from drystone.release.manifest import FileEntry
from drystone.search.index import make
from drystone.search.indexes.pieces import Piece
from drystone.work.store import Stage


def make_piece(
    stage: Stage, task: str, release: Path, path: str, entries: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any]:
    """Make one file of the index of a release: a segment over shards, or the list of copies of a ledger."""
    piece = Piece(path, tuple(FileEntry.model_validate(entry) for entry in entries))
    return make(release, piece).model_dump(mode="json")
