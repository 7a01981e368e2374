"""Writing: settled rows become shards and parts of the ledger; contents are gathered there, and redacted."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drystone.building.stages import write
from drystone.building.stages.rows import repository_row
from drystone.errors import BuildError
from drystone.release.schema import DATA, LEDGER, REPOSITORIES
from drystone.work.store import Stage
from tests.building.stages.conftest import SECRETS, Line, rows_of


@pytest.fixture(scope="module")
def repositories(line: Line) -> Path:
    rows = [
        repository_row(each, line.roots[each["id"]], "permissive", 0, SECRETS, "hash") for each in line.repositories()
    ]
    file = line.folder / "repositories.parquet"
    pq.write_table(pa.Table.from_pylist(rows, REPOSITORIES), file)
    return file


def languages(line: Line) -> dict[str, int]:
    return {row["language"]: 1 for row in rows_of(line.rows)}


def shards(line: Line, repositories: Path, folder: Path, members: list[tuple[str, int, int]]) -> dict[str, Any]:
    return write.shards(Stage(folder), "s", [line.rows], folder, repositories, line.contents, members, SECRETS, level=3)


def test_every_kept_file_is_in_the_shard_that_its_ledger_row_names(
    line: Line, repositories: Path, tmp_path: Path
) -> None:
    counts = languages(line) | {"Python": 2}
    members = [(name, index, count) for name, count in sorted(counts.items()) for index in range(count)]
    held = {}
    for member in members:
        for file in shards(line, repositories, tmp_path, [member])["files"]:
            held |= {row["swhid"]: file["path"] for row in rows_of(tmp_path / file["path"])}
    (entry,) = write.ledger_part(Stage(tmp_path), "l", [line.ledger], tmp_path, 0, 1, counts, 3)["files"]
    ledger = rows_of(tmp_path / entry["path"])
    assert pq.read_schema(tmp_path / entry["path"]).names == LEDGER.names
    assert {row["swhid"]: row["shard"] for row in ledger if row["decision"] == "kept"} == held
    assert all(row["shard"] is None for row in ledger if row["decision"] == "dropped")


def test_small_languages_share_a_task_and_come_out_the_same(line: Line, repositories: Path, tmp_path: Path) -> None:
    members = [(name, 0, 1) for name in sorted(languages(line))]
    together = shards(line, repositories, tmp_path / "together", members)["files"]
    alone = [file for member in members for file in shards(line, repositories, tmp_path / "alone", [member])["files"]]
    assert [(file["path"], file["root"]) for file in together] == [(file["path"], file["root"]) for file in alone]
    assert pq.read_schema(tmp_path / "together" / together[0]["path"]).names == DATA.names


def test_secrets_are_replaced_and_what_was_replaced_is_told(line: Line, repositories: Path, tmp_path: Path) -> None:
    summary = shards(line, repositories, tmp_path, [("Python", 0, 1)])
    (contact,) = [row for row in rows_of(tmp_path / summary["files"][0]["path"]) if row["path"] == "/walls/contact.py"]
    assert "marie.dupont" not in contact["content"]
    assert [span["kind"] for span in contact["redactions"]] == ["email"]
    assert summary["redactions"] == {"email": 1}
    assert contact["repo_name"] == "walls"


def test_a_source_that_has_changed_since_is_said(line: Line, repositories: Path, tmp_path: Path) -> None:
    rows = pq.read_table(line.rows)
    blob = next(row for row in rows_of(*line.blobs) if row["names"] == ["blob.bin"])
    at = rows.column("language").to_pylist().index("Python")
    ids = rows.column("id").to_pylist()
    ids[at] = blob["id"]
    position = rows.column_names.index("id")
    pq.write_table(rows.set_column(position, rows.schema.field(position), [ids]), tmp_path / "rows.parquet")
    with pytest.raises(BuildError, match="changed during the build"):
        write.shards(
            Stage(tmp_path), "s", [tmp_path / "rows.parquet"], tmp_path, repositories, line.contents,
            [("Python", 0, 1)], SECRETS, level=3,
        )  # fmt: skip


def test_shards_are_equal_ranges_of_ids() -> None:
    for count in (1, 2, 8):
        counted: dict[int, int] = defaultdict(int)
        order = [write.shard_of(bytes([first]) + bytes(19), count) for first in range(256)]
        for shard in order:
            counted[shard] += 1
        assert order == sorted(order)
        assert set(counted.values()) == {256 // count}
