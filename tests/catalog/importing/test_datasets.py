"""Folders of Parquet in the columns of The Stack: counts against a count by hand, samples named, others refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drystone.catalog.importing.datasets import import_dataset
from drystone.catalog.passports.texts import find_quotes
from drystone.errors import UsageError
from drystone.release.exports.rows import STACK_V3
from drystone.release.schema import STACK_V2

ROWS: list[dict[str, Any]] = [
    dict(zip(("blob_id", "path", "repo_name", "length_bytes", "language", "license_type"), row, strict=True))
    for row in (
        ("a", "/a.py", "o/r", 10, "Python", "permissive"),
        ("a", "/b.py", "o/r", 10, "Python", "permissive"),
        ("b", "/a.py", "o/r", 5, "C", "no_license"),
        ("c", "/a.py", "o/s", 7, None, None),
    )
]


def v2(folder: Path, rows: list[dict[str, Any]] = ROWS, **options: Any) -> Path:
    folder.mkdir(exist_ok=True)
    full = [dict.fromkeys(STACK_V2.names) | row for row in rows]
    pq.write_table(pa.Table.from_pylist(full, schema=STACK_V2), folder / "train.parquet", **options)
    return folder


def values(folder: Path, **options: Any) -> dict[str, str]:
    found = import_dataset(folder, "some", "2026-11-30", **options)
    assert {one.state for one in find_quotes(found.passport, found.texts)} == {"stands"}
    return {fact.name: fact.text for fact in found.passport.facts}


def test_rows_for_each_file_are_counted(tmp_path: Path) -> None:
    found = values(v2(tmp_path / "v2"))
    assert found["contents"].startswith("identifiers only")
    assert (found["size.files"], found["size.repositories"]) == ("4 files", "2 repositories")
    assert (found["size.text_bytes"], found["languages.programming"]) == ("32 B", "2 languages")
    assert found["licenses.unknown_share"] == "50%"
    assert found["duplicates.exact_share"] == "25%"  # of four files one has the content of another
    assert found["duplicates.paths_share"] == "25%"  # o/r /a.py stands twice
    assert found["findings.per_million_files"] == "unknown"


def test_rows_for_each_repository_are_counted_alike(tmp_path: Path) -> None:
    files = [
        {"content_id": row["blob_id"], "content": "x", "size_bytes": row["length_bytes"], "file_path": row["path"],
         "language": row["language"], "license_type": row["license_type"]}
        for row in ROWS
    ]  # fmt: skip
    repositories = [
        {"repo_path": "o/r", "num_files": 3, "files": files[:3]},
        {"repo_path": "o/s", "num_files": 1, "files": files[3:]},
    ]
    full = [dict.fromkeys(STACK_V3.names) | row for row in repositories]
    table = pa.Table.from_pylist(full, schema=STACK_V3)
    pq.write_table(table, tmp_path / "train.parquet")
    here, flat = values(tmp_path), values(v2(tmp_path.parent / f"{tmp_path.name}-flat"))
    pq.write_table(table, tmp_path / "train.parquet", use_compliant_nested_type=False)
    assert values(tmp_path) == here, "however the list is spelt"
    same = ("size.files", "size.repositories", "size.text_bytes", "licenses.unknown_share", "duplicates.paths_share")
    assert {name: here[name] for name in same} == {name: flat[name] for name in same}
    assert here["contents"] == "inline"


def test_a_sample_is_named_and_what_it_cannot_tell_is_not_said(tmp_path: Path) -> None:
    rows = [ROWS[0] | {"blob_id": str(at), "path": f"/{at}"} for at in range(1000)]
    folder = v2(tmp_path / "v2", rows, row_group_size=100)
    found = import_dataset(folder, "some", "2026-11-30", sample=250).passport
    share = found.fact("licenses.unknown_share")
    assert share is not None
    assert share.claims[0].method.setup.startswith("300 files in 3 of 10 row groups, chosen by seed 1")  # type: ignore[union-attr]
    assert share.text == "0% (0 to 1.2643)"  # none of 300: Wilson's interval
    assert found.fact("size.files").text == "1,000 files"  # type: ignore[union-attr]  (counted from the footers)
    assert found.fact("size.text_bytes") is None
    assert found == import_dataset(folder, "some", "2026-11-30", sample=250).passport


def test_an_empty_table_gives_no_share(tmp_path: Path) -> None:
    found = values(v2(tmp_path / "v2", []))
    assert found["size.files"] == "0 files"
    assert "licenses.unknown_share" not in found


def test_what_no_row_says_is_no_zero_and_no_copy(tmp_path: Path) -> None:
    rows = [{"blob_id": None, "path": "/a", "license_type": "permissive"}] * 3
    found = values(v2(tmp_path / "v2", rows))
    assert (found["size.files"], found["licenses.unknown_share"]) == ("3 files", "0%")
    for name in ("size.text_bytes", "size.repositories", "languages.programming", "duplicates"):
        assert not [one for one in found if one.startswith(name) and found[one] != "unknown"]
    known = values(v2(tmp_path / "some", [*ROWS, *rows]))
    assert known["duplicates.exact_share"] == known["duplicates.paths_share"] == "25%"  # of the four that say it


def test_other_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no Parquet file"):
        import_dataset(tmp_path, "some", "2026-11-30")
    pq.write_table(pa.table({"text": ["a"]}), tmp_path / "a.parquet")
    with pytest.raises(UsageError, match="no path or file_path, no blob_id or content_id, no license_type"):
        import_dataset(tmp_path, "some", "2026-11-30")
    v2(tmp_path / "mixed")
    (tmp_path / "a.parquet").rename(tmp_path / "mixed/a.parquet")
    (tmp_path / "mixed/train.parquet").rename(tmp_path / "mixed/0.parquet")
    with pytest.raises(UsageError, match=r"a\.parquet: has other columns than the first file"):
        import_dataset(tmp_path / "mixed", "some", "2026-11-30")
    (tmp_path / "mixed").rename(tmp_path.parent / f"{tmp_path.name}-mixed")
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(UsageError, match=r"a\.parquet: cannot be read as Parquet"):
        import_dataset(tmp_path, "some", "2026-11-30")
