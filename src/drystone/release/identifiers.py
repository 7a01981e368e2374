"""SWHIDs of a release's rows, with their context, and back from a SWHID to the rows that it names.

Knows nothing of archives: where a SWHID resolves is for others to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow.compute as pc

from drystone.errors import UsageError
from drystone.identity import swhid as ids
from drystone.identity.swhid import Swhid
from drystone.release.columns import DataRow, LedgerRow, RepositoryRow
from drystone.release.read import Release


def occurrence_swhid(row: LedgerRow | DataRow, repository: RepositoryRow | None = None) -> Swhid | None:
    """Return the SWHID of a row of the ledger or of data, qualified by origin, visit, anchor and path.

    `repository` is the row of its repository; a row of data holds what is needed itself. The anchor is the revision,
    or the root directory where there is none. None for a row without a hash: its bytes were never read.
    """
    if row["swhid"] is None:
        return None
    context: Mapping[str, Any] = {**row, **(repository or {})}
    core = ids.parse(row["swhid"])
    return Swhid(
        core.kind,
        core.hash,
        origin=row["origin"] or None,
        visit=_core(ids.SNAPSHOT, context.get("snapshot_id")),
        anchor=_core(ids.REVISION, context.get("revision_id")) or _core(ids.DIRECTORY, context.get("directory_id")),
        path=_path(row),
    )


def repository_swhid(repository: RepositoryRow) -> Swhid | None:
    """Return the SWHID of a repository's revision, or of its root directory, qualified by origin and visit.

    None for a repository that could not be read.
    """
    core = _core(ids.REVISION, repository["revision_id"]) or _core(ids.DIRECTORY, repository["directory_id"])
    if core is None:
        return None
    visit = _core(ids.SNAPSHOT, repository["snapshot_id"])
    return Swhid(core.kind, core.hash, origin=repository["origin"] or None, visit=visit)


def rows_named(release: Release, swhid: Swhid) -> Iterator[LedgerRow]:
    """Yield the ledger's rows that a SWHID of a content or a submodule's revision names, in the ledger's order.

    Rows agree with each of the qualifiers origin, visit, anchor and path that is given.
    """
    fitting = None if swhid.visit is None and swhid.anchor is None else _repositories(release, swhid)
    for table in release.ledger():
        found = table.filter(pc.fill_null(pc.equal(table.column("swhid"), str(swhid.core)), False))
        for row in found.to_pylist():
            if swhid.origin is not None and row["origin"] != swhid.origin:
                continue
            if fitting is not None and row["repository_id"] not in fitting:
                continue
            if swhid.path is None or swhid.path == _path(row):
                yield row


def repositories_named(release: Release, swhid: Swhid) -> Iterator[RepositoryRow]:
    """Yield the repositories whose revision, root directory or snapshot a SWHID names, with its qualifiers."""
    column = {ids.REVISION: "revision_id", ids.DIRECTORY: "directory_id", ids.SNAPSHOT: "snapshot_id"}.get(swhid.kind)
    if column is None:
        return
    for table in release.repositories():
        found = table.filter(pc.fill_null(pc.equal(table.column(column), swhid.hash), False))
        for row in found.to_pylist():
            if swhid.origin is not None and row["origin"] != swhid.origin:
                continue
            if swhid.visit is None or row["snapshot_id"] == swhid.visit.hash:
                yield row


def _repositories(release: Release, swhid: Swhid) -> set[str]:
    found = set()
    for table in release.repositories(["repository_id", "revision_id", "directory_id", "snapshot_id"]):
        for row in table.to_pylist():
            anchored = swhid.anchor is None or swhid.anchor.hash in (
                row["revision_id"], row["directory_id"], row["snapshot_id"],
            )  # fmt: skip
            if anchored and (swhid.visit is None or row["snapshot_id"] == swhid.visit.hash):
                found.add(row["repository_id"])
    return found


def _path(row: Mapping[str, Any]) -> bytes:
    """Return the path's bytes, with a leading slash."""
    raw: bytes | None = row.get("path_raw")
    text: str = row["path"]
    return b"/" + raw.removeprefix(b"/") if raw is not None else text.encode("utf-8", "surrogateescape")


def _core(kind: str, hash_: str | None) -> Swhid | None:
    try:
        return Swhid(kind, hash_) if hash_ else None
    except UsageError:
        return None
