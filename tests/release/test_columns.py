"""The table of columns: whole, in The Stack v2's order, and the same in schemas and documentation."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from drystone.building.stages.rows import derived
from drystone.release import columns, schema
from drystone.release.columns import Column, ColumnOrigin

DOCS = Path(__file__).parents[2] / "docs"
TABLES = {"data": columns.DATA, "ledger": columns.LEDGER, "repositories": columns.REPOSITORIES}

#: bigcode/the-stack-v2, as its dataset viewer lists the columns.
THE_STACK_V2 = [
    "blob_id",
    "directory_id",
    "path",
    "content_id",
    "detected_licenses",
    "license_type",
    "repo_name",
    "snapshot_id",
    "revision_id",
    "branch_name",
    "visit_date",
    "revision_date",
    "committer_date",
    "github_id",
    "star_events_count",
    "fork_events_count",
    "gha_license_id",
    "gha_event_created_at",
    "gha_created_at",
    "gha_language",
    "src_encoding",
    "language",
    "is_vendor",
    "is_generated",
    "length_bytes",
    "extension",
]


def of(table: tuple[Column, ...], origin: ColumnOrigin) -> set[str]:
    return {column.name for column in table if column.origin is origin}


@pytest.mark.parametrize("name", list(TABLES))
def test_names_are_used_once_and_every_column_has_a_meaning(name: str) -> None:
    table = TABLES[name]
    assert len({column.name for column in table}) == len(table)
    assert all(column.meaning.endswith(".") and "|" not in column.meaning for column in table)
    assert schema.SCHEMAS[name].names == [column.name for column in table]


def test_the_stack_v2_comes_first_and_in_its_order() -> None:
    assert schema.DATA.names[:26] == THE_STACK_V2
    assert schema.STACK_V2.names == THE_STACK_V2


def test_what_a_row_of_data_takes_from_its_repository_is_there_under_the_same_name_and_type() -> None:
    for name in schema.OF_REPOSITORY:
        assert schema.REPOSITORIES.field(name) == schema.DATA.field(name)


def test_what_data_and_ledger_share_has_one_type() -> None:
    assert {"swhid", "repository_id", "path", "license_expression"} <= set(schema.SHARED)
    for name in schema.SHARED:
        assert schema.LEDGER.field(name) == schema.DATA.field(name)


def test_every_column_that_follows_from_a_row_is_made_in_one_place() -> None:
    assert of(columns.DATA, ColumnOrigin.DERIVED) == derived([b"a.py"], ["MIT"]).keys()


def test_bytes_occurrence_repository_and_row_make_up_a_row() -> None:
    """An update compares the second and the third; the others then follow."""
    parts = [of(columns.DATA, origin) for origin in ColumnOrigin]
    assert sum(map(len, parts)) == len(columns.DATA)
    assert set(schema.OF_OCCURRENCE) == of(columns.DATA, ColumnOrigin.OCCURRENCE)
    assert set(schema.OF_REPOSITORY) == of(columns.DATA, ColumnOrigin.REPOSITORY)
    assert of(columns.DATA, ColumnOrigin.BLOB) >= schema.DISTINCT


def test_the_page_of_the_format_has_the_columns_of_the_program() -> None:
    spec = importlib.util.spec_from_file_location("columns_of_docs", DOCS / "columns.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page = (DOCS / "release-format.md").read_text()
    assert module.page(page) == page, "run `make docs`"
    assert all(f"| `{column.name}` |" in page for table in TABLES.values() for column in table)
