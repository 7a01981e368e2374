"""Which contents are too common to be anybody's: they stay where others have them, unless somebody decides on each.

A file that lies in many unrelated places (a licence's text, a library that everybody copies) would else be taken from
all of them by whoever asks first. Counts places; knows no bytes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypedDict

import numpy as np

from drystone.building.stages.inventory import load_repositories
from drystone.building.stages.snapshots import load
from drystone.building.stages.tables import OCCURRENCES
from drystone.policy.optouts import MOST_ORIGINS, family_of, forked_from, out_among
from drystone.work.ranges import read
from drystone.work.store import Stage


class CommonCounts(TypedDict):
    """Contents that are out as copies (id, in hexadecimal digits) and whose they are: owners, one more than counts."""

    owners: dict[str, list[str]]


def run(stage: Stage, task: str, inventory_folder: Path, members: list[str], snapshot: Path) -> CommonCounts:
    """Return the owners of the contents of some partitions that are out as copies and not decided one by one."""
    optouts = load(snapshot)
    inventories = Stage(inventory_folder)
    found: dict[str, set[str]] = defaultdict(set)
    for member in members:
        repositories = load_repositories(inventories, member)
        out = out_among(optouts, ((r["origin"], r["metadata"]) for r in repositories))
        table = read([inventories.file(f"{member}.parquet")], OCCURRENCES, ("id", "repository"))
        ids = np.frombuffer(b"".join(id_ or bytes(20) for id_ in table.column("id").to_pylist()), "S20")
        hits = np.flatnonzero(optouts.contents(ids) >= 0).tolist() if len(ids) else []
        holders = table.column("repository").to_pylist()
        for at in hits:
            id_ = ids[at].ljust(20, b"\0")
            if id_ not in optouts.settled and holders[at] not in out:
                repository = repositories[holders[at]]
                found[id_.hex()].add(family_of(repository["origin"], forked_from(repository["metadata"])))
    return {"owners": {id_: sorted(owners)[: MOST_ORIGINS + 1] for id_, owners in sorted(found.items())}}


def common(counted: Iterable[Mapping[str, Iterable[str]]]) -> set[bytes]:
    """Return the contents of which more than `MOST_ORIGINS` unrelated owners have one."""
    owners: dict[str, set[str]] = defaultdict(set)
    for each in counted:
        for id_, some in each.items():
            owners[id_].update(some)
    return {bytes.fromhex(id_) for id_, some in owners.items() if len(some) > MOST_ORIGINS}
