from __future__ import annotations

import hashlib
import json
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drystone.errors import ReleaseError, UsageError
from drystone.release.exports import rows as export_rows
from drystone.release.exports.export import Form, export, read_export
from drystone.release.exports.folder import EXPORT, INCOMPLETE
from drystone.release.exports.rows import STACK_V2_REPOSITORIES, STACK_V3
from drystone.release.read import Release, open_release
from drystone.release.schema import STACK_V2
from tests.release.sample import Row, sample_rows, write_sample

FORMS: list[Form] = ["stack-v2", "stack-v2-repos", "stack-v3"]

#: The 26 columns as `datasets` prints them for bigcode/the-stack-v2.
PUBLISHED = [
    "blob_id", "directory_id", "path", "content_id", "detected_licenses", "license_type", "repo_name", "snapshot_id",
    "revision_id", "branch_name", "visit_date", "revision_date", "committer_date", "github_id", "star_events_count",
    "fork_events_count", "gha_license_id", "gha_event_created_at", "gha_created_at", "gha_language", "src_encoding",
    "language", "is_vendor", "is_generated", "length_bytes", "extension",
]  # fmt: skip


@pytest.fixture
def datasets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = pytest.importorskip("datasets", reason="datasets is a dev extra")
    monkeypatch.setattr(module.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    module.disable_progress_bars()
    return module


def kept() -> list[Row]:
    return [row for row in sample_rows() if row.dropped is None]


def sha1(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


@pytest.mark.filterwarnings("ignore")
def test_datasets_loads_a_language_as_it_loads_the_stack_v2(
    datasets: Any, sample_release: Path, tmp_path: Path
) -> None:
    export(open_release(sample_release), "stack-v2", tmp_path / "out")
    rows = datasets.load_dataset(str(tmp_path / "out"), "Python", split="train", streaming=True)
    assert list(rows.features) == PUBLISHED
    expected = {(sha1(r.data), r.path, r.sha1) for r in kept() if r.language == "Python"}
    assert {(row["blob_id"], row["path"], row["content_id"]) for row in rows} == expected
    whole = datasets.load_dataset(str(tmp_path / "out"), "F*".replace("*", "%2A"), split="train")
    assert whole.num_rows == 2


@pytest.mark.filterwarnings("ignore")
def test_datasets_loads_repositories_as_it_loads_the_training_ids(
    datasets: Any, sample_release: Path, tmp_path: Path
) -> None:
    export(open_release(sample_release), "stack-v2-repos", tmp_path / "out")
    rows = list(datasets.load_dataset(str(tmp_path / "out"), split="train", streaming=True))
    found = Counter((row["repo_name"], f["blob_id"], f["path"]) for row in rows for f in row["files"])
    assert found == Counter((r.repository, sha1(r.data), r.path) for r in kept())
    assert all(row["num_files"] == len(row["files"]) for row in rows)
    assert {row["repo_url"] for row in rows} == {f"https://example.org/{r.repository}" for r in kept()}


@pytest.mark.filterwarnings("ignore")
def test_datasets_loads_contents_as_it_loads_the_stack_v3(datasets: Any, sample_release: Path, tmp_path: Path) -> None:
    export(open_release(sample_release), "stack-v3", tmp_path / "out")
    rows = list(datasets.load_dataset(str(tmp_path / "out"), split="train", streaming=True))
    # As training loops for The Stack v3 read it.
    found = Counter((row["repo_path"], f["file_path"], f["content"]) for row in rows for f in row["files"])
    assert found == Counter((r.repository, r.path[1:], r.text) for r in kept())
    assert {f["content_id"] for row in rows for f in row["files"]} == {sha1(r.data) for r in kept()}
    for row in rows:
        assert row["num_files"] == len(row["files"])
        assert row["github_metadata"]["is_fork"] is None
        assert [f["file_path"] for f in row["files"]] == sorted(f["file_path"] for f in row["files"])


@pytest.mark.parametrize("form", FORMS)
def test_columns_and_order_are_the_published_ones(form: Form, sample_release: Path, tmp_path: Path) -> None:
    made = export(open_release(sample_release), form, tmp_path / "out")
    wanted = {"stack-v2": STACK_V2, "stack-v2-repos": STACK_V2_REPOSITORIES, "stack-v3": STACK_V3}[form]
    for file in made.files:
        assert pq.read_schema(tmp_path / "out" / file.path).remove_metadata().equals(wanted)
    assert read_export(tmp_path / "out") == made
    assert made.files_kept == len(kept())


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("form", FORMS)
def test_the_same_release_gives_the_same_bytes_however_it_is_gathered(
    form: Form, sample_release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = open_release(sample_release)
    export(release, form, tmp_path / "one")
    export(release, form, tmp_path / "two")
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")
    monkeypatch.setattr("drystone.release.exports.export._BUCKET_BYTES", 10_000)
    monkeypatch.setattr("drystone.release.exports.export._FILE_BYTES", 20_000)
    monkeypatch.setattr(export_rows, "_GROUP_BYTES", 30_000)
    many = export(release, form, tmp_path / "three")
    if form != "stack-v2":
        assert len(many.files) > 1
        whole = pq.read_table(tmp_path / "one/data").sort_by("num_files").to_pylist()
        parts = [pq.read_table(tmp_path / "three" / file.path) for file in many.files]
        assert sorted(map(repr, pa.concat_tables(parts).to_pylist())) == sorted(map(repr, whole))
    assert not list((tmp_path / "three").glob(".spill*"))


def test_a_repository_too_large_for_one_row_goes_on_in_the_next(
    sample_release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_rows, "_ROW_BYTES", 20_000)
    export(open_release(sample_release), "stack-v3", tmp_path / "out")
    rows = pq.read_table(tmp_path / "out/data").to_pylist()
    assert len(rows) > len({row["repo_path"] for row in rows})
    found = Counter((row["repo_path"], f["file_path"]) for row in rows for f in row["files"])
    assert found == Counter((r.repository, r.path[1:]) for r in kept())


def test_a_dry_run_names_the_files_and_writes_none(sample_release: Path, tmp_path: Path) -> None:
    release = open_release(sample_release)
    for form in FORMS:
        planned = export(release, form, tmp_path / form, dry_run=True)
        assert not (tmp_path / form).exists()
        made = export(release, form, tmp_path / form)
        assert [file.path for file in planned.files] == [file.path for file in made.files]


def test_what_lies_in_the_output_is_not_overwritten(sample_release: Path, tmp_path: Path) -> None:
    release = open_release(sample_release)
    (tmp_path / "mine/data").mkdir(parents=True)
    (tmp_path / "mine/data/train.parquet").write_bytes(b"precious")
    for replace in (False, True):
        with pytest.raises(UsageError, match="is not empty, and no export"):
            export(release, "stack-v2", tmp_path / "mine", replace=replace)
    assert (tmp_path / "mine/data/train.parquet").read_bytes() == b"precious"
    export(release, "stack-v2", tmp_path / "out")
    with pytest.raises(UsageError, match="holds an export already"):
        export(release, "stack-v3", tmp_path / "out")
    export(release, "stack-v3", tmp_path / "out", replace=True)
    assert read_export(tmp_path / "out").form == "stack-v3"
    assert not list((tmp_path / "out/data").glob("*/")) or not list((tmp_path / "out/data/Python").glob("*"))
    with pytest.raises(UsageError, match="is a file"):
        export(release, "stack-v2", tmp_path / "out" / EXPORT)
    with pytest.raises(UsageError, match="in the release itself"):
        export(release, "stack-v2", sample_release / "export")
    with pytest.raises(UsageError, match="no form of export"):
        export(release, "stack-v9", tmp_path / "x")  # type: ignore[arg-type]


def test_replacing_removes_what_an_export_wrote_and_nothing_else(release_copy: Path, tmp_path: Path) -> None:
    release, out, outside = open_release(release_copy), tmp_path / "out", tmp_path / "mine.parquet"
    export(release, "stack-v2", out)
    mine = [out / "data/mine.jsonl", out / "data/Python/mine.parquet", out / "notes.txt", outside]
    for path in mine:
        path.write_bytes(b"precious")
    record = json.loads((out / EXPORT).read_text())
    for trick in ("../mine.parquet", "data/../../mine.parquet", "notes.txt", str(outside)):
        record["files"].append({**record["files"][0], "path": trick})
    (out / EXPORT).write_text(json.dumps(record))
    export(release, "jsonl", out, replace=True)
    assert {path.read_bytes() for path in mine} == {b"precious"}
    (made,) = read_export(out).files
    assert {path.relative_to(out).as_posix() for path in (out / "data").rglob("*") if path.is_file()} == {
        made.path, "data/mine.jsonl", "data/Python/mine.parquet",
    }  # fmt: skip
    # Stopped in the middle: what it had written goes, and what came besides stays or stands in the way.
    (out / EXPORT).rename(out / INCOMPLETE)
    (out / INCOMPLETE).write_text(f"An export is under way here.\n{made.path}\n")
    (out / "data/train-00000.parquet").write_bytes(b"precious")
    with pytest.raises(UsageError, match=r"train-00000\.parquet: is there already, and not of an export's making"):
        export(release, "parquet", out)
    assert not (out / made.path).exists()
    assert (out / "data/train-00000.parquet").read_bytes() == b"precious"


def test_an_export_that_was_stopped_is_no_export_and_is_made_again(release_copy: Path, tmp_path: Path) -> None:
    release = open_release(release_copy)
    damaged = sorted(release_copy.glob("data/Python/*.parquet"))[-1]
    good = damaged.read_bytes()
    damaged.write_bytes(good[:1000])
    for form in FORMS:
        with pytest.raises(ReleaseError, match="not a readable Parquet file"):
            export(release, form, tmp_path / form)
        assert (tmp_path / form / INCOMPLETE).exists()
        with pytest.raises(ReleaseError, match="no complete export"):
            read_export(tmp_path / form)
    damaged.write_bytes(good)
    for form in FORMS:
        export(release, form, tmp_path / form)
        assert not (tmp_path / form / INCOMPLETE).exists()


def test_values_that_other_columns_cannot_say_do_not_stop_it(tmp_path: Path) -> None:
    row = Row("own/x", "/a.py", b"x = 1\n", "Python")
    row.extra = {"max_line_length": 2**40, "alpha_fraction": None}
    write_sample(tmp_path / "release", [row], shards=1)
    release: Release = open_release(tmp_path / "release")
    export(release, "stack-v2-repos", tmp_path / "out")
    ((found,),) = [r["files"] for r in pq.read_table(tmp_path / "out/data").to_pylist()]
    assert found["max_line_length"] == 2**31 - 1


def test_an_empty_release_gives_an_empty_export(tmp_path: Path) -> None:
    write_sample(tmp_path / "release", [Row("own/x", "/a.bin", b"\0", None, "encoding.binary")])
    for form in FORMS:
        export(open_release(tmp_path / "release"), form, tmp_path / form)
        assert sum(file.rows or 0 for file in read_export(tmp_path / form).files) == 0
