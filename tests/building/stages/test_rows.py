"""Columns that follow from a settled row: paths as text, names cut, licences named, owners looked up."""

from __future__ import annotations

from typing import Any

import orjson
import pyarrow as pa

from drystone.building.stages.rows import COMPARED, compared, derived, repository_columns, settled_column, told
from drystone.building.stages.settle import ROWS
from drystone.release.schema import DATA, OF_REPOSITORY, REPOSITORIES

EVIDENCE = [{"expression": "MIT", "swhid": "swh:1:cnt:" + "1" * 40, "path": "LICENSE", "start_line": 1, "end_line": 20,
             "rule": "text", "confidence": 0.98}]  # fmt: skip


def row(**changed: Any) -> dict[str, Any]:
    return dict.fromkeys(ROWS.names) | {
        "id": bytes(20),
        "repository_id": "r1",
        "origin": "https://example.org/walls",
        "path": b"src/wall.py",
        "language": "Python",
        "license_type": "permissive",
        "license_expression": "MIT",
        "license_evidence": orjson.dumps(EVIDENCE).decode(),
        "generated": False,
        **changed,
    }


def settled(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), ROWS)


def repositories(**changed: Any) -> pa.Table:
    told = {"repository_id": "r1", "origin": "https://example.org/walls", "repo_name": "walls", "star_events_count": 3}
    other = {"repository_id": "r2", "origin": "https://example.org/fences", "repo_name": "fences"}
    return pa.Table.from_pylist([other, told | changed], REPOSITORIES)


def test_paths_and_ids_are_written_as_a_release_has_them() -> None:
    rows = settled(row(), row(path=b"src/\xff.py"))
    assert settled_column(rows, "path").to_pylist() == ["/src/wall.py", "/src/\\xff.py"]
    assert settled_column(rows, "content_id").to_pylist() == ["0" * 40] * 2
    assert settled_column(rows, "is_generated").to_pylist() == [False, False]


def test_evidence_becomes_a_list_of_pieces() -> None:
    found = settled_column(settled(row(), row(license_evidence="[]")), "license_evidence")
    assert found.type == DATA.field("license_evidence").type
    assert [[piece["path"] for piece in pieces] for pieces in found.to_pylist()] == [["/LICENSE"], []]


def test_owners_are_looked_up_by_id() -> None:
    found = repository_columns(settled(row(), row(repository_id="r2")), repositories())
    assert list(found) == list(OF_REPOSITORY)
    assert found["repo_name"].to_pylist() == ["walls", "fences"]
    assert found["star_events_count"].to_pylist() == [3, None]


def test_what_follows_from_path_and_licence() -> None:
    paths = [b"tests/test_wall.py", b"docs/README", b"vendor/x/.hidden", b"a.tar.gz", b"setup.cfg"]
    found = derived(paths, ["MIT OR ISC", None, None, None, None])
    assert found["extension"] == ["py", "", "", "gz", "cfg"]
    assert found["is_test"][0]
    assert found["is_configuration"][4]
    flags = told(paths, [None] * 4 + ['{"vendored": true}'])
    assert flags["is_documentation"] == [False, True, False, False, False]
    assert flags["is_vendor"] == [False, False, True, False, True]
    assert told(paths[2:3], ['{"vendored": false, "documentation": true}']) == {
        "is_vendor": [False],
        "is_documentation": [True],
    }
    assert [list(names) for names in found["detected_licenses"][:2]] == [["MIT", "ISC"], []]


def test_a_row_differs_where_anything_but_its_bytes_may() -> None:
    """Each column that an update must notice: a shard is taken over only where none of them differs."""
    same = compared(settled(row()), repositories())
    assert same.column_names == list(COMPARED)
    assert same.equals(compared(settled(row()), repositories()))
    for changed in (
        {"id": bytes(19) + b"\1"},
        {"path": b"src/other.py"},
        {"license_expression": "ISC"},
        {"license_type": "no_license"},
        {"license_evidence": "[]"},
        {"generated": True},
        {"language": "C"},
        {"near_duplicate_cluster": "swh:1:cnt:" + "2" * 40},
        {"repository_id": "r2"},
    ):
        assert not same.equals(compared(settled(row(**changed)), repositories())), changed
    assert not same.equals(compared(settled(row()), repositories(star_events_count=4)))
