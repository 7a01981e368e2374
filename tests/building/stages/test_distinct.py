"""Distinct blobs: each readable id once, with the first place that has it, all its names, and its licence path."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from drystone.building.stages import distinct
from drystone.work.store import Stage
from tests.building.stages.conftest import Line, rows_of


def test_each_readable_blob_once_with_all_its_names(line: Line) -> None:
    names: dict[bytes, set[str]] = defaultdict(set)
    for file in line.listed:
        for row in rows_of(file):
            if row["readable"]:
                names[row["id"]].add(row["path"].rsplit(b"/", 1)[-1].decode())
    blobs = rows_of(*line.blobs)
    assert {row["id"]: set(row["names"]) for row in blobs} == names
    assert len(blobs) == len(names) == line.summaries["distinct"]["blobs"]


def test_the_first_place_is_that_of_the_first_partition(line: Line) -> None:
    first = {}
    for partition, file in reversed(list(enumerate(line.listed))):
        first |= {row["id"]: partition for row in rows_of(file) if row["readable"]}
    assert {row["id"]: row["partition"] for row in rows_of(*line.blobs)} == first


def test_only_what_speaks_for_a_folder_has_a_licence_path(line: Line) -> None:
    paths = {row["license_path"].rpartition("/")[2] for row in rows_of(*line.blobs) if row["license_path"]}
    assert {"LICENSE", "COPYING", "README.md"} >= paths >= {"LICENSE", "COPYING"}


def test_how_ids_are_cut_into_ranges_does_not_show(line: Line, tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    parts = [distinct.run(stage, f"d{at}", [line.occurrences], at, 3) for at in range(3)]
    rows = rows_of(*(stage.file(f"d{at}.parquet") for at in range(3)))
    order = sorted(rows, key=lambda row: (row["partition"], row["repository"], row["offset"], row["id"]))
    assert order == rows_of(*line.blobs)
    digests: dict[int, int] = defaultdict(int)
    for part in parts:
        for partition, _, _, digest in part["partitions"]:
            digests[partition] = (digests[partition] + int(digest, 16)) % 2**128
    whole = {partition: int(digest, 16) for partition, _, _, digest in line.summaries["distinct"]["partitions"]}
    assert dict(digests) == whole
