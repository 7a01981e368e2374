"""The laws of a release over single tables: each breach is told once, with its row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from drystone.release.checking.laws import Conservation, RepositoryCounts, check_data, check_ledger
from drystone.release.read import open_release
from drystone.release.schema import LEDGER, REPOSITORIES


class Told(list[tuple[str, str, str]]):
    """What a check told: check, file, what is wrong."""

    def add(self, check: str, file: str, what: str) -> None:
        self.append((check, file, what))


def row(**changed: Any) -> dict[str, Any]:
    return dict.fromkeys(LEDGER.names) | {
        "repository_id": "r1", "path": "/a.py", "entry": 0, "kind": "file", "swhid": "swh:1:cnt:" + "1" * 40,
        "decision": "kept", "stage": "release", "shard": "data/Python/train-00000-of-00001.parquet", **changed,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({}, None),
        ({"decision": "lost"}, "neither kept nor dropped"),
        ({"shard": None}, "kept, but names no shard"),
        ({"swhid": None}, "kept, but has no swhid"),
        ({"reason": "binary"}, "kept, but has a reason"),
        ({"stage": "quality"}, "stage is not release"),
        ({"kind": "symlink"}, "kept, but is not a file"),
        ({"decision": "dropped", "reason": "binary"}, "dropped, but names a shard"),
        ({"decision": "dropped", "shard": None}, "dropped without a reason"),
        ({"decision": "dropped", "shard": None, "reason": "binary", "stage": None}, "dropped without a stage"),
    ],
)
def test_decisions(changed: dict[str, Any], what: str | None) -> None:
    told = Told()
    check_ledger(pa.Table.from_pylist([row(**changed)], LEDGER), "ledger/x", None, told.add)
    assert [(check, file) for check, file, _ in told] == ([("decisions", "ledger/x")] if what else [])
    assert what is None or what in told[0][2]


def test_the_order_of_a_ledger_goes_on_from_part_to_part() -> None:
    told = Told()
    last = check_ledger(pa.Table.from_pylist([row(path="/b.py")], LEDGER), "ledger/0", None, told.add)
    check_ledger(pa.Table.from_pylist([row(path="/a.py")], LEDGER), "ledger/1", last, told.add)
    assert [(check, file) for check, file, _ in told] == [("order", "ledger/1")]


def test_a_real_shard_holds_and_a_changed_text_does_not(sample_release: Path) -> None:
    release = open_release(sample_release)
    table = next(release.data("Python"))
    path = release.manifest.languages["Python"][0].path
    told = Told()
    last, size = check_data(table, path, "Python", None, told.add)
    assert (told, last) == ([], table.column("swhid").to_pylist()[-1])
    assert size == sum(len(text.encode()) for text in table.column("content").to_pylist())
    at = table.column_names.index("content")
    changed = table.set_column(at, "content", [["x = 1\n", *table.column("content").to_pylist()[1:]]])
    check_data(changed, path, "Python", None, told.add)
    assert {check for check, _, _ in told} == {"content"}
    assert all(what.startswith(table.column("swhid")[0].as_py()) for _, _, what in told)


def test_counts_of_repositories_are_compared_with_the_ledger() -> None:
    def listed(occurrences: int, kept: int) -> pa.Table:
        told = {"repository_id": "r1", "occurrences": occurrences, "kept": kept}
        return pa.Table.from_pylist([dict.fromkeys(REPOSITORIES.names) | told], REPOSITORIES)

    for occurrences, kept, right in ((2, 1, True), (1, 1, False), (2, 2, False)):
        told = Told()
        counts = RepositoryCounts([listed(occurrences, kept)], "repositories.parquet", told.add)
        dropped = row(path="/b.py", decision="dropped", reason="binary", stage="encoding", shard=None)
        counts.add(pa.Table.from_pylist([row(), dropped], LEDGER))
        counts.finish()
        assert counts.kept == 1
        assert (not told) == right


def test_each_kept_row_is_in_the_shard_it_names_and_agrees_with_it(sample_release: Path, tmp_path: Path) -> None:
    release = open_release(sample_release)

    def told_of(change: dict[str, Any]) -> set[str]:
        told = Told()
        laws = Conservation(tmp_path, 100)
        for entry in release.manifest.of_kind("data"):
            for table in release.rows(entry):
                laws.add_data(table, entry.path)
        for entry in release.manifest.of_kind("ledger"):
            for table in release.rows(entry):
                rows = table.to_pylist()
                first = next((r for r in rows if r["decision"] == "kept" and r["path"] == "/star.m"), None)
                if first is not None:
                    first.update(change)
                laws.add_ledger(pa.Table.from_pylist(rows, LEDGER), entry.path, told.add)
        laws.check(release.manifest.facts.near_duplicate_threshold, told.add)
        return {check for check, _, _ in told}

    assert told_of({}) == set()
    for name in ("language", "license_expression", "origin", "shard"):
        assert "conservation" in told_of({name: "other"}), name
