"""Licence files hold for the tree below them; every occurrence is written again with the licence of its tree."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import orjson

from drystone.building.stages import licensing
from drystone.building.stages.licensing import LICENSE_FILES, LICENSED, LicensedRow, LicenseFile
from drystone.building.stages.tables import Member
from drystone.sources.base import Repository
from drystone.work.store import Stage
from tests.building.stages.conftest import Line, rows_of


def test_rows_as_python_values_have_the_columns_of_their_tables() -> None:
    assert list(LicensedRow._fields) == LICENSED.names
    assert list(LicenseFile._fields) == LICENSE_FILES.names


def test_every_licence_file_is_collected_with_what_it_says(line: Line) -> None:
    found = {(row["partition"], row["path"]): orjson.loads(row["license"])["x"] for row in rows_of(line.license_files)}
    assert found[0, b"LICENSE"] == "MIT"
    assert found[1, b"LICENSE"] == "MIT"
    assert found[3, b"moats-2.0/COPYING"] == "GPL-3.0-only"
    assert line.summaries["collect"]["license_files"] == len(found)


def test_every_occurrence_is_there_again_under_the_licence_of_its_tree(line: Line) -> None:
    rows = rows_of(line.licensed)
    assert len(rows) == sum(len(rows_of(file)) for file in line.listed)
    trees = {row["path"]: orjson.loads(row["tree"])["x"] if row["tree"] else None for row in rows}
    assert trees[b"walls/stack.py"] == "MIT"
    assert trees[b"fences/post.py"] == "MIT"
    assert trees[b"moats-2.0/moats/fill.py"] == "GPL-3.0-only"
    assert trees[b"gates-1.0/gates/open.py"] is None


def test_roots_say_what_a_repository_declares_also_below_an_archives_only_folder(line: Line) -> None:
    ids = [repository["id"] for repository in line.repositories()]
    said = [line.roots[id_] for id_ in ids]
    assert [orjson.loads(text)["x"] if text else None for text in said] == ["MIT", "MIT", None, "GPL-3.0-only"]


def test_a_repository_that_another_partition_gave_is_passed_over(line: Line, tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    members = [Member("p0", line.listed[0], [0]), Member("p1", line.listed[1], [])]
    files = [line.license_files], [line.attribute_files]
    summary = licensing.spread(stage, "t", line.inventory.folder, members, 0, 2, *files, "union", {})
    assert len(rows_of(stage.file("t.parquet"))) == len(rows_of(line.listed[1]))
    assert len(summary["roots"]) == 1


def test_what_a_person_decided_of_a_text_wins(line: Line, tmp_path: Path) -> None:
    copying = next(row for row in rows_of(line.license_files) if row["path"].endswith(b"COPYING"))
    reviews = {orjson.loads(copying["license"])["h"]: "Apache-2.0"}
    members = [Member(f"p{at}", line.listed[at], []) for at in range(4)]
    files = [line.license_files], [line.attribute_files]
    summary = licensing.spread(Stage(tmp_path), "t", line.inventory.folder, members, 3, 4, *files, "union", reviews)
    assert [orjson.loads(text or "")["x"] for text in summary["roots"].values()] == ["Apache-2.0"]


def test_an_inventory_has_every_field_of_a_repository() -> None:
    from drystone.building.stages.inventory import Inventoried

    assert {field.name for field in fields(Repository)} <= Inventoried.__required_keys__
