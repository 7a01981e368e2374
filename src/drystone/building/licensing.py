"""Fourth stage: licence files apply to the tree below them.

First the licence files of each range of ids meet what was detected in them; then each partition spreads them over its
repositories' trees and writes its occurrences again, now with everything that a decision needs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from drystone.building import inventory
from drystone.building.engine import Summary
from drystone.building.store import Stage, write_atomically, write_table
from drystone.building.tables import ANNOTATIONS, OCCURRENCES, Range, id_range, read, speaks_for_tree
from drystone.detect import licenses

#: One licence or metadata file of one repository, with its annotation.
LICENSE_FILES: Final = pa.schema(
    [
        ("partition", pa.int32()),
        ("repository", pa.int32()),
        ("path", pa.binary()),
        ("id", pa.binary()),
        ("license", pa.string()),
    ]
)

#: An occurrence with its repository's rank columns and the licence of the tree it lies in (JSON, null where none).
LICENSED: Final = pa.schema(
    [
        ("id", pa.binary()),
        ("repository_id", pa.dictionary(pa.int32(), pa.string())),
        ("origin", pa.dictionary(pa.int32(), pa.string())),
        ("path", pa.binary()),
        ("entry", pa.int32()),
        ("kind", pa.string()),
        ("mode", pa.int32()),
        ("size", pa.int64()),
        ("readable", pa.bool_()),
        ("problem", pa.string()),
        ("note", pa.string()),
        ("gha_license_id", pa.string()),
        ("stars", pa.int64()),
        ("forks", pa.int64()),
        ("revision_date", pa.timestamp("us")),
        ("tree", pa.dictionary(pa.int32(), pa.string())),
        ("opted_out", pa.string()),
    ]
)


def collect(
    stage: Stage, task: str, inventories: list[Path], annotations: list[Path], index: int, count: int
) -> Summary:
    """Join the licence files of one range of ids with their annotations, sorted by partition."""
    where = id_range(index, count)
    found = read(annotations, ANNOTATIONS, ("id", "license"), where)
    found = found.filter(found.column("license").is_valid())
    detected = dict(zip(found.column("id").to_pylist(), found.column("license").to_pylist(), strict=True))
    rows: list[dict[str, Any]] = []
    for partition, file in enumerate(inventories if detected else ()):
        listed = read([file], OCCURRENCES, ("id", "repository", "path", "readable"), where)
        for row in listed.filter(pc.is_in(listed.column("id"), pa.array(list(detected), pa.binary()))).to_pylist():
            if row["readable"] and speaks_for_tree(row["path"].decode("utf-8", "replace")):
                rows.append({**row, "partition": partition, "license": detected[row["id"]]})
    table = pa.Table.from_pylist(rows, LICENSE_FILES)
    write_table(
        stage.file(f"{task}.parquet"), table.sort_by([(n, "ascending") for n in ("partition", "repository", "path")])
    )
    return {"license_files": len(rows), "texts": len(detected)}


def spread(
    stage: Stage,
    task: str,
    inventory_folder: Path,
    members: list[tuple[int, str, Path, list[int]]],
    collected: list[Path],
    nesting: Literal["union", "nearest"],
    reviews: Mapping[str, str],
) -> Summary:
    """Write the occurrences of some partitions with the licence of their tree, sorted by id within a partition.

    A member is a partition, its inventory's task, the file that lists it, and the repositories in it that another
    partition has already given.
    The summary holds, for each repository, what its root declares; an archive's single top folder is its root.
    """
    roots: dict[str, str | None] = {}

    def write(path: Path) -> None:
        roots.clear()
        with pq.ParquetWriter(path, LICENSED, compression="lz4") as writer:
            for partition, inventoried, listing, skip in members:
                repositories = inventory.load_repositories(Stage(inventory_folder), inventoried)
                roots.update(_spread(writer, repositories, listing, collected, partition, skip, nesting, reviews))

    write_atomically(stage.file(f"{task}.parquet"), write)
    return {"roots": roots}


def _spread(
    writer: pq.ParquetWriter,
    repositories: list[dict[str, Any]],
    listing: Path,
    collected: list[Path],
    partition: int,
    skip: list[int],
    nesting: Literal["union", "nearest"],
    reviews: Mapping[str, str],
) -> dict[str, str | None]:
    files: dict[int, list[tuple[str, licenses.LicenseAnnotation, str]]] = defaultdict(list)
    for row in read(collected, LICENSE_FILES, (), Range("partition", partition, partition + 1)).to_pylist():
        annotation = licenses.reviewed(licenses.LicenseAnnotation.from_json(row["license"]), reviews)
        files[row["repository"]].append((_text(row["path"]), annotation, f"swh:1:cnt:{row['id'].hex()}"))
    trees = {
        index: licenses.tree_licenses(files[index], nesting) for index in range(len(repositories)) if index not in skip
    }
    # One text for each licence, however many files it holds for.
    cache: dict[int, str] = {}
    tops: dict[int, str] = {}
    kept_alive: list[licenses.LicenseAnnotation] = []
    with pq.ParquetFile(listing) as reader:
        for batch in reader.iter_batches(batch_size=16384):
            rows = [row for row in batch.to_pylist() if row["repository"] not in skip]
            trees_of_rows = []
            for row in rows:
                first, slash, _ = _text(row["path"]).partition("/")
                if tops.setdefault(row["repository"], first if slash else "") != first:
                    tops[row["repository"]] = ""
                found = trees[row["repository"]].file(_text(row["path"]))
                if found is not None and id(found) not in cache:
                    cache[id(found)] = found.to_json()
                    kept_alive.append(found)
                trees_of_rows.append(cache[id(found)] if found is not None else None)
            owners = [repositories[row["repository"]] for row in rows]
            writer.write_batch(_licensed(rows, owners, trees_of_rows))
    roots = {}
    for index, tree in trees.items():
        found = tree(tops.get(index, ""))
        roots[repositories[index]["id"]] = found.expression if found is not None else None
    return roots


def _text(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace")


def _licensed(rows: list[dict[str, Any]], owners: list[dict[str, Any]], trees: list[str | None]) -> pa.RecordBatch:
    own = {
        "repository_id": [owner["id"] for owner in owners],
        "origin": [owner["origin"] for owner in owners],
        "gha_license_id": [owner["gha_license_id"] for owner in owners],
        "stars": [owner["stars"] for owner in owners],
        "forks": [owner["forks"] for owner in owners],
        "revision_date": [owner["revision_date"] for owner in owners],
        "tree": trees,
    }
    arrays = []
    for field in LICENSED:
        # A listing says what is opted out only where something is.
        values = own[field.name] if field.name in own else [row.get(field.name) for row in rows]
        if pa.types.is_dictionary(field.type):
            arrays.append(pa.array(values, pa.string()).dictionary_encode().cast(field.type))
        else:
            arrays.append(pa.array(values, field.type))
    return pa.record_batch(arrays, schema=LICENSED)
