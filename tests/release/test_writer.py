from __future__ import annotations

import hashlib
import random
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drystone.errors import ReleaseError
from drystone.release.manifest import FileEntry
from drystone.release.read import open_release
from drystone.release.schema import DATA, LEDGER
from drystone.release.writing import writer
from drystone.release.writing.writer import write_data_shard, write_ledger_part, write_repositories
from tests.release.sample import REPOSITORY, Row, data_row, ledger_row, sample_rows, table, write_sample


def python_rows() -> pa.Table:
    rows = [r for r in sample_rows() if r.dropped is None and r.language == "Python"]
    return table([data_row(r) for r in sorted(rows, key=lambda r: r.swhid)], DATA)


def test_the_root_does_not_depend_on_the_order_of_rows_or_runs(sample_release: Path, tmp_path: Path) -> None:
    again = write_sample(tmp_path / "again")
    assert again.root == open_release(sample_release).root
    names = [p.relative_to(sample_release) for p in sorted(sample_release.rglob("*")) if p.is_file()]
    assert len(names) > 12
    assert all((tmp_path / "again" / n).read_bytes() == (sample_release / n).read_bytes() for n in names)


def test_an_entry_describes_the_file(tmp_path: Path) -> None:
    data = python_rows()
    entry = write_data_shard(tmp_path, "Python", 2, 7, [data])
    path = tmp_path / "data/Python/train-00002-of-00007.parquet"
    assert entry.path == path.relative_to(tmp_path).as_posix()
    assert entry.rows == data.num_rows
    assert entry.bytes == path.stat().st_size
    assert entry.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert entry.text_bytes == sum(len(text.encode()) for text in data.column("content").to_pylist())
    assert FileEntry.model_validate_json(entry.model_dump_json()) == entry
    assert pq.read_table(path).equals(data)
    assert list(path.parent.iterdir()) == [path]


def test_the_cut_into_batches_changes_not_a_byte(tmp_path: Path) -> None:
    data = python_rows()
    whole = write_data_shard(tmp_path / "a", "Python", 0, 1, [data])
    batches = data.to_batches(max_chunksize=5)
    assert write_data_shard(tmp_path / "b", "Python", 0, 1, iter(batches)) == whole


def test_what_engines_give_is_brought_to_the_schema(tmp_path: Path) -> None:
    data = python_rows()
    wide = data.cast(pa.schema([(f.name, pa.large_string() if f.type == pa.string() else f.type) for f in DATA]))
    wide = wide.select(DATA.names[::-1])
    entry = write_data_shard(tmp_path / "a", "Python", 0, 1, [wide])
    assert entry == write_data_shard(tmp_path / "b", "Python", 0, 1, [data])
    assert pq.read_schema(tmp_path / "a" / entry.path).equals(DATA)


def test_empty_files(tmp_path: Path) -> None:
    assert write_data_shard(tmp_path, "Python", 0, 1, []).rows == 0
    assert write_ledger_part(tmp_path, 0, 1, []).root == hashlib.sha256(b"").hexdigest()
    assert write_repositories(tmp_path, [pa.table({}, schema=pa.schema([]))][:0]).rows == 0


BAD_DATA = {
    "missing column": (lambda t: t.drop_columns(["swhid"]), "missing swhid"),
    "missing measure": (lambda t: t.drop_columns(["num_lines"]), "missing num_lines"),
    "unknown column": (lambda t: t.append_column("extra", t["path"]), "unknown extra"),
    "wrong type": (lambda t: t.set_column(8, "revision_id", pa.array([1.5] * t.num_rows)), None),
    "wrong type of content": (lambda t: t.set_column(1, "directory_id", t["license_evidence"]), "directory_id is list"),
    "unsorted": (lambda t: t.take(list(range(t.num_rows - 1, -1, -1))), "rows are not sorted"),
    "twice": (lambda t: pa.concat_tables([t.slice(0, 1), t]), "rows are not sorted"),
    "another language": (lambda t: t.set_column(21, "language", pa.array(["C"] * t.num_rows)), "a row is not Python"),
    "no language": (lambda t: t.set_column(21, "language", pa.nulls(t.num_rows, pa.string())), "a row is not Python"),
    "no content": (lambda t: t.set_column(26, "content", pa.nulls(t.num_rows, pa.string())), "has no content"),
    "no swhid": (
        lambda t: t.set_column(t.schema.get_field_index("swhid"), "swhid", pa.array(["x"] * t.num_rows)),
        "is not a SWHID",
    ),
}


@pytest.mark.parametrize("name", BAD_DATA)
def test_wrong_rows_are_refused_and_leave_nothing(name: str, tmp_path: Path) -> None:
    change, message = BAD_DATA[name]
    if message is None:
        write_data_shard(tmp_path, "Python", 0, 1, [change(python_rows())])  # a number as text loses nothing
        return
    with pytest.raises(ReleaseError, match=message):
        write_data_shard(tmp_path, "Python", 0, 1, [change(python_rows())])
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_an_unsorted_ledger_is_refused(tmp_path: Path) -> None:
    rows = [ledger_row(Row("r", path, b"", None, "x.y"), None) for path in ("/b", "/a")]
    with pytest.raises(ReleaseError, match="rows are not sorted"):
        write_ledger_part(tmp_path, 0, 1, [table(rows, LEDGER)])
    with pytest.raises(ReleaseError, match="rows are not sorted"):
        write_ledger_part(tmp_path, 0, 1, [table(rows[:1], LEDGER), table(rows[1:], LEDGER)])


