"""Second stage: exact duplicates collapse by SWHID; each distinct blob gets one place to be read from.

Before it neighbouring inventories are gathered, by the ids that both this stage and that of licences look for. Works on
one range of ids; keeps ids, sizes, places and file names only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypedDict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from drystone.building.stages.paths import base_name, speaks_for_tree
from drystone.building.stages.tables import BLOBS, GATHERED, OCCURRENCES
from drystone.work.ranges import id_range, read
from drystone.work.store import Stage, write_table


class DistinctCounts(TypedDict):
    """Blobs and their bytes; for each partition its number, blobs, bytes, and a digest of what lies there."""

    blobs: int
    bytes: int
    partitions: list[tuple[int, int, int, str]]


_COLUMNS: Final = ("id", "partition", "repository", "path", "size", "offset", "readable", "target")


class GatherCounts(TypedDict):
    """Occurrences that were gathered."""

    rows: int


def gather(stage: Stage, task: str, inventories: Sequence[Path], first: int, last: int) -> GatherCounts:
    """Write what the inventories `first` to `last`, without `last`, list: by key, then partition (GATHERED)."""
    names = [name for name in GATHERED.names if name in OCCURRENCES.names]
    tables = [GATHERED.empty_table()]
    for partition, file in enumerate(inventories[first:last], first):
        rows = read([file], OCCURRENCES, names)
        leads, count = rows.column("target").is_valid(), rows.num_rows
        listed = rows.set_column(names.index("target"), "target", pa.nulls(count, pa.binary()))
        tables.append(_keyed(listed.filter(pc.or_(rows.column("readable"), pc.invert(leads))), "id", partition))
        led = rows.set_column(names.index("readable"), "readable", pa.array(np.zeros(count, bool)))
        tables.append(_keyed(led.filter(leads), "target", partition))
    # Rows of one key stay in the order of partitions, and within one in that of its inventory.
    table = pa.concat_tables(tables).combine_chunks().sort_by([("key", "ascending")])
    write_table(stage.file(f"{task}.parquet"), table, row_group=4096)
    return {"rows": table.num_rows}


def _keyed(rows: pa.Table, key: str, partition: int) -> pa.Table:
    made = {"key": rows.column(key), "partition": pa.array(np.full(rows.num_rows, partition, np.int32))}
    return pa.table([made[n] if n in made else rows.column(n) for n in GATHERED.names], schema=GATHERED)


def run(stage: Stage, task: str, occurrences: Sequence[Path], index: int, count: int) -> DistinctCounts:
    """Write the distinct readable blobs of one range of ids, sorted by the place they are read from.

    The place is the first occurrence by (partition, repository, offset). The summary counts blobs and bytes for each
    partition, from which the next stage cuts its tasks, with a digest of what it will annotate there.
    """
    blobs: dict[bytes, tuple[int, int, int, int]] = {}
    names: dict[bytes, set[str]] = {}
    license_paths: dict[bytes, str] = {}
    rows = read(occurrences, GATHERED, _COLUMNS, id_range(index, count, "key"))
    columns = [rows.column(name).to_pylist() for name in _COLUMNS]
    for id_, partition, repository, path, size, offset, readable, target in zip(*columns, strict=True):
        if target is None and not readable:
            continue
        text = path.decode("utf-8", "replace")
        if target is None:
            blobs.setdefault(id_, (partition, repository, offset, size))
            names.setdefault(id_, set()).add(base_name(path))
        if target is not None or speaks_for_tree(text):
            # The smallest path, so that the choice does not depend on the order of repositories.
            license_paths[target or id_] = min(text, license_paths.get(target or id_, text))
    order = sorted(blobs, key=lambda id_: (blobs[id_][0], blobs[id_][1], blobs[id_][2], id_))
    places = [blobs[id_] for id_ in order]
    table = pa.table(
        {
            "id": pa.array(order, pa.binary()),
            "partition": pa.array([place[0] for place in places], pa.int32()),
            "repository": pa.array([place[1] for place in places], pa.int32()),
            "offset": pa.array([place[2] for place in places], pa.int64()),
            "size": pa.array([place[3] for place in places], pa.int64()),
            "names": pa.array([sorted(names[id_]) for id_ in order], pa.list_(pa.string())),
            "license_path": pa.array([license_paths.get(id_) for id_ in order], pa.string()),
        },
        schema=BLOBS,
    )
    write_table(stage.file(f"{task}.parquet"), table)
    by_partition: dict[int, list[int]] = {}
    for id_, place in zip(order, places, strict=True):
        counted = by_partition.setdefault(place[0], [0, 0, 0])
        counted[0] += 1
        counted[1] += place[3]
        # A sum, so that how ids are cut into ranges does not show in it.
        row = repr((id_, place[1:], sorted(names[id_]), license_paths.get(id_))).encode()
        counted[2] = (counted[2] + int.from_bytes(hashlib.sha256(row).digest()[:16], "big")) % 2**128
    return {
        "blobs": len(order),
        "bytes": sum(place[3] for place in places),
        "partitions": [(p, blobs, size, f"{digest:032x}") for p, (blobs, size, digest) in sorted(by_partition.items())],
    }
