"""Who else would lose files by a request: copies in repositories that it does not name, the older ones first.

Asks releases that exist. Decides nothing: whoever decides on the request should have seen this.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from drystone.policy.optouts import MOST_ORIGINS, about, family_of
from drystone.registry import OptOuts
from drystone.registry.snapshot import content_id
from drystone.release.read import Release
from drystone.release.versions.falls import take_inventory


@dataclass(frozen=True, slots=True)
class Affected:
    """A repository that a request does not name and that would lose files.

    `revised` is the time of the revision in the release, where that is known; `older`: whether it lies before those of
    all that the request names there, None where one of them is not known. A time may be anything that its author wrote.
    """

    repository_id: str
    origin: str
    files: int
    kept: int
    revised: datetime | None
    older: bool | None


@dataclass(frozen=True, slots=True)
class CommonContent:
    """A content that stays although it is a copy: `owners` unrelated ones have it; `path` is one of its paths."""

    swhid: str
    owners: int
    path: str


@dataclass(frozen=True, slots=True)
class RequestReach:
    """What a request would do to one release: what it names there, who else loses files, what all have."""

    release: str
    version: str
    repositories: int
    files: int
    others: tuple[Affected, ...]
    common: tuple[CommonContent, ...]


@dataclass
class _Other:
    files: int = 0
    kept: int = 0
    paths: list[str] = field(default_factory=list)


def common_contents(releases: Iterable[Release], optouts: OptOuts) -> dict[str, CommonContent]:
    """Return by SWHID the contents that are out as copies, not decided one by one, and had by too many."""
    owners: dict[str, set[str]] = defaultdict(set)
    paths: dict[str, str] = {}
    for release in releases if optouts.blobs else ():
        upstream = {
            row["repository_id"]: about(row)[1]
            for table in release.repositories(["repository_id", "metadata"])
            for row in table.to_pylist()
        }
        for table in release.ledger(["repository_id", "origin", "path", "kind", "swhid"]):
            files = table.filter(pc.and_(pc.equal(table["kind"], "file"), pc.is_valid(table["swhid"])))
            ids = np.array([content_id(swhid) for swhid in files["swhid"].to_pylist()], "S20")
            hits = np.flatnonzero(optouts.contents(ids) >= 0) if len(ids) else np.empty(0, np.int64)
            for row in files.take(pa.array(hits, pa.int64())).to_pylist():
                if optouts.repository(row["origin"], (), upstream.get(row["repository_id"])) is None:
                    owners[row["swhid"]].add(family_of(row["origin"], upstream.get(row["repository_id"])))
                    paths.setdefault(row["swhid"], row["path"])
    return {
        swhid: CommonContent(swhid, len(some), paths[swhid])
        for swhid, some in sorted(owners.items())
        if len(some) > MOST_ORIGINS and content_id(swhid) not in optouts.settled
    }


def without_common(releases: Iterable[Release], optouts: OptOuts) -> OptOuts:
    """Return a snapshot in which what too many have in these releases is no copy."""
    return optouts.without({content_id(swhid) for swhid in common_contents(releases, optouts)})


def reach_of(release: Release, optouts: OptOuts) -> RequestReach:
    """Return what the requests of a snapshot would do to a release; take one of a single request to see its reach.

    What the repositories that go as a whole hold counts as known copies, as it does in a retraction.
    """
    gone = take_inventory(release, replace(optouts, blobs=b"", blob_requests=b""), about)
    common = common_contents([release], optouts)
    inventory = take_inventory(release, optouts.without({content_id(swhid) for swhid in common}), about)
    found: dict[str, _Other] = defaultdict(_Other)
    named = {*gone.repositories, *(key[0] for key in gone.rows)}
    for key in inventory.rows.keys() - gone.rows.keys():
        found[key[0]].files += 1
    ids = {*found, *named}
    rows = {
        row["repository_id"]: row
        for table in release.repositories(["repository_id", "origin", "revision_date", "metadata"])
        for row in table.to_pylist()
        if row["repository_id"] in ids
    }
    kept = {id_: -count for id_, count in inventory.kept.items()}
    mine = [rows[id_]["revision_date"] for id_ in named]
    first = min(mine) if mine and None not in mine else None
    others = [
        Affected(
            id_, rows[id_]["origin"], other.files, max(0, kept.get(id_, 0)), rows[id_]["revision_date"],
            None if first is None or rows[id_]["revision_date"] is None else rows[id_]["revision_date"] < first,
        )
        for id_, other in found.items()
        if id_ not in named
    ]  # fmt: skip
    others.sort(key=lambda each: (each.revised is None, each.revised or datetime.max, each.origin))
    facts = release.manifest.facts
    total = gone.total
    mine_too = (len(gone.repositories), total.occurrences)
    return RequestReach(facts.name, facts.version, *mine_too, tuple(others), tuple(common.values()))
