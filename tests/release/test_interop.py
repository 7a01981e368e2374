"""The release as other programs read it, without this package."""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from drystone.release.layout import language_folder
from drystone.release.read import open_release
from drystone.release.schema import DATA
from tests.release.sample import Row, sample_rows, write_sample


def expected(language: str) -> dict[str, str]:
    return {r.swhid: r.text for r in sample_rows() if r.dropped is None and r.language == language}


@pytest.fixture
def datasets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = pytest.importorskip("datasets", reason="datasets is a dev extra")
    monkeypatch.setattr(module.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    module.disable_progress_bars()
    return module


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("language", ["Python", "C++", "F*"])
def test_datasets_streams_a_language(datasets: Any, language: str, sample_release: Path) -> None:
    rows = datasets.load_dataset(str(sample_release), name=language_folder(language), split="train", streaming=True)
    assert list(rows.features) == DATA.names
    assert {row["swhid"]: row["content"] for row in rows} == expected(language)


@pytest.mark.filterwarnings("ignore")
def test_datasets_streams_all_languages_without_a_name(datasets: Any, sample_release: Path) -> None:
    rows = datasets.load_dataset(str(sample_release), split="train", streaming=True)
    assert Counter(row["language"] for row in rows) == Counter(r.language for r in sample_rows() if r.dropped is None)


@pytest.mark.filterwarnings("ignore")
def test_datasets_loads_a_language_whole(datasets: Any, sample_release: Path, tmp_path: Path) -> None:
    rows = datasets.load_dataset(str(sample_release), name="Python", split="train", cache_dir=str(tmp_path / "c"))
    assert rows.num_rows == len(expected("Python"))
    assert rows[0]["license_evidence"][0]["expression"] == "MIT"


def test_duckdb_reads_it_as_it_is(sample_release: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is a dev extra")
    data, ledger = f"'{sample_release}/data/*/*.parquet'", f"'{sample_release}/ledger/*.parquet'"
    counts = dict(duckdb.sql(f"select language, count(*) from {data} group by all").fetchall())
    assert counts == Counter(r.language for r in sample_rows() if r.dropped is None)
    reasons = duckdb.sql(f"select reason, count(*) from {ledger} where decision = 'dropped' group by all").fetchall()
    assert dict(reasons) == Counter((r.dropped or "").partition(".")[2] for r in sample_rows() if r.dropped)
    joined = f"select count(*) from {data} d join {ledger} l on d.swhid = l.swhid and l.decision = 'kept'"
    assert duckdb.sql(joined).fetchall() == [(sum(counts.values()),)]
    text = f"select content from {data} where path like '%emoji %'"
    assert duckdb.sql(text).fetchall() == [(next(r.text for r in sample_rows() if "emoji " in r.path),)]


def test_polars_reads_it_as_it_is(sample_release: Path) -> None:
    polars = pytest.importorskip("polars", reason="polars is a dev extra")
    frame = polars.scan_parquet(sample_release / "data/*/*.parquet")
    rows = frame.filter(polars.col("language") == "Python").select("swhid", "content").collect()
    assert dict(rows.iter_rows()) == expected("Python")


@pytest.mark.filterwarnings("ignore")
def test_croissant_is_valid_and_gives_the_records(sample_release: Path) -> None:
    mlcroissant = pytest.importorskip("mlcroissant", reason="mlcroissant is a dev extra")
    dataset = mlcroissant.Dataset(str(sample_release / "croissant.json"))
    assert dataset.metadata.ctx.issues.errors == set()
    assert dataset.metadata.ctx.issues.warnings == set()
    assert dataset.metadata.data_collection.startswith("Public source repositories")
    found = [r for r in dataset.records("files") if r["files/language"] == b"Python"]
    assert {r["files/swhid"].decode(): r["files/content"].decode() for r in found} == expected("Python")


LANGUAGES = ["Jupyter Notebook", "C#", "F*", "a/b_c", "\u4e2d\u6587"]


@pytest.mark.filterwarnings("ignore")
def test_any_name_of_a_language_is_read_by_all(datasets: Any, tmp_path: Path) -> None:
    mlcroissant = pytest.importorskip("mlcroissant", reason="mlcroissant is a dev extra")
    duckdb = pytest.importorskip("duckdb", reason="duckdb is a dev extra")
    rows = [Row("own/x", f"/f{n}.x", f"text {n}\n".encode(), name) for n, name in enumerate(LANGUAGES)]
    write_sample(tmp_path / "release", rows)
    assert open_release(tmp_path / "release").languages == sorted(LANGUAGES)
    croissant = mlcroissant.Dataset(str(tmp_path / "release/croissant.json"))
    for row in rows:
        folder = language_folder(row.language or "")
        found = datasets.load_dataset(str(tmp_path / "release"), name=folder, split="train", streaming=True)
        assert [r["content"] for r in found] == [row.text]
    read = {r["files/language"].decode(): r["files/content"].decode() for r in croissant.records("files")}
    assert read == {row.language: row.text for row in rows}
    found = duckdb.sql(f"select language from '{tmp_path}/release/data/*/*.parquet' order by 1").fetchall()
    assert [name for (name,) in found] == sorted(LANGUAGES)
