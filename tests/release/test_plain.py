"""Plain exports: rows as they are, in columns, splits and an order of one's choice, and never more than the release."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import drystone
from drystone.errors import UsageError
from drystone.release.exports import plain
from drystone.release.exports.export import read_export
from drystone.release.schema import DATA
from tests.release.sample import sample_rows


def lines(folder: Path, split: str = "train") -> list[dict[str, Any]]:
    files = sorted(folder.glob(f"data/{split}-*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


KEPT = sorted((row.path, row.text) for row in sample_rows() if row.dropped is None)


def test_the_three_forms_hold_the_same_rows(sample_release: Path, tmp_path: Path) -> None:
    for form in ("jsonl", "parquet", "text"):
        drystone.export(sample_release, form, tmp_path / form)
    rows = lines(tmp_path / "jsonl")
    assert sorted((row["path"], row["content"]) for row in rows) == KEPT
    assert list(rows[0]) == list(plain.DEFAULT_COLUMNS)
    assert pq.read_table(tmp_path / "parquet/data/train-00000.parquet").to_pylist() == rows
    text = (tmp_path / "text/data/train-00000.txt").read_bytes()
    index = [json.loads(line) for line in (tmp_path / "text/data/train-00000.index.jsonl").read_text().splitlines()]
    assert [text[i["offset"] : i["offset"] + i["bytes"]].decode() for i in index] == [row["content"] for row in rows]
    assert [i["swhid"] for i in index] == [row["swhid"] for row in rows]
    notice = (sample_release / "NOTICE").read_bytes()
    assert all((tmp_path / form / "NOTICE").read_bytes() == notice for form in ("jsonl", "parquet", "text"))


def test_columns_are_those_that_are_named(sample_release: Path, tmp_path: Path) -> None:
    drystone.export(sample_release, "jsonl", tmp_path / "two", columns=["content", "path"])
    assert {tuple(row) for row in lines(tmp_path / "two")} == {("content", "path")}
    drystone.export(sample_release, "parquet", tmp_path / "all", columns=["all"])
    assert pq.read_schema(tmp_path / "all/data/train-00000.parquet").names == DATA.names
    with pytest.raises(UsageError, match="contents: no column of a release; did you mean 'content'"):
        drystone.export(sample_release, "jsonl", tmp_path / "x", columns=["contents"])
    with pytest.raises(UsageError, match="limit for jsonl, parquet, text"):
        drystone.export(sample_release, "stack-v2", tmp_path / "x", limit=3)


@pytest.mark.parametrize("by", ["hash", "repository"])
def test_splits_part_all_rows_and_hold_from_release_to_release(by: Any, sample_release: Path, tmp_path: Path) -> None:
    choice = {"split": ["train=60,test=40"], "split_by": by, "seed": 3}
    made = drystone.export(sample_release, "jsonl", tmp_path / "out", **choice)
    parts = {name: lines(tmp_path / "out", name) for name in ("train", "test")}
    assert sorted((row["path"], row["content"]) for part in parts.values() for row in part) == KEPT
    key = "swhid" if by == "hash" else "origin"
    assert not {row[key] for row in parts["train"]} & {row[key] for row in parts["test"]}
    assert all(parts.values())
    # Which split a file is in depends on itself alone: a part of the release is parted in the same way.
    some = drystone.export(sample_release, "jsonl", tmp_path / "some", limit=20, **choice)
    assert sum(file.rows or 0 for file in some.files) == 20
    for name, part in parts.items():
        assert all(row in part for row in lines(tmp_path / "some", name))
    assert read_export(tmp_path / "out") == made
    assert made.rows_of_splits() == {name: len(part) for name, part in parts.items()}
    assert drystone.export(sample_release, "jsonl", tmp_path / "no", dry_run=True, **choice).holds == made.holds


def test_the_order_is_the_seeds_however_rows_are_gathered(
    sample_release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def paths(name: str, **choice: Any) -> list[tuple[str, str]]:
        drystone.export(sample_release, "jsonl", tmp_path / name, **choice)
        return [(row["origin"], row["path"]) for row in lines(tmp_path / name)]

    plainly = paths("plain")
    one = paths("one", shuffle=True, seed=1)
    assert sorted(one) == sorted(plainly)
    assert one != plainly
    assert paths("other", shuffle=True, seed=2) != one
    monkeypatch.setattr("drystone.release.exports.export._BUCKET_BYTES", 20_000)
    monkeypatch.setattr(plain, "_FILE_BYTES", 50_000)
    assert paths("many", shuffle=True, seed=1) == one
    assert len(list((tmp_path / "many/data").iterdir())) > 1
    assert paths("sample", shuffle=True, seed=1, limit=7) == one[:7]
    assert not list((tmp_path / "many").glob(".spill*"))


@pytest.mark.filterwarnings("ignore")
def test_datasets_loads_the_splits(sample_release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets", reason="datasets is a dev extra")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    for form in ("jsonl", "parquet"):
        drystone.export(sample_release, form, tmp_path / form, split=["train=1", "test=1"])
        for split in ("train", "test"):
            rows = list(datasets.load_dataset(str(tmp_path / form), split=split, streaming=True))
            expected = [json.loads(json.dumps(row, default=str)) for row in rows]
            assert [row["path"] for row in expected]
