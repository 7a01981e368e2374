from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drystone.errors import SourceError, UsageError
from drystone.release.schema import STACK_V2
from drystone.sources import Entry, GitSource, Limits, Repository, TableSource, parse_source, source_from_table
from drystone.sources.base import FILE, UNREADABLE, Part
from drystone.work.store import Stage
from drystone.work.tasks import Summary, Task, run_here
from tests.sources import exported


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Repository, list[Entry]]]:
    folder = tmp_path_factory.mktemp("repositories")
    found = []
    for path in exported.unpack_repositories(folder):
        with GitSource(path=path).open(folder, Limits()) as opened:
            entries = [entry for entry in opened.entries() if entry.kind == FILE]
            found.append((opened.repository(), entries))
    return found


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("contents")
    exported.lay_out_contents(folder)
    return folder


def sha1_of() -> dict[str, tuple[str, int]]:
    rows = exported.table("content").to_pylist()
    return {row["sha1_git"]: (row["sha1"], row["length"]) for row in rows}


def file_rows(repositories: list[tuple[Repository, list[Entry]]]) -> list[dict[str, Any]]:
    """The repositories in The Stack v2's columns."""
    known = sha1_of()
    rows = []
    for repository, entries in repositories:
        for entry in entries:
            assert entry.blob is not None
            sha1, length = known[entry.blob.hex()]
            rows.append(
                dict.fromkeys(STACK_V2.names)
                | {
                    "blob_id": sha1,
                    "content_id": entry.blob.hex(),
                    "path": "/" + entry.path.decode("utf-8", "surrogateescape"),
                    "length_bytes": length,
                    "repo_name": f"example/{repository.name}",
                    "directory_id": repository.directory,
                    "revision_id": repository.revision,
                    "snapshot_id": repository.snapshot,
                    "branch_name": repository.branch,
                    "revision_date": repository.revision_date,
                    "committer_date": repository.committer_date,
                    "visit_date": datetime(2024, 6, 1),
                    "github_id": 7,
                    "star_events_count": 3,
                    "fork_events_count": 1,
                    "language": "Python",
                }
            )
    return rows


def write(path: Path, rows: list[dict[str, Any]], schema: pa.Schema = STACK_V2, row_group_size: int = 10) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    names = [schema.field(i).name for i in range(len(schema))]
    columns = {}
    for name in names:
        values = [row.get(name) for row in rows]
        if name == "path":  # names that are not UTF-8 lie in a string column, as careless writers leave them
            raw = pa.array([v if v is None else v.encode("utf-8", "surrogateescape") for v in values], pa.binary())
            columns[name] = pa.StringArray.from_buffers(len(raw), *raw.buffers()[1:], raw.buffers()[0])
        else:
            columns[name] = pa.array(values, schema.field(name).type)
    pq.write_table(pa.table(columns, schema=schema), path, row_group_size=row_group_size)
    return path


def listed(source: TableSource, cache: Path, limits: Limits | None = None) -> list[tuple[Repository, dict[str, Any]]]:
    found = []
    for part in source.parts(cache, limits or Limits(), run_here):
        listing = part.listing(cache, limits or Limits())
        found += [(listing.repositories[row["repository"]], row) for row in listing.occurrences.to_pylist()]
    return found


def test_a_table_per_file_gives_the_files_of_the_repositories(
    repositories: list[tuple[Repository, list[Entry]]], contents: Path, tmp_path: Path
) -> None:
    rows = file_rows(repositories)
    # Rows of a repository lie in several files, as they do where there is one folder for each language.
    write(tmp_path / "table/one/a.parquet", rows[::2])
    write(tmp_path / "table/two/b.parquet", rows[1::2])
    found = listed(TableSource(tmp_path / "table", str(contents)), tmp_path / "cache")
    expected = Counter(
        (f"https://github.com/example/{r.name}", r.revision, r.directory, e.path, e.blob, e.size)
        for r, entries in repositories
        for e in entries
    )
    assert expected == Counter(
        (r.origin, r.revision, r.directory, row["path"], row["id"], row["size"]) for r, row in found
    )
    assert all(row["readable"] and row["kind"] == FILE for _, row in found)
    repository = found[0][0]
    assert (repository.github_id, repository.stars, repository.forks) == (7, 3, 1)
    assert repository.visit_date == datetime(2024, 6, 1)
    assert repository.branch is not None
    assert repository.branch.startswith("refs/heads/")


