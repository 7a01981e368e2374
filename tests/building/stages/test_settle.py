"""Settling: verdicts and near duplicates become ledger rows and the rows of the release, and nothing is lost."""

from __future__ import annotations

import pyarrow.parquet as pq

from drystone.building.stages.settle import ROWS
from drystone.policy.decision import Reason
from drystone.release.schema import LEDGER
from tests.building.stages.conftest import Line, rows_of


def test_occurrences_in_are_ledger_rows_out(line: Line) -> None:
    rows = rows_of(line.ledger)
    assert pq.read_schema(line.ledger).names == LEDGER.names
    assert len(rows) == sum(len(rows_of(file)) for file in line.listed)
    keys = [(row["repository_id"], row["path"], row["entry"]) for row in rows]
    assert keys == sorted(keys)


def test_kept_rows_are_the_rows_of_the_release(line: Line) -> None:
    kept = {row["swhid"] for row in rows_of(line.ledger) if row["decision"] == "kept"}
    rows = rows_of(line.rows)
    assert {f"swh:1:cnt:{row['id'].hex()}" for row in rows} == kept
    assert list(rows[0]) == ROWS.names
    assert [(row["language"], row["id"]) for row in rows] == sorted((row["language"], row["id"]) for row in rows)


def test_kept_and_dropped_rows_say_so(line: Line) -> None:
    stages = {reason.word: reason.stage.word for reason in Reason}
    for row in rows_of(line.ledger):
        if row["decision"] == "kept":
            assert (row["stage"], row["reason"]) == ("release", None)
        else:
            assert row["decision"] == "dropped"
            assert stages[row["reason"]] == row["stage"]


def test_copies_of_a_near_duplicate_point_at_the_file_that_was_kept_instead(line: Line) -> None:
    rows = rows_of(line.ledger)
    near = [row for row in rows if row["reason"] == "near_duplicate"]
    assert near
    places = {(row["repository_id"], row["path"]): row for row in rows}
    for row in near:
        kept = places[row["kept_repository_id"], row["kept_path"]]
        assert kept["decision"] == "kept"
        assert kept["swhid"] == row["kept_swhid"]
        assert row["similarity"] >= 0.7
    lost = {row["swhid"] for row in near}
    assert not [row for row in rows if row["swhid"] in lost and row["reason"] == "exact_duplicate"]


def test_members_of_a_cluster_name_its_smallest(line: Line) -> None:
    clusters = {row["near_duplicate_cluster"] for row in rows_of(line.rows)} - {None}
    assert clusters
    ids = {row["swhid"] for row in rows_of(line.ledger)}
    assert clusters <= ids


def test_the_summary_counts_what_was_written(line: Line) -> None:
    told, rows = line.summaries["settle"], rows_of(line.rows)
    assert (told["rows"], told["kept"]) == (len(rows_of(line.ledger)), len(rows))
    assert told["near_duplicates"] == line.summaries["place"]["dropped"]
    assert sum(files for files, _ in told["languages"].values()) == len(rows)
    assert sum(size for _, size in told["languages"].values()) == sum(row["bytes"] for row in rows)
    assert sum(told["repositories"].values()) == len(rows)