def noise(count: int, size: int) -> list[Row]:
    chance = random.Random(7)
    return [Row("r", f"/{n}.py", chance.randbytes(size // 2).hex().encode(), "Python") for n in range(count)]


def row_groups(path: Path) -> list[tuple[int, int]]:
    metadata = pq.read_metadata(path)
    groups = [metadata.row_group(n) for n in range(metadata.num_row_groups)]
    leaf = next(n for n in range(metadata.num_columns) if groups[0].column(n).path_in_schema == "content")
    return [(g.num_rows, g.column(leaf).total_uncompressed_size) for g in groups]


def test_row_groups_are_bounded_and_stay_when_rows_go(tmp_path: Path) -> None:
    rows = sorted(noise(250, 100_000), key=lambda r: r.swhid)
    data = table([data_row(r) for r in rows], DATA)
    entry = write_data_shard(tmp_path / "old", "Python", 0, 1, [data])
    sizes = [size for _, size in row_groups(tmp_path / "old" / entry.path)]
    assert max(sizes) < writer.GROUP_MOST * 1.05
    assert len(sizes) > 25_000_000 / writer.GROUP_MOST
    assert all(size >= writer.GROUP_LEAST for size in sizes[:-1])

    without = pa.concat_tables([data.slice(0, 10), data.slice(11)])
    changed = write_data_shard(tmp_path / "new", "Python", 0, 1, [without])
    old, new = (
        [pq.ParquetFile(tmp_path / name / entry.path).read_row_group(n, ["swhid"]) for n in range(count)]
        for name, count in (("old", len(sizes)), ("new", len(row_groups(tmp_path / "new" / changed.path))))
    )
    same = [group for group in old if any(group.equals(other) for other in new)]
    assert len(same) >= len(old) - 3


def test_one_long_row_is_a_group_of_its_own(tmp_path: Path) -> None:
    rows = sorted([*noise(3, 1000), *noise(1, 10_000_000)], key=lambda r: r.swhid)
    entry = write_data_shard(tmp_path, "Python", 0, 1, [table([data_row(r) for r in rows], DATA)])
    groups = row_groups(tmp_path / entry.path)
    assert sum(n for n, _ in groups) == 4
    assert [n for n, size in groups if size > 9_000_000] == [1]


FULL_DISK = """
import resource, sys
from pathlib import Path
from drystone.errors import ReleaseError
from drystone.release.schema import DATA
from drystone.release.writing.writer import write_data_shard
from tests.release.sample import data_row, table
from tests.release.test_writer import noise

if sys.argv[2] == "limit":
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
rows = sorted(noise(300, 20_000), key=lambda r: r.swhid)
try:
    write_data_shard(Path(sys.argv[1]), "Python", 0, 1, [table([data_row(r) for r in rows], DATA)])
except ReleaseError as error:
    print(error)
print([p for p in Path(sys.argv[1]).rglob("*") if p.is_file()])
"""


@pytest.mark.parametrize("how", ["limit", "tmpfs"])
def test_a_disk_that_fills_in_the_middle_of_a_shard(how: str, tmp_path: Path) -> None:
    """Once by a limit on the size of a file, once on a file system of one megabyte in a mount namespace of its own."""
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path), how]
    if how == "tmpfs":
        inside = ["unshare", "-rm", "sh", "-c", 'mount -t tmpfs -o size=1m full "$0" && exec "$@"', str(tmp_path)]
        if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode:
            pytest.skip("no right to mount a small file system here")
        command = [*inside, *command]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    path = tmp_path / "data/Python/train-00000-of-00001.parquet"
    message, left = done.stdout.splitlines()
    assert message.startswith(f"{path} could not be written: the disk is full. Free space there")
    assert left == "[]"


def test_an_error_of_the_caller_leaves_nothing_behind(tmp_path: Path) -> None:
    def batches() -> object:
        yield python_rows().slice(0, 3)
        raise KeyError("the caller's own")

    with pytest.raises(KeyError):
        write_data_shard(tmp_path, "Python", 0, 1, batches())  # type: ignore[arg-type]
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_files_have_page_indexes_and_no_trace_of_the_machine(tmp_path: Path) -> None:
    entry = write_data_shard(tmp_path, "Python", 0, 1, [python_rows()], zstd_level=1)
    group = pq.read_metadata(tmp_path / entry.path).row_group(0)
    assert all(group.column(n).has_offset_index for n in range(group.num_columns))
    kinds = {group.column(n).path_in_schema: group.column(n).compression for n in range(group.num_columns)}
    assert kinds["content"] == "ZSTD" and kinds["path"] == "UNCOMPRESSED", "few rows: only the text is compressed"
    assert str(tmp_path).encode() not in (tmp_path / entry.path).read_bytes()