NESTED = pa.schema(
    [
        *((name, pa.string()) for name in ("repo_name", "repo_url", "snapshot_id", "revision_id", "directory_id")),
        ("branch_name", pa.string()),
        ("visit_date", pa.timestamp("ns")),
        ("star_events_count", pa.int64()),
        ("gha_updated_at", pa.timestamp("ns")),
        (
            "files",
            pa.list_(
                pa.struct(
                    [("blob_id", pa.string()), ("path", pa.string()), ("content_id", pa.string()),
                     ("length_bytes", pa.int64()), ("detected_licenses", pa.list_(pa.string()))]
                )
            ),
        ),
        ("num_files", pa.int64()),
    ]
)  # fmt: skip


def test_a_table_per_repository_gives_the_same(
    repositories: list[tuple[Repository, list[Entry]]], contents: Path, tmp_path: Path
) -> None:
    files = file_rows(repositories)
    rows = []
    for repository, entries in repositories:
        mine = [row for row in files if row["repo_name"].endswith(f"/{repository.name}")]
        assert len(mine) == len(entries)
        mine = [{**row, "path": row["path"].encode("ascii", "replace").decode()} for row in mine]
        head = {name: mine[0].get(name) for name in NESTED.names}
        rows.append(head | {"repo_url": repository.origin, "files": mine, "gha_updated_at": datetime(2023, 1, 2)})
    rows.append(rows[0] | {"repo_url": "https://example.org/none", "files": []})
    rows.append(rows[0] | {"repo_url": "https://example.org/null", "files": None})
    write(tmp_path / "t.parquet", rows, NESTED, row_group_size=2)
    source = TableSource(tmp_path / "t.parquet", str(contents))
    found = listed(source, tmp_path / "cache")
    assert Counter((r.origin, row["id"]) for r, row in found) == Counter(
        (r.origin, e.blob) for r, entries in repositories for e in entries
    )
    assert found[0][0].metadata == {"gha_updated_at": "2023-01-02T00:00:00"}
    (part,) = source.parts(tmp_path / "cache", Limits(), run_here)
    empty = [r for r in part.listing(tmp_path / "cache", Limits()).repositories if r.empty]
    assert [r.origin for r in empty] == ["https://example.org/none", "https://example.org/null"]


def test_bytes_come_from_the_store_and_are_those_that_the_ids_name(
    repositories: list[tuple[Repository, list[Entry]]], contents: Path, tmp_path: Path
) -> None:
    rows = file_rows(repositories)
    rows[0]["blob_id"] = None
    rows[1]["blob_id"] = rows[2]["blob_id"]
    write(tmp_path / "t.parquet", rows[:6])
    (part,) = TableSource(tmp_path / "t.parquet", str(contents)).parts(tmp_path, Limits(), run_here)
    ids = [bytes.fromhex(row["content_id"]) for row in rows[:6]]
    answers = list(part.read(ids, tmp_path, Limits()))
    assert "sha1 is unknown" in str(answers[0])
    assert "do not hash to its sha1_git" in str(answers[1]) or "bytes in place of" in str(answers[1])
    for id_, data in zip(ids[2:], answers[2:], strict=True):
        assert isinstance(data, bytes)
        assert hashlib.sha1(b"blob %d\0" % len(data) + data).digest() == id_


def one(rows: list[dict[str, Any]], folder: Path, contents: Path, **changes: Any) -> dict[str, Any]:
    write(folder / "t.parquet", [rows[5] | changes])
    ((_, row),) = listed(TableSource(folder / "t.parquet", str(contents)), folder / "cache")
    return row


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"content_id": None}, "content_id is empty"),
        ({"content_id": "xyz"}, "not 40 hex digits"),
        ({"content_id": "a" * 41}, "not 40 hex digits"),
        ({"path": None}, "path is empty"),
        ({"path": "/../../etc/passwd"}, "'..'"),
        ({"path": "//etc/passwd"}, "absolute"),
        ({"path": "/a\0b"}, "NUL"),
        ({"path": "/"}, "empty"),
        ({"path": "/" + "x" * 5000}, "5000 bytes"),
        ({"repo_name": None}, "names the repository"),
        ({"repo_name": " "}, "names the repository"),
        ({"length_bytes": -1}, "negative"),
    ],
)
def test_a_hostile_row_is_an_unreadable_entry(
    repositories: list[tuple[Repository, list[Entry]]],
    contents: Path,
    tmp_path: Path,
    changes: dict[str, Any],
    problem: str,
) -> None:
    row = one(file_rows(repositories), tmp_path, contents, **changes)
    assert problem in row["problem"]
    assert (row["kind"], row["readable"], row["id"]) == (UNREADABLE, False, b"")


