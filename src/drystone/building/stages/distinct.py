"""Second stage: exact duplicates collapse by SWHID; each distinct blob gets one place to be read from.

Works on one range of ids over all inventories; keeps ids, sizes, places and file names only.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TypedDict

import pyarrow as pa

from drystone.building.stages.paths import base_name, speaks_for_tree
from drystone.building.stages.tables import BLOBS, OCCURRENCES
from drystone.work.ranges import id_range, read
from drystone.work.store import Stage, write_table


class DistinctCounts(TypedDict):
    """Blobs and their bytes; for each partition its number, blobs, bytes, and a digest of what lies there."""

    blobs: int
    bytes: int
    partitions: list[tuple[int, int, int, str]]


_COLUMNS = ("id", "repository", "path", "size", "offset", "readable")


def run(stage: Stage, task: str, inventories: list[Path], index: int, count: int) -> DistinctCounts:
    """Write the distinct readable blobs of one range of ids, sorted by the place they are read from.

    The place is the first occurrence by (partition, repository, offset). The summary counts blobs and bytes for each
    partition, from which the next stage cuts its tasks, with a digest of what it will annotate there.
    """
    where = id_range(index, count)
    blobs: dict[bytes, tuple[int, int, int, int]] = {}
    names: dict[bytes, set[str]] = {}
    license_paths: dict[bytes, str] = {}
    for partition, inventory in enumerate(inventories):
        rows = read([inventory], OCCURRENCES, _COLUMNS, where)
        columns = [rows.column(name).to_pylist() for name in _COLUMNS]
        for id_, repository, path, size, offset, readable in zip(*columns, strict=True):
            if not readable:
                continue
            blobs.setdefault(id_, (partition, repository, offset, size))
            names.setdefault(id_, set()).add(base_name(path))
            text = path.decode("utf-8", "replace")
            if speaks_for_tree(text):
                # The smallest path, so that the choice does not depend on the order of repositories.
                license_paths[id_] = min(text, license_paths.get(id_, text))
        led = read([inventory], OCCURRENCES, ("target", "path"), id_range(index, count, "target"))
        for id_, path in zip(led.column("target").to_pylist(), led.column("path").to_pylist(), strict=True):
            text = path.decode("utf-8", "replace")
            license_paths[id_] = min(text, license_paths.get(id_, text))
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
