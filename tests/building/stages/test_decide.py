"""Deciding brings facts together: every occurrence has one verdict, one occurrence stands for each blob."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import pytest

from drystone.building.stages import decide
from drystone.building.stages.decide import CANDIDATES, VERDICTS
from drystone.policy.decision import LedgerStage, Reason
from drystone.work.store import Stage
from tests.building.stages.conftest import METHOD, POLICIES, Line, rows_of

KEPT = LedgerStage.RELEASE.word
COPY = Reason.EXACT_DUPLICATE.word


def test_every_occurrence_has_one_verdict_that_policy_knows(line: Line) -> None:
    rows = rows_of(line.verdicts)
    assert list(rows[0]) == VERDICTS.names
    key = [(row["repository_id"], row["path"], row["entry"]) for row in rows]
    assert len(set(key)) == len(rows) == len(rows_of(line.licensed))
    stages = {reason.word: reason.stage.word for reason in Reason}
    for row in rows:
        assert row["stage"] == (KEPT if row["reason"] is None else stages[row["reason"]])


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (b"walls/stack.py", None),
        (b"link.py", "symlink"),
        (b"walls/blob.bin", "binary"),
        (b"walls/empty.py", "empty"),
        (b"walls/copyleft.py", "non_permissive_license"),
        (b"gates-1.0/gates/open.py", "no_license"),
        (b"data/table.json", "long_data_file"),
        (b"notes.unknown-kind", "unknown_language"),
        (b"fences/stack.py", COPY),
    ],
)
def test_reasons(line: Line, path: bytes, reason: str | None) -> None:
    (row,) = [row for row in rows_of(line.verdicts) if row["path"] == path]
    assert row["reason"] == reason


def test_one_occurrence_stands_for_each_blob_and_its_copies_name_it(line: Line) -> None:
    copies = defaultdict(list)
    for row in rows_of(line.verdicts):
        if row["stage"] in (KEPT, LedgerStage.EXACT_DUPLICATES.word):
            copies[row["id"]].append(row)
    for id_, rows in copies.items():
        (kept,) = [row for row in rows if row["stage"] == KEPT]
        for row in rows:
            if row is not kept:
                assert row["kept_repository_id"] == kept["repository_id"]
                assert row["kept_path"] == "/" + kept["path"].decode()
                assert row["kept_swhid"] == f"swh:1:cnt:{id_.hex()}"
    candidates = rows_of(line.candidates)
    assert [row["id"] for row in candidates] == sorted(copies)
    assert list(candidates[0]) == CANDIDATES.names


def test_the_funnel_counts_every_distinct_blob_once(line: Line) -> None:
    funnel = Counter(line.summaries["decide"]["funnel"])
    blobs = rows_of(*line.blobs)
    assert sum(count for name, count in funnel.items() if name.startswith("blobs ")) == len(blobs)
    assert sum(count for name, count in funnel.items() if name.startswith("bytes ")) == sum(b["size"] for b in blobs)
    assert funnel[f"blobs {LedgerStage.EXACT_DUPLICATES.word}"] == line.summaries["decide"]["candidates"]


def test_pieces_and_ranges_do_not_show(line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "_ROWS", 3)
    stage, tables = Stage(tmp_path), ([line.licensed], line.blobs, line.annotations, line.names)
    for at in range(2):
        decide.run(stage, f"v{at}", *tables, at, 2, POLICIES, {}, "language", METHOD)
    files = [stage.file(f"v{at}.parquet") for at in range(2)]

    def key(row: dict[str, object]) -> str:
        return repr((row["repository_id"], row["path"]))

    assert sorted(rows_of(*files), key=key) == sorted(rows_of(line.verdicts), key=key)
    candidates = [file.with_suffix(".candidates.parquet") for file in files]
    assert rows_of(*candidates) == rows_of(line.candidates)


def test_a_readable_blob_that_nobody_annotated_is_a_fault_and_not_a_decision(line: Line, tmp_path: Path) -> None:
    tables = ([line.licensed], line.blobs, line.annotations[1:], line.names)
    with pytest.raises(AssertionError, match="not annotated"):
        decide.run(Stage(tmp_path), "v", *tables, 0, 1, POLICIES, {}, "language", METHOD)