def test_odd_rows_that_can_be_taken(
    repositories: list[tuple[Repository, list[Entry]]], contents: Path, tmp_path: Path
) -> None:
    rows = file_rows(repositories)
    upper = one(rows, tmp_path / "a", contents, content_id=rows[5]["content_id"].upper())
    assert upper["id"].hex() == rows[5]["content_id"]
    assert one(rows, tmp_path / "b", contents, path="..a/b..c")["path"] == b"..a/b..c"
    assert one(rows, tmp_path / "c", contents, length_bytes=None)["size"] == 0
    assert not one(rows, tmp_path / "d", contents, length_bytes=1 << 40)["readable"]
    null = one(rows, tmp_path / "e", contents, revision_id=None, directory_id=None, star_events_count=None)
    assert null["readable"]


def test_rows_that_come_twice_are_all_there(
    repositories: list[tuple[Repository, list[Entry]]], contents: Path, tmp_path: Path
) -> None:
    rows = file_rows(repositories)[:4]
    write(tmp_path / "t.parquet", rows + rows + [rows[0] | {"star_events_count": 9}])
    found = listed(TableSource(tmp_path / "t.parquet", str(contents)), tmp_path / "cache")
    assert len(found) == 9
    assert len({id(repository) for repository, _ in found}) == 1


def test_other_spellings_of_the_types_are_read(
    repositories: list[tuple[Repository, list[Entry]]], contents: Path, tmp_path: Path
) -> None:
    rows = [row for row in file_rows(repositories) if row["path"].isascii()][:5]
    changed = {"repo_name": pa.dictionary(pa.int32(), pa.string()), "content_id": pa.large_string(),
               "github_id": pa.float64(), "revision_date": pa.timestamp("ns", "Europe/Paris"),
               "gha_created_at": pa.null(), "length_bytes": pa.uint32()}  # fmt: skip
    table = pa.Table.from_pylist(rows, STACK_V2)
    for name, type_ in changed.items():
        column = table.column(name)
        if pa.types.is_null(type_):
            column = pa.nulls(len(column))
        else:
            column = column.dictionary_encode() if pa.types.is_dictionary(type_) else column.cast(type_, safe=False)
        table = table.set_column(table.schema.get_field_index(name), name, column)
    pq.write_table(table, tmp_path / "t.parquet")
    found = listed(TableSource(tmp_path / "t.parquet", str(contents)), tmp_path / "cache")
    assert len(found) == 5
    assert found[0][0].github_id == 7
    assert found[0][0].revision_date == rows[0]["revision_date"]


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda t: t.drop(["content_id", "snapshot_id"]), "missing columns content_id, snapshot_id"),
        (lambda t: t.drop(["repo_name"]), "missing columns repo_name"),
        (lambda t: t.set_column(2, "path", pa.array([[1]] * t.num_rows)), "path is list<"),
        (lambda t: t.set_column(10, "visit_date", pa.array(["x"] * t.num_rows)), "visit_date is string, not timestamp"),
    ],
)
def test_a_table_of_other_columns_is_refused_by_name(
    repositories: list[tuple[Repository, list[Entry]]],
    contents: Path,
    tmp_path: Path,
    damage: Callable[[pa.Table], pa.Table],
    says: str,
) -> None:
    rows = [row for row in file_rows(repositories) if row["path"].isascii()][:3]
    pq.write_table(damage(pa.Table.from_pylist(rows, STACK_V2)), tmp_path / "t.parquet")
    with pytest.raises(SourceError, match=r"t\.parquet") as caught:
        TableSource(tmp_path / "t.parquet", str(contents)).parts(tmp_path, Limits(), run_here)
    assert says in str(caught.value)


