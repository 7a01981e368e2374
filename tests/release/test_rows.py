"""Rows per repository: files nested in order of path, in the columns that others publish."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from drystone.release.exports import rows as rows_module
from drystone.release.exports.rows import STACK_V2_REPOSITORIES, STACK_V3, repository_rows
from drystone.release.read import open_release
from drystone.release.schema import DATA

FORMS = {"stack-v2-repos": STACK_V2_REPOSITORIES, "stack-v3": STACK_V3}


def test_what_both_have_is_of_one_kind() -> None:
    """Their tables are published with narrower integers and other units of time; otherwise a name means one thing."""
    theirs = [*STACK_V2_REPOSITORIES, *STACK_V2_REPOSITORIES.field("files").type.value_type]
    shared = [field for field in theirs if field.name in DATA.names]
    assert len(shared) == 29
    for field in shared:
        ours, given = DATA.field(field.name).type, field.type
        alike = [pa.types.is_integer, pa.types.is_timestamp, pa.types.is_list]
        assert ours == given or any(test(ours) and test(given) for test in alike), field.name


def exported(release: Path, form: str) -> pa.Table:
    opened = open_release(release)
    files = pa.concat_tables(opened.data())
    repositories = pa.concat_tables(opened.repositories())
    return pa.concat_tables(repository_rows(form, repositories, files))


@pytest.mark.parametrize("form", list(FORMS))
def test_every_file_is_in_the_row_of_its_repository(sample_release: Path, form: str) -> None:
    table = exported(sample_release, form)
    assert table.schema.equals(FORMS[form])
    kept = list(open_release(sample_release).files(columns=["repo_name", "path", "blob_id"]))
    name, path, hash_ = (
        ("repo_path", "file_path", "content_id") if form == "stack-v3" else ("repo_name", "path", "blob_id")
    )
    found = {
        (row[name], "/" + file[path].lstrip("/"), file[hash_]) for row in table.to_pylist() for file in row["files"]
    }
    assert found == {(row["repo_name"], row["path"], row["blob_id"]) for row in kept}
    for row in table.to_pylist():
        assert row["num_files"] == len(row["files"])
        assert [file[path] for file in row["files"]] == sorted(file[path] for file in row["files"])


def test_a_repository_too_heavy_for_one_row_has_several(sample_release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = exported(sample_release, "stack-v3")
    monkeypatch.setattr(rows_module, "_ROW_BYTES", 5_000)
    cut = exported(sample_release, "stack-v3")
    assert cut.num_rows > whole.num_rows

    def files(table: pa.Table) -> list[tuple[str, str]]:
        return [(row["repo_path"], file["file_path"]) for row in table.to_pylist() for file in row["files"]]

    assert files(cut) == files(whole)
