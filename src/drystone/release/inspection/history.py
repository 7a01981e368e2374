"""What became of a file over time, from history.parquet: each revision that touched it, under every name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from drystone.errors import ReleaseError
from drystone.release.columns import ChangedFile
from drystone.release.inspection.paths import named_by, path_mask, readings
from drystone.release.layout import shown
from drystone.release.read import Release


@dataclass(frozen=True, slots=True)
class PastChange:
    """One change of a file by one revision; fields are those of history.parquet and of its changes."""

    origin: str
    revision_id: str
    generation: int
    committer_date: datetime | None
    author: list[str] | None
    message: str | None
    change: str
    path: str
    content_id: str | None
    before_path: str | None
    before_content_id: str | None


def file_history(release: Release, query: str, *, limit: int = 100) -> list[PastChange]:
    """Return what revisions did to a file, the newest first within each repository, up to `limit`.

    `query` is a path (whole, its end, a glob), or REPOSITORY:PATH; what a file was called before it was renamed is
    followed. Memory holds the revisions of one repository that changed anything. Raises `ReleaseError` where the
    release has no histories, or nothing matches.
    """
    entries = release.manifest.of_kind("history")
    if not entries:
        raise ReleaseError(
            f"{shown(str(release.path))} has no histories; build it with history = true in the table [release]"
        )
    asked = readings(query)
    origins = _origins(release, {name for name, _ in asked if name})
    found: list[PastChange] = []
    for origin, rows in _by_origin(release):
        paths = [path for name, path in asked if name is None or origin in origins[name]]
        if paths:
            found += _touching(origin, rows, paths)
        if len(found) >= limit:
            return found[:limit]
    if not found:
        raise ReleaseError(
            f"no revision of this release changed a file '{shown(query)}'. Give a path as the ledger has it"
        )
    return found


def _origins(release: Release, names: set[str]) -> dict[str, set[str]]:
    """Return by name the origins of the repositories that bear it."""
    found: dict[str, set[str]] = {name: set() for name in names}
    for table in release.repositories(["repository_id", "origin", "repo_name"]) if names else ():
        for row in table.to_pylist():
            for name in names:
                if named_by(name, row["origin"], row["repo_name"], row["repository_id"]):
                    found[name].add(row["origin"])
    return found


def _by_origin(release: Release) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield each origin with its revisions that changed anything, the oldest first."""
    (entry,) = release.manifest.of_kind("history")
    some = (t.filter(pc.greater(pc.list_value_length(t["changes"]), 0)) for t in release.rows(entry))
    rows = (row for table in some for row in table.to_pylist())
    for origin, mine in groupby(rows, key=lambda row: row["origin"]):
        yield origin, list(mine)


def _touching(origin: str, rows: list[dict[str, Any]], queries: Sequence[str]) -> list[PastChange]:
    known = sorted({each[name] for row in rows for each in row["changes"] for name in ("path", "before_path")} - {None})
    paths = pa.chunked_array([pa.array(known, pa.string())])
    names = {
        path for query in queries for path in paths.filter(pc.fill_null(path_mask(paths, query), False)).to_pylist()
    }
    found = []
    for row in reversed(rows):
        changes: list[ChangedFile] = row["changes"]
        for each in changes:
            if each["path"] in names:
                if each["before_path"] is not None:
                    names.add(each["before_path"])
                told = {
                    name: row[name] for name in ("revision_id", "generation", "committer_date", "author", "message")
                }
                found.append(PastChange(origin=origin, **told, **each))
    return found