def test_damaged_files_are_named(
    repositories: list[tuple[Repository, list[Entry]]], contents: Path, tmp_path: Path
) -> None:
    good = write(tmp_path / "good.parquet", file_rows(repositories)).read_bytes()
    (tmp_path / "cut.parquet").write_bytes(good[: len(good) // 2])
    with pytest.raises(SourceError, match=r"cut\.parquet is not a readable Parquet file"):
        TableSource(tmp_path / "cut.parquet", str(contents)).parts(tmp_path, Limits(), run_here)
    (tmp_path / "inside.parquet").write_bytes(good[:200] + bytes(400) + good[600:])
    with pytest.raises(SourceError, match=r"inside\.parquet cannot be read to its end"):
        TableSource(tmp_path / "inside.parquet", str(contents)).parts(tmp_path / "c", Limits(), run_here)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="no Parquet files"):
        TableSource(tmp_path / "empty", str(contents)).parts(tmp_path, Limits(), run_here)
    with pytest.raises(SourceError, match="no such table"):
        TableSource(tmp_path / "absent", str(contents)).parts(tmp_path, Limits(), run_here)


def test_how_a_table_is_cut_does_not_change_what_is_listed(
    repositories: list[tuple[Repository, list[Entry]]],
    contents: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write(tmp_path / "t.parquet", file_rows(repositories))
    source = TableSource(tmp_path / "t.parquet", str(contents))

    def told(cache: Path) -> tuple[int, list[tuple[Any, ...]]]:
        found = listed(source, cache)
        parts = len(source.parts(cache, Limits(), run_here))
        return parts, sorted((r.id, r.stars, row["path"], row["id"]) for r, row in found)

    whole = told(tmp_path / "one")
    monkeypatch.setattr("drystone.sources.table._PART_ROWS", 8)
    monkeypatch.setattr("drystone.sources.table._TASK_ROWS", 13)
    monkeypatch.setattr("drystone.sources.table._BATCH", 3)
    cut = told(tmp_path / "two")
    assert whole[0] == 1 < cut[0]
    assert whole[1] == cut[1]


def test_a_table_per_repository_is_cut_by_its_files(
    contents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = {"blob_id": "0" * 40, "content_id": "0" * 40, "path": "/a", "length_bytes": 1}
    rows = [
        dict.fromkeys(NESTED.names) | {"repo_url": f"https://example.org/{i}", "files": [file] * 10} for i in range(20)
    ]
    pq.write_table(pa.Table.from_pylist(rows, NESTED), tmp_path / "t.parquet", row_group_size=7)
    monkeypatch.setattr("drystone.sources.table._PART_ROWS", 50)
    monkeypatch.setattr("drystone.sources.table._TASK_ROWS", 30)
    source = TableSource(tmp_path / "t.parquet", str(contents))
    tasks: list[str] = []

    def run(name: str, stage: Stage, given: Sequence[Task]) -> list[Summary]:
        tasks.extend(task.id for task in given)
        return run_here(name, stage, given)

    parts = source.parts(tmp_path / "cache", Limits(), run)
    assert len(tasks) > 5
    assert 1 < len(parts) <= 4
    assert sum(part.listing(tmp_path, Limits()).occurrences.num_rows for part in parts) == 200


def test_a_part_is_the_same_until_its_table_changes(
    repositories: list[tuple[Repository, list[Entry]]], contents: Path, tmp_path: Path
) -> None:
    rows = file_rows(repositories)

    def state(source: TableSource) -> str:
        (part,) = source.parts(tmp_path / "cache", Limits(), run_here)
        checked: Part = part
        return checked.state(tmp_path / "cache").key

    source = TableSource(write(tmp_path / "t.parquet", rows), str(contents))
    first = state(source)
    assert state(source) == first
    assert state(replace(source, contents="api")) != first
    write(tmp_path / "t.parquet", rows[1:])
    assert state(source) != first


def test_what_a_user_writes(tmp_path: Path) -> None:
    assert parse_source("table:ids", tmp_path, "api") == TableSource(tmp_path / "ids", "api")
    here = parse_source("table:ids", tmp_path, "store", "agreement of 2026")
    assert here == TableSource(tmp_path / "ids", str(tmp_path / "store"), agreement="agreement of 2026")
    with pytest.raises(UsageError, match="--contents"):
        parse_source("table:ids", tmp_path)
    table = {"kind": "table", "path": "ids", "contents": "s3://softwareheritage", "origins": "https://gitlab.com/"}
    expected = TableSource(tmp_path / "ids", "s3://softwareheritage", "https://gitlab.com/")
    assert source_from_table(table, tmp_path) == expected
    with pytest.raises(UsageError, match="contents is missing"):
        source_from_table({"kind": "table", "path": "ids"}, tmp_path)
    with pytest.raises(UsageError, match="stars is unknown"):
        source_from_table({**table, "stars": 3}, tmp_path)


def test_moments_beyond_the_calendar_do_not_stop_a_table(contents: Path, tmp_path: Path) -> None:
    schema = pa.schema([f if f.name != "visit_date" else pa.field("visit_date", pa.timestamp("s")) for f in STACK_V2])
    row = {"content_id": "0" * 40, "path": "/a", "repo_name": "a/b", "length_bytes": 1}
    table = pa.Table.from_pylist([row], schema)
    far = pa.array([2**40], pa.int64()).cast(pa.timestamp("s"))
    table = table.set_column(10, schema.field("visit_date"), far)
    pq.write_table(table, tmp_path / "t.parquet")
    ((repository, _),) = listed(TableSource(tmp_path / "t.parquet", str(contents)), tmp_path / "cache")
    assert repository.visit_date is None
