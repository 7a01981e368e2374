"""A table's columns as rows: what is missing or of another type is named, and rows that name nothing say why."""

from __future__ import annotations

import pyarrow as pa
import pytest

from drystone.errors import SourceError
from drystone.release.schema import STACK_V2
from drystone.sources._table_rows import NO_FILES, ROWS, check_columns, columns_of, is_nested, rows_of, with_urls

ROW = {
    "blob_id": "a" * 40, "content_id": "B" * 40, "path": "/a.py", "length_bytes": 3, "repo_name": "mason/walls",
    "directory_id": "1" * 40, "revision_id": "2" * 40, "snapshot_id": "3" * 40, "branch_name": "refs/heads/main",
}  # fmt: skip


def table(*rows: dict[str, object]) -> pa.Table:
    return pa.Table.from_pylist([dict.fromkeys(STACK_V2.names) | row for row in rows], STACK_V2)


def problems(*rows: dict[str, object]) -> list[str | None]:
    found: list[str | None] = rows_of(table(*rows)).column("problem").to_pylist()
    return found


def test_the_stack_fits() -> None:
    check_columns(STACK_V2, "x")
    assert not is_nested(STACK_V2)
    assert set(columns_of(STACK_V2)) >= {"blob_id", "content_id", "path", "length_bytes", "repo_name"}
    assert {"detected_licenses", "license_type"} <= {*columns_of(STACK_V2)}
    assert "src_encoding" not in columns_of(STACK_V2)


@pytest.mark.parametrize("name", ["blob_id", "content_id", "path", "length_bytes", "directory_id", "branch_name"])
def test_a_column_that_is_missing_or_wrong_is_named(name: str) -> None:
    at = STACK_V2.get_field_index(name)
    with pytest.raises(SourceError, match=f"x: missing columns {name}"):
        check_columns(STACK_V2.remove(at), "x")
    with pytest.raises(SourceError, match=f"x: wrong types: {name} is"):
        check_columns(STACK_V2.set(at, pa.field(name, pa.list_(pa.bool_()))), "x")


def test_rows_have_ids_as_bytes() -> None:
    rows = rows_of(table(ROW))
    assert rows.schema == ROWS
    (row,) = rows.to_pylist()
    assert (row["id"], row["sha1"], row["path"], row["size"], row["problem"]) == (
        b"\xbb" * 20, b"\xaa" * 20, b"/a.py", 3, None
    )  # fmt: skip


def test_rows_that_name_nothing_say_why() -> None:
    wrong = [
        {"repo_name": None}, {"path": None}, {"content_id": None}, {"content_id": "xyz"}, {"length_bytes": -1},
        {"blob_id": "xyz"}, {"repo_name": "mason/wa\nlls"},
    ]  # fmt: skip
    found = problems(ROW, *(ROW | each for each in wrong))
    assert found[0] is None
    assert len({problem for problem in found[1:] if problem}) == len(wrong)
    assert found[1] == "row 1: repo_name and repo_url are empty; one of them names the repository"
    assert found[6] == "row 6: blob_id is not 40 hex digits, the SHA-1 of the bytes"
    assert found[7] == "row 7: repo_name holds a line break or another control character; it is OWNER/NAME"
    rows = rows_of(table(ROW, ROW | {"path": None}), "train-0.parquet", 100)
    assert rows.column("problem").to_pylist() == [None, "train-0.parquet row 101: path is empty"]


def test_the_licence_of_a_row_is_kept() -> None:
    said: list[dict[str, object]] = [
        {"license_type": "permissive", "detected_licenses": ["MIT", "Apache-2.0"]},
        {"license_type": None, "detected_licenses": []},
        {"license_type": "no_license", "detected_licenses": None},
    ]
    rows = rows_of(table(*(ROW | each for each in said)))
    assert rows.column("license").to_pylist() == ["permissive:MIT,Apache-2.0", None, "no_license:"]
    at = STACK_V2.get_field_index("detected_licenses")
    with pytest.raises(SourceError, match=r"x: wrong types: detected_licenses is string, not list<item: string>"):
        check_columns(STACK_V2.set(at, pa.field("detected_licenses", pa.string())), "x")


def test_a_repository_without_files_stays_in_sight() -> None:
    files = pa.list_(
        pa.struct([(name, STACK_V2.field(name).type) for name in ("blob_id", "content_id", "path", "length_bytes")])
    )
    of_repository = [f for f in STACK_V2 if f.name not in ("blob_id", "content_id", "path", "length_bytes")]
    schema = pa.schema([*of_repository, ("files", files)])
    check_columns(schema, "x")
    assert is_nested(schema)
    one = {name: ROW[name] for name in ("blob_id", "content_id", "path", "length_bytes")}
    nested = pa.Table.from_pylist(
        [{"repo_name": "a/b", "files": [one, one]}, {"repo_name": "c/d", "files": []}], schema
    )
    assert rows_of(nested).select(["name", "problem"]).to_pylist() == [
        {"name": "a/b", "problem": None}, {"name": "a/b", "problem": None}, {"name": "c/d", "problem": NO_FILES}
    ]  # fmt: skip


def test_a_repository_without_a_url_gets_one() -> None:
    rows = with_urls(rows_of(table(ROW)), "https://github.com/")
    assert rows.column("url").to_pylist() == ["https://github.com/mason/walls"]
